# SPDX-License-Identifier: MPL-2.0
"""kill -9 under load, again and again: what was acknowledged is there, once, and everybody hears of it (rules 6 and 7).

$BUURTBEL_KILL_CYCLES says how often (50). Uses the release build where there is one. It proves that answers come after
commits and that clients repair; that commits reach the disk is for the power-cut test to prove.
"""
import collections
import os
import random
import threading
import time

import pytest

import programs
import wire as api
from schema import CODE, wire
from village import Village

CYCLES = int(os.environ.get("BUURTBEL_KILL_CYCLES", "50"))
PUBLISHERS = 4
PAUSE_SECONDS = 0.02    # between two requests of one publisher
ALIVE_SECONDS = 0.05, 0.4  # how long a broker lives once it is ready
ANSWER_SECONDS = 120


class Publisher(threading.Thread):
    """One desk member that publishes without end and remembers what was acknowledged."""

    def __init__(self, village, keys, broker, asker, number):
        super().__init__(daemon=True)
        self.village, self.keys, self.broker, self.asker, self.number = village, keys, broker, asker, number
        self.acknowledged = {}  # text: request
        self.ended = threading.Event()
        self.problem = None

    def run(self):
        client = api.WireClient(self.broker, self.keys)
        try:
            count = 0
            while not self.ended.wait(PAUSE_SECONDS):
                count += 1
                self._publish(client, f"Vraag {count} van balie {self.number}")
        except Exception as problem:  # told by the test's own thread
            self.problem = problem
        finally:
            client.close()

    def _publish(self, client, text):
        request = self.village.request(self.asker, text=text)
        deadline = time.monotonic() + ANSWER_SECONDS
        reply = client.command_until(deadline, again=0.5, publish_request=request)
        while reply.code in (CODE["BUSY"], CODE["NO_KEY_SLOT"]) and time.monotonic() < deadline:
            reply = client.command_until(deadline, again=0.5, publish_request=request)
        assert reply.code == CODE["OK"], reply
        self.acknowledged[text] = reply.made


def check_once(village, publishers):
    """Every acknowledged request is there exactly once; no text is there twice. Gives what is there."""
    acknowledged = {text: made for publisher in publishers for text, made in publisher.acknowledged.copy().items()}
    rows = village.desk.list_all("requests")
    texts = collections.Counter(row.text.decode() for row in rows)
    there = {row.text.decode(): row.request for row in rows}
    twice = [text for text, count in texts.items() if count > 1]
    lost = [text for text, made in acknowledged.items() if there.get(text) != made]
    assert not twice and not lost, f"twice: {twice[:10]}, lost: {lost[:10]}"
    return there


def follow_for(follower, seconds):
    """Follows for a while; a broker that is away is waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            follower.step(0.02)
        except api.Timeout:
            pass


@pytest.fixture
def killable(logs, tmp_path):
    daemon = programs.Daemon(logs, tmp_path / "broker", build=os.environ.get("BUURTBEL_BUILD_RELEASE"))
    village = None
    try:
        village = Village(daemon.start())
        yield village
    finally:
        if village:
            village.close()
        daemon.end()


def test_nothing_acknowledged_is_lost_or_doubled(killable, logs, tmp_path):
    """Scenario 8, many times."""
    village = killable
    side = village.follow(village.giver())
    first = village.publish().made
    side.until(lambda: first in side.alerted)
    snapshots = side.snapshots  # from here on there is a history to go on from
    person = programs.Person(logs, "buurtbel-giver", tmp_path / "giver", os.environ.get("BUURTBEL_BUILD_RELEASE"))
    text, _ = village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
    person.enrol(text, "Gever")
    listener = person.listen()
    listener.wait_for(lambda line: line["event"] == "connected")

    asker = village.asker()
    publishers = []
    for number in range(PUBLISHERS):
        colleague = village.colleague(village.desk)
        publishers.append(Publisher(village, colleague.keys, colleague.broker, asker, number))
    for publisher in publishers:
        publisher.start()
    try:
        for cycle in range(CYCLES):
            follow_for(side, random.uniform(*ALIVE_SECONDS))
            village.daemon.kill9()
            village.daemon.restart()
            check_once(village, publishers)
            assert [publisher.problem for publisher in publishers] == [None] * PUBLISHERS, f"cycle {cycle}"
        follow_for(side, 1)
    finally:
        for publisher in publishers:
            publisher.ended.set()
        for publisher in publishers:
            publisher.join(timeout=ANSWER_SECONDS)
    assert [publisher.problem for publisher in publishers] == [None] * PUBLISHERS
    assert all(publisher.acknowledged for publisher in publishers), "nobody got anything done"

    there = set(check_once(village, publishers).values())
    side.until(lambda: there <= set(side.alerted), timeout=120)
    assert set(side.alerted) == there and len(side.alerted) == len(there)
    assert side.snapshots == snapshots, "a history that was kept is replayed"
    for channel, seqs in side.seqs.items():
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs))), f"a hole in channel {channel:x}"

    expected = {api.id_text(number) for number in there}
    deadline = time.monotonic() + 120
    shown = collections.Counter()
    while not expected <= set(shown):
        assert time.monotonic() < deadline, f"buurtbel-giver lacks {len(expected - set(shown))} of {len(expected)}"
        assert listener.take(0.5), "buurtbel-giver ended"
        shown = collections.Counter(line["request"]["request"] for line in listener.lines if line["event"] == "alert")
    assert set(shown) == expected
    assert max(shown.values()) == 1, "an alert was shown twice"
    assert listener.end() == 0
