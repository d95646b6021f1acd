# SPDX-License-Identifier: MPL-2.0
"""Fixtures of the end-to-end tests: programs of $BUURTBEL_BUILD, over real sockets.

`village` is a whole community on a broker of its own; `shared_village` is one that the tests of a file share and leave
in order. After each test the standard error of everything that ran is searched for reports of sanitizers and for
planted secrets.
"""
import os
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

import hostile  # noqa: E402
import programs  # noqa: E402
import village as villages  # noqa: E402


@pytest.fixture(scope="session")
def all_logs():
    return []


@pytest.fixture
def logs(tmp_path, all_logs):
    """Where standard error goes; `logs.secrets` may be added to."""
    made = programs.Logs(tmp_path)
    all_logs.append(made)
    yield made
    made.end_listeners()


@pytest.fixture(scope="module")
def module_logs(tmp_path_factory, all_logs):
    made = programs.Logs(tmp_path_factory.mktemp("module"))
    all_logs.append(made)
    return made


@pytest.fixture(autouse=True)
def clean_stderr(all_logs):
    """Fails a test in which a program reported trouble, or said a secret."""
    yield
    problems = [problem for logs in all_logs for problem in logs.problems()]
    # What a test was told about is not told to the next one again; logs of a file's shared broker go on.
    all_logs[:] = [logs for logs in all_logs if not any(logs.problems())]
    assert not problems, "\n".join(problems)


def _broker(logs, folder):
    daemon = programs.Daemon(logs, folder)
    try:
        yield daemon.start()
    finally:
        daemon.end()


@pytest.fixture
def broker(logs, tmp_path):
    """A broker that runs, with nobody but its founding operator."""
    yield from _broker(logs, tmp_path / "broker")


@pytest.fixture
def village(broker):
    made = villages.Village(broker)
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_village(module_logs, tmp_path_factory):
    for daemon in _broker(module_logs, tmp_path_factory.mktemp("shared") / "broker"):
        made = villages.Village(daemon)
        yield made
        made.close()


@pytest.fixture(scope="module")
def siege(module_logs, tmp_path_factory):
    """A village that the tests of a file attack, with the limits that an operator gets, but for how many may dial."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ASAN_OPTIONS", os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=1")
        daemon = programs.Daemon(module_logs, tmp_path_factory.mktemp("siege") / "broker", settings=hostile.SETTINGS)
        daemon.start()
    try:
        made = hostile.Siege(daemon)
        yield made
        made.close()
    finally:
        daemon.end()


@pytest.fixture
def giver_program(logs, tmp_path):
    """Makes people who use buurtbel-giver, each with a home of its own."""
    def make(number=1):
        return programs.Person(logs, "buurtbel-giver", tmp_path / f"giver-{number}")
    return make


@pytest.fixture
def intake_program(logs, tmp_path):
    return programs.Person(logs, "buurtbel-intake", tmp_path / "intake")


@pytest.fixture
def ctl_program(logs, broker):
    """buurtbel-ctl as the founding operator."""
    return programs.Person(logs, "buurtbel-ctl", broker.operator_home)
