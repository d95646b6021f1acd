# SPDX-License-Identifier: MPL-2.0
"""The broker on one host, people on another: the cable is cut for longer than the heartbeats, and clocks are wrong."""
import base64
import datetime
import os
import re
import signal
import time

import pytest

import hosts as computers
import programs
import zpl
from village import Planted

CUT_NOTICED = 60 * programs.SLOW   # heartbeats: 30 s without a word
BACK = 60 * programs.SLOW          # a dial that fell into the cut, and the wait before the next one
KEPT = 75
DAY_MS = 24 * 3600 * 1000
CLOCK_SLACK_MS = 60_000            # far less than the ten minutes that a clock is off


@pytest.fixture
def two():
    made = computers.Hosts()
    yield made
    made.close()


class BrokerThere(programs.Daemon):
    """A broker on a host: its people reach it by the host's address, its operator on the spot."""

    def __init__(self, logs, folder, host, build):
        super().__init__(logs, folder, build=build)
        self.host = host
        server = zpl.read(self.config)["server"]
        changes = {}
        for name in ("command", "publish"):
            port = server[name].rsplit(":", 1)[1]
            changes[f"server/{name}"] = f"tcp://*:{port}"
            changes[f"server/{name}-public"] = f"tcp://{host.address}:{port}"
        self.publish_port = server["publish"].rsplit(":", 1)[1]
        zpl.change(self.config, changes)

    def is_ready(self):
        with self.host.entered():
            return super().is_ready()


class Town:
    """Who is where: a desk and a coordinator beside the broker; a giver and a desk in the field."""

    def __init__(self, two, logs, folder, wrong_s=0):
        here = two.town.programs(folder / "town-programs")
        release = os.environ.get("BUURTBEL_BUILD_RELEASE") if wrong_s else None
        there = two.field.programs(folder / "field-programs", release, wrong_s)
        self.logs, self.folder = logs, folder
        self.broker = BrokerThere(logs, folder / "broker", two.town, here)
        self.operator = programs.Person(logs, "buurtbel-ctl", self.broker.operator_home, here)
        self.coordinator = self._person("buurtbel-ctl", "coordinator", there)
        self.desk_here = self._person("buurtbel-intake", "desk-here", here)
        self.desk_there = self._person("buurtbel-intake", "desk-there", there)
        self.giver = self._person("buurtbel-giver", "giver", there)
        self.frozen = self._person("buurtbel-giver", "frozen", here)

    def _person(self, program, name, build):
        return programs.Person(self.logs, program, self.folder / name, build)

    def __enter__(self):
        self.broker.start()
        # The operator sits beside the broker, and dials it there; whom it invites must find the broker from elsewhere.
        self.coordinator.enrol(invitation(self.operator, "coordinator"), "Kwartiermakers", "Sanne")
        for desk, name in ((self.desk_here, "Balie Centrum"), (self.desk_there, "Balie Buitengebied")):
            desk.enrol(invitation(self.coordinator, "desk"), name, "Noor")
        for giver in (self.giver, self.frozen):
            giver.enrol(invitation(self.coordinator, "giver"), "Fietsenmaker")
        return self

    def __exit__(self, *_):
        self.logs.end_listeners()
        self.broker.end()

    def journal(self, subject):
        """The facts about one thing, in order."""
        return [line["fact"] for line in self.operator.do("journal") if line.get("subject") == subject]


def invitation(who, role, *more):
    done = who.run("invite", "--role", role, "--quiet", *more)
    assert done.code == 0, done
    return re.search(r"buurtbel-invitation:[\w-]+", done.stdout).group()


def add_asker(desk):
    return desk.do("asker", "add", "--name", Planted.name, "--phone", Planted.phone, "--heard-of", "school")[-1]["made"]


def post(desk, asker, text):
    posted = desk.do("post", "--asker", asker, "--category", "fiets", "--wanted", "time", "--text", text,
                     "--asker-agreed", "--yes")
    return next(line["made"] for line in posted if "made" in line)


def withdraw(desk, request, *more):
    return desk.run(*more, "close", request, "--reason", "no_longer_needed", "--asker-agreed")


def event(kind, request):
    return lambda line: line["event"] == kind and line["request"]["request"] == request


def told(listener, kind):
    return [line["request"]["request"] for line in listener.lines if line["event"] == kind]


def test_who_was_cut_off_or_frozen_misses_nothing_and_sends_what_was_kept_once(two, logs, tmp_path):
    with Town(two, logs, tmp_path) as town:
        play_the_cut(two, town)


