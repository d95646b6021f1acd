# SPDX-License-Identifier: MPL-2.0
"""A giver's program whose disk fails: each n-th call on a file of its home, for each n of enrolling and of answering.

It says what happened, or did it; when it is asked again it is done, and done once. See driver.py for the control.
"""
import collections
import errno
import os
import pathlib
import subprocess

import pytest

import driver
import programs
import wire as api
from schema import wire
from test_disk import FAULTS, sampled

INVITED = 1000
KEPT = 75  # exit status: the command stands in the outbox
CALLS = {error: calls for error, calls in FAULTS.items() if error in ("EIO", "ENOSPC")}


class Giver:
    """buurtbel-giver with a shim before it."""

    def __init__(self, logs, home, control):
        self.logs, self.home = logs, home
        shim = pathlib.Path(driver.build(False)) / "faults" / "faults_shim.so"
        self.environment = dict(os.environ, LC_ALL="C.UTF-8", LANGUAGE="en", LD_PRELOAD=str(shim),
                                FAULT_CONTROL=str(control.path), FAULT_PATH=str(home))

    def run(self, *arguments, stdin=""):
        done = subprocess.run([programs.program("buurtbel-giver", driver.build(False)), "--home", self.home,
                               "--language", "en", "--timeout", "5", *arguments], input=stdin.encode(),
                              capture_output=True, timeout=driver.LIMIT_SECONDS, env=self.environment)
        with self.logs.open("buurtbel-giver") as log:
            log.write(done.stderr)
        assert done.returncode >= 0, f"signal {-done.returncode}: {done.stderr.decode()}"
        assert done.returncode == 0 or done.stderr.strip(), "it failed without a word"
        return done


@pytest.fixture
def served(template, logs, tmp_path):
    """A broker without faults, an invitation for many, and its coordinator and desk."""
    template.renew()
    broker = driver.Broken(logs, template.folder, driver.Control(tmp_path / "no faults"))
    assert broker.start()
    people = {name: api.WireClient(*person) for name, person in template.people.items()}
    text, _ = people["coordinator"].invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT, standing=True, uses=INVITED)
    yield people, text
    for client in people.values():
        client.close()
    assert broker.stop() == 0


def parties(people):
    return people["coordinator"].list_all("parties")


def active_giver(served, giver):
    people, text = served
    assert giver.run("enrol", "-", "--name", "Gever", stdin=text).returncode == 0
    party = next(row.party for row in parties(people) if row.name == b"Gever")
    people["coordinator"].command(approve_party=wire.ApproveParty(party=party))
    return giver, party


def count_calls(control, calls, deed):
    control.count(calls)
    assert deed().returncode == 0
    return control.get("seen")


@pytest.mark.parametrize("error", CALLS)
def test_whatever_fails_while_enrolling_one_giver_is_enrolled_in_the_end(served, logs, control, tmp_path, error):
    people, text = served

    def enrol(name):
        return Giver(logs, tmp_path / name, control).run("enrol", "-", "--name", name, stdin=text)
    total = count_calls(control, CALLS[error], lambda: enrol("first"))
    known, outcomes = len(parties(people)), collections.Counter()
    for n in sampled(total):
        control.fail(CALLS[error], driver.ERRORS[error], n)
        done = enrol(f"giver {n}")
        outcomes[control.hit(), "said so" if done.returncode else "went on"] += 1
        control.mend()
        again = enrol(f"giver {n}")
        assert again.returncode == 0 or b"identity here already" in again.stderr, again.stderr
        assert Giver(logs, tmp_path / f"giver {n}", control).run("status").returncode == 0
        known += 1
        assert len(parties(people)) == known, "one enrolment, one giver"
    print(f"\n{error}: {sum(outcomes.values())} of {total} calls failed one by one: {dict(outcomes)}")
    assert any(end == "said so" for _, end in outcomes)


@pytest.mark.parametrize("error", CALLS)
def test_whatever_fails_while_answering_there_is_one_offer_in_the_end(template, served, logs, control, tmp_path, error):
    people = served[0]
    giver, party = active_giver(served, Giver(logs, tmp_path / "giver", control))

    def publish():
        return people["desk"].command(publish_request=template.publish).made

    def answer(request):
        return giver.run("answer", api.id_text(request), "offer", "Dat doe ik graag")
    first = publish()
    total, outcomes = count_calls(control, CALLS[error], lambda: answer(first)), collections.Counter()
    for n in sampled(total):
        request = publish()
        control.fail(CALLS[error], driver.ERRORS[error], n)
        done = answer(request)
        outcomes[control.hit(), "said so" if done.returncode else "went on"] += 1
        control.mend()
        assert giver.run("status").returncode == 0
        assert answer(request).returncode == 0
        offers = people["desk"].query(request=wire.ShowRequest(request=request)).offers
        assert len(offers) == 1 and offers[0].party == party, offers
    print(f"\n{error}: {sum(outcomes.values())} of {total} calls failed one by one: {dict(outcomes)}")
    assert any(end == "said so" for _, end in outcomes)


def test_a_command_that_finds_no_room_in_the_outbox_says_so_and_is_not_half_kept(served, logs, control, tmp_path):
    giver, _ = active_giver(served, Giver(logs, tmp_path / "giver", control))
    control.fail(["write"], errno.ENOSPC, 1, driver.FOR_EVER)
    done = giver.run("pause")
    assert done.returncode not in (0, KEPT)
    control.mend()
    assert giver.run("pause").returncode == 0
