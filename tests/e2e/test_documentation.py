# SPDX-License-Identifier: MPL-2.0
"""What README.md and tests/README.md name is there: tests, and the commands and options of our programs."""
import pathlib
import re
import shlex
import subprocess

import pytest

import programs

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("page", ["tests/README.md", "deploy/THREAT-MODEL.md"])
def test_every_test_that_is_named_exists(page):
    named = set(re.findall(r"`([a-z0-9]+(?:_[a-z0-9]+){2,})`", (ROOT / page).read_text()))
    sources = [*ROOT.glob("tests/unit/*.c"), *ROOT.glob("tests/e2e/test_*.py")]
    tests = {name for source in sources
             for name in re.findall(r"^(?:static void|def) (\w+)\(", source.read_text(), re.MULTILINE)}
    assert named and not named - tests - {source.stem for source in sources}


def test_each_mutant_stands_in_the_table_of_what_proves_what():
    """By its name, or with its family, as in `kill-*`."""
    page = (ROOT / "tests/README.md").read_text()
    named = set(re.findall(r"`([a-z0-9-]+)`", page))
    families = tuple(re.findall(r"`([a-z]+-)\*`", page))
    mutants = {path.stem for path in ROOT.glob("tests/mutants/*.patch")}
    assert mutants and not [name for name in mutants - named if not name.startswith(families)]


def readme_calls():
    """Each call of a client in README.md, as words."""
    text = re.sub(r"```.*?```", "", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    lines = [line for line in text.splitlines() if line.startswith("    ")]
    shell = "\n".join(lines).replace("\\\n", " ")
    calls = [line for line in re.split(r"\||\$\(|\)$|runuser -u buurtbel --|\n", shell, flags=re.MULTILINE)
             if line and line.strip().startswith("buurtbel-")]
    return [shlex.split(call) for call in calls]


@pytest.mark.parametrize("call", readme_calls(), ids=lambda call: " ".join(call)[:60])
def test_the_readme_calls_what_exists(call):
    name, *words = call
    if words[0] == "--home":
        words = words[2:]
    command = words[:2] if words[0] == "asker" else words[:1]
    told = subprocess.run([programs.program(name), *command, "--help"], capture_output=True, text=True, check=True)
    options = {word for word in words if word.startswith("--")}
    assert not options - set(re.findall(r"--[a-z-]+", told.stdout))


@pytest.mark.parametrize("page", ["README.md", "tests/README.md", "deploy/THREAT-MODEL.md"])
def test_what_a_page_links_to_is_there(page):
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / page).read_text())
    assert not [link for link in links if not ((ROOT / page).parent / link).exists()]
    if page == "README.md":
        assert "deploy/THREAT-MODEL.md" in links