def play_the_cut(two, town):
    here, there = add_asker(town.desk_here), add_asker(town.desk_there)
    away, frozen = town.giver.listen(), town.frozen.listen()
    ends = post(town.desk_here, here, "Wie heeft een ladder te leen?")
    wanted = post(town.desk_here, here, "Wie maakt de fiets van mijn dochter?")
    unwanted = post(town.desk_there, there, "Wie wil een keer mee koffie drinken?")
    for listener in (away, frozen):
        listener.wait_for(event("alert", unwanted))

    two.cut()
    os.kill(frozen.process.child.pid, signal.SIGSTOP)
    assert withdraw(town.desk_here, ends).code == 0
    missed = [post(town.desk_here, here, text) for text in ("Wie kan behangen?", "Wie helpt met een brief?")]
    away.wait_for(lambda line: line["event"] == "away", CUT_NOTICED)
    programs.wait_until(lambda: two.town.connections("sport", "=", f":{town.broker.publish_port}") == 0, CUT_NOTICED,
                        "the broker has noticed both")
    assert away.end() == 0, "and a person starts it again before the cable is back"
    away = town.giver.listen()
    # The first answer is replaced by the second; both are kept, and each goes once.
    for text in ("Zaterdag heb ik tijd", "Zondag ook"):
        assert town.giver.run("--timeout", "1", "answer", wanted, "offer", text).code == KEPT
    assert withdraw(town.desk_there, unwanted, "--timeout", "1").code == KEPT

    two.join()
    os.kill(frozen.process.child.pid, signal.SIGCONT)
    for listener in (away, frozen):
        for request in missed:
            listener.wait_for(event("alert", request), BACK)
        listener.wait_for(event("cancel", ends), BACK)
    away.wait_for(kept("Zondag ook"), BACK)
    town.desk_there.do("list")
    for listener in (away, frozen):
        listener.wait_for(event("cancel", unwanted), BACK)
    assert sorted(told(away, "alert")) == sorted(missed), "each once, and none of those from before again"
    assert sorted(told(frozen, "alert")) == sorted([ends, wanted, unwanted, *missed])
    assert sorted(told(away, "cancel")) == sorted(told(frozen, "cancel")) == sorted([ends, unwanted])
    offer, = town.desk_here.do("show", wanted)[-1]["offers"]
    assert offer["text"] == "Zondag ook"
    assert town.journal(offer["offer"]) == ["answer_given"] * 2
    assert town.journal(unwanted) == ["request_entered", "request_state_changed"]


def kept(text):
    return lambda line: (line["event"] == "kept" and line["code"] == "OK" and
                         line["command"]["give_answer"]["text"] == text)


@pytest.mark.parametrize("wrong_s", [600, -600])
def test_clocks_ten_minutes_apart_do_no_harm(two, logs, tmp_path, wrong_s):
    with Town(two, logs, tmp_path, wrong_s) as town:
        play_with_wrong_clocks(two, town)


def play_with_wrong_clocks(two, town):
    listener = town.giver.listen()
    request = post(town.desk_there, add_asker(town.desk_there), "Wie heeft een ladder te leen?")
    listener.wait_for(event("alert", request))
    offer = town.giver.do("answer", request, "offer", "Ja hoor")[-1]["made"]
    town.desk_there.do("choose", offer, "--asker-agreed")
    town.desk_there.do("release", offer, "--channel", "phone", "--asker-agreed", "--yes")
    released = listener.wait_for(lambda line: line["event"] == "item" and "release" in line["item"])
    two.cut()
    assert town.giver.run("--timeout", "1", "done", offer).code == KEPT
    two.join()
    done = listener.wait_for(lambda line: line["event"] == "kept")
    assert done["code"] == "OK"

    seen = town.desk_there.do("show", request)[-1]
    invited = town.coordinator.do("invitation", "list")[0]
    for what, told_ms, expected_ms in (
            ("the request was opened", at_ms(seen["opened_at_ms"]), 0),
            ("the offer was made", at_ms(seen["offers"][0]["made_at_ms"]), 0),
            ("the giver joined", at_ms(seen["offers"][0]["joined_at_ms"]), 0),
            ("the contact was released", at_ms(released["item"]["release"]["released_at_ms"]), 0),
            ("the invitation expires", at_ms(invited["expires_at_ms"]), 14 * DAY_MS),
            ("the kept command's id", int.from_bytes(base64.b64decode(done["command"]["id_bytes"])[:6], "big"), 0)):
        off_ms = told_ms - expected_ms - time.time() * 1000
        assert abs(off_ms) < CLOCK_SLACK_MS, f"{what}: {off_ms / 1000:.0f} s from the broker's clock"


def at_ms(text):
    return datetime.datetime.fromisoformat(text).timestamp() * 1000
