# SPDX-License-Identifier: MPL-2.0
"""Fixtures of the fault tests: e2e's programs and wire client, and one founded broker that is copied for each fault.

$BUURTBEL_FAULTS_EVERY says how many of the n are tried: 1 (each), or 7 for each seventh.
"""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "e2e"))

import driver  # noqa: E402
import programs  # noqa: E402


@pytest.fixture
def logs(tmp_path):
    """Where standard error goes; searched for reports of sanitizers at the end."""
    folder = tmp_path / "logs"
    folder.mkdir()
    made = programs.Logs(folder)
    yield made
    problems = list(made.problems())
    assert not problems, "\n".join(problems)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    folder = tmp_path_factory.mktemp("template")
    logs = folder / "logs"
    logs.mkdir()
    return driver.Template(programs.Logs(logs), folder / "broker")


@pytest.fixture
def control(tmp_path):
    return driver.Control(tmp_path / "control")
