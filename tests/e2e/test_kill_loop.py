# SPDX-License-Identifier: MPL-2.0
"""kill -9 under load, again and again: what was acknowledged is there, once, and everybody hears of it (rules 6 and 7).

$BUURTBEL_KILL_CYCLES says how often (100); tests/kill does it, and `./tests/run kills` does it 10,000 times. Uses the
release build where there is one. It proves that answers and notices come after commits, that clients repair, and that
what is given again acts once; that commits reach the disk is for the power-cut test to prove.
"""
import os
import pathlib
import random
import sys

import programs

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "kill"))

import kills  # noqa: E402

CYCLES = int(os.environ.get("BUURTBEL_KILL_CYCLES", "100"))
SECONDS = 600  # for a machine that is busy; where it does not suffice, the test fails
KINDS = ("publish_request", "give_answer", "choose_offer", "release", "report_done", "close_request", "enrol",
         "make_invitation", "suspend_party", "revoke_member")


def test_nothing_acknowledged_is_lost_or_doubled():
    """Scenario 8, many times."""
    build = pathlib.Path(os.environ.get("BUURTBEL_BUILD_RELEASE") or programs.build_folder()) / "bin"
    tally = kills.kill(build, CYCLES, random.SystemRandom().getrandbits(32), SECONDS)
    assert tally["cycles"] == CYCLES
    untried = [kind for kind in KINDS if not tally[kind, True]]
    assert CYCLES < 50 or not untried, f"nobody got done: {untried}"
    assert CYCLES < 50 or (tally["giver killed"] and tally["intake killed"]), "no program of a person was killed"
    assert CYCLES < 50 or tally["commits of several commands"], "no commit held several commands"
