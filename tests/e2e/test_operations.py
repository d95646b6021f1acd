# SPDX-License-Identifier: MPL-2.0
"""What an operator meets: starting, stopping, crashing, wrong configurations, and clients that outlive it all."""
import hashlib
import re
import shutil
import time
import urllib.error
import urllib.request

import lmdb
import pytest

import programs
import test_protocol_page as page
import wire as api
import zpl
from schema import CODE, CODES, stored, wire
from village import Planted

SENTENCE = {symbol: sentence for symbol, _, _, sentence in CODES}
KEPT = 75  # exit status of a client: the command stands in the outbox


def says(text, symbol):
    """Does a text tell a person what this code means?"""
    return SENTENCE[symbol] in text or symbol in text


def start_and_fail(logs, config):
    """Runs buurtbeld on a configuration that it must refuse; gives what it said."""
    done = programs.run(logs, "buurtbeld", config)
    assert done.code != 0
    assert done.stderr.strip(), "a daemon that does not start says why"
    return done.stderr


@pytest.fixture
def stopped(logs, tmp_path):
    """A broker that was set up and is not running."""
    daemon = programs.Daemon(logs, tmp_path / "broker")
    yield daemon
    daemon.end()


# ---- starting and stopping

def test_sigterm_ends_it_with_0(village):
    side = village.follow(village.giver())
    request = village.publish().made
    side.until(lambda: request in side.alerted)
    began = time.monotonic()
    assert village.daemon.stop() == 0
    assert time.monotonic() - began < 10 * programs.SLOW


def test_all_is_there_after_a_restart(village):
    giver = village.giver()
    asker = village.asker(ref=b"a-1")
    request = village.publish(asker, text="Kinderbed gezocht, één meter vijftig").made
    offer = village.offer(giver, request)
    before = village.view(village.desk, request)
    head = village.operator.query(journal=wire.ReadJournal(limit=1)).head
    assert village.daemon.stop() == 0
    village.daemon.restart()
    village.desk.hello()
    assert village.view(village.desk, request) == before
    assert village.operator.query(journal=wire.ReadJournal(limit=1)).head == head
    assert village.choose(offer).state == wire.OFFER_CONFIRMED


def test_a_repeat_after_a_restart_gets_the_first_answer(village):
    desk = village.desk
    command = desk.make(publish_request=village.request(village.asker()))
    first = desk.ask(command=command).reply
    village.daemon.kill9()
    village.daemon.restart()
    assert desk.ask(command=command).reply == first
    assert len(desk.list_all("requests")) == 1


def test_health_is_told_over_http(village):
    def status(page):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{village.daemon.http_port}{page}", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code

    village.asker(card=Planted.card())
    village.publish()
    assert status("/live") == 200 and status("/ready") == 200 and status("/store") == 404
    metrics = village.daemon.metrics()
    assert "buurtbel" in metrics
    assert not any(secret in metrics for secret in Planted.all)
    assert "Intakebalie" not in metrics


def test_a_second_daemon_on_the_same_store_is_refused(village, logs):
    config = village.daemon.folder / "second.zpl"
    shutil.copy(village.daemon.config, config)
    command, publish, http = programs.free_ports(3)
    zpl.change(config, {"server/command": f"tcp://127.0.0.1:{command}", "server/publish": f"tcp://127.0.0.1:{publish}",
                        "server/http": f"127.0.0.1:{http}"})
    assert says(start_and_fail(logs, config), "STORE_IN_USE")
    assert village.publish().code == CODE["OK"], "the first one goes on"


def test_a_second_daemon_on_the_same_ports_is_refused(village, logs, tmp_path):
    other = programs.Daemon(logs, tmp_path / "other")
    mine = zpl.read(village.daemon.config)["server"]
    zpl.change(other.config, {"server/command": mine["command"], "server/publish": mine["publish"]})
    said = start_and_fail(logs, other.config)
    assert mine["command"] in said or "server/command" in said
    assert village.publish().code == CODE["OK"]


def test_a_store_of_a_newer_version_is_refused(stopped, logs):
    stopped.start()
    stopped.stop()
    with lmdb.open(str(stopped.folder / "store"), max_dbs=64, map_size=256 << 20) as environment:
        table = environment.open_db(b"meta", create=False)
        with environment.begin(write=True, db=table) as txn:
            record = txn.get(b"identity")
            identity = stored.StoreIdentity.FromString(record[21:])
            identity.version += 1
            value = identity.SerializeToString()
            head = record[:1] + len(value).to_bytes(4, "big")
            place = b"\x04meta" + b"\x08identity"
            txn.put(b"identity", head + hashlib.blake2b(head + place + value, digest_size=16).digest() + value)
    assert says(start_and_fail(logs, stopped.config), "STORE_NEWER")


def test_a_damaged_record_is_not_served(stopped, logs):
    """One flipped bit in the store's identity."""
    stopped.start()
    stopped.stop()
    with lmdb.open(str(stopped.folder / "store"), max_dbs=64, map_size=256 << 20) as environment:
        table = environment.open_db(b"meta", create=False)
        with environment.begin(write=True, db=table) as txn:
            record = bytearray(txn.get(b"identity"))
            record[-1] ^= 1
            txn.put(b"identity", bytes(record))
    assert says(start_and_fail(logs, stopped.config), "STORE_DAMAGED")


# ---- configuration and files

def test_a_good_configuration_is_called_good(stopped, logs):
    done = programs.run(logs, "buurtbeld", "--check-config", stopped.config)
    assert done.code == 0, done
    assert not any((stopped.folder / "store").glob("data.mdb")), "checking changes nothing"


@pytest.mark.parametrize("section, line, key", [
    ("store", 'map-size = "veel"', "store/map-size"),
    ("limits", 'commands-per-second = "-1"', "limits/commands-per-second"),
    ("limits", 'commands-burst = "0"', "limits/commands-burst"),
    ("limits", 'comands-burst = "5"', "limits/comands-burst"),
    ("server", 'command = "udp://nergens"', "server/command"),
    ("server", 'http = "0.0.0.0:80"', "server/http"),
    ("store", 'folder = "/nergens/te/vinden"', "store/folder"),
])
def test_a_broken_configuration_is_told_by_line_and_key(stopped, logs, section, line, key):
    lines = stopped.config.read_text(encoding="utf-8").splitlines()
    name = line.split(" = ")[0]
    start = lines.index(section)
    at = next((index for index in range(start + 1, len(lines)) if lines[index].startswith(f"    {name} = ")), None)
    if at is None:
        at = start + 1
        lines.insert(at, "")
    lines[at] = "    " + line
    stopped.config.write_text("\n".join(lines) + "\n", encoding="utf-8")
    for arguments in ([stopped.config], ["--check-config", stopped.config]):
        done = programs.run(logs, "buurtbeld", *arguments)
        assert done.code != 0
        assert re.search(rf"buurtbeld\.zpl:{at + 1}\b.*{re.escape(key)}", done.stderr), done


def test_a_configuration_that_is_not_there_is_told(logs, tmp_path):
    assert "nergens.zpl" in start_and_fail(logs, tmp_path / "nergens.zpl")


@pytest.mark.parametrize("name", ["server.zpl", "keyring"])
def test_secrets_that_others_can_read_are_refused(stopped, logs, name):
    stopped.start()
    stopped.stop()
    (stopped.folder / name).chmod(0o644)
    said = start_and_fail(logs, stopped.config)
    assert name in said
    assert "chmod 600" in said


def test_init_leaves_secrets_to_the_owner_alone_and_keeps_what_is_there(stopped, logs):
    for path in [stopped.folder / "server.zpl", stopped.folder / "recovery-key.txt",
                 stopped.operator_home / "identity.zpl"]:
        assert path.stat().st_mode & 0o777 == 0o600, path
    before = {path: content for path, content in stopped.files()}
    again = programs.run(logs, "buurtbel-ctl", "init", stopped.folder)
    assert again.code != 0
    assert {path: content for path, content in stopped.files()} == before


def test_an_identity_that_others_can_read_is_not_used(village, giver_program):
    person = giver_program()
    text, _ = village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
    person.enrol(text, "Gever")
    (person.home / "identity.zpl").chmod(0o644)
    done = person.run("list")
    assert done.code == 1
    assert "chmod 600" in done.stderr


# ---- crashes

def test_kill_9_leaves_a_store_that_verifies(village):
    for _ in range(5):
        village.publish()
    village.daemon.kill9()
    village.daemon.restart()
    verified = village.operator.query(verify=wire.Verify())
    for _ in range(100000):
        assert not verified.problems
        if verified.done:
            break
        verified = village.operator.query(verify=verified.next)
    assert verified.done and verified.checked > 0


def test_clients_are_in_step_again_after_a_restart(village):
    """What happened before, while they were cut off, and after."""
    sides = [village.follow(village.giver(f"Gever {number}")) for number in range(5)]
    before = village.publish().made
    for side in sides:
        side.until(lambda: before in side.alerted)
    village.daemon.kill9()
    village.daemon.restart()
    close = wire.CloseRequest(request=before, reason=wire.CLOSE_DONE_BY_OTHERS, asker_agreed=True)
    village.desk.command(close_request=close)
    after = village.publish().made
    for side in sides:
        side.until(lambda: side.state(before) == wire.REQUEST_CLOSED and after in side.alerted, timeout=60)
        assert side.alerted == [before, after]


def test_a_new_start_is_a_new_boot_with_new_keys(village):
    giver = village.giver()
    old = giver.welcome
    village.daemon.stop()
    village.daemon.restart()
    new = giver.hello()
    assert new.boot_bytes != old.boot_bytes and len(new.boot_bytes) == 16
    assert new.epoch == old.epoch
    keys = {state.key_bytes for state in old.channels if state.topic}
    assert keys and keys.isdisjoint({state.key_bytes for state in new.channels})


# ---- people's programs while the broker is away

def test_a_command_given_while_the_broker_is_away_is_sent_once_later(village, giver_program):
    person = giver_program()
    text, _ = village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
    person.enrol(text, "Gever")
    request = village.publish().made
    listener = person.listen()
    listener.wait_for(lambda line: line["event"] == "alert")
    assert listener.end() == 0
    village.daemon.stop()
    done = person.run("--timeout", "2", "answer", api.id_text(request), "offer", "Komt goed")
    assert done.code == KEPT, done
    village.daemon.restart()
    listener = person.listen()
    desk_side = village.follow(village.desk)
    desk_side.until(desk_side.offers, timeout=60)
    listener.end()
    person.run("status")
    offers = village.view(village.desk, request).offers
    assert [(row.text.decode(), row.state) for row in offers] == [("Komt goed", wire.OFFER_OFFERED)]


def test_a_kept_command_that_cannot_be_done_any_more_is_told_to_its_person(village, giver_program):
    """Rule 10: also a refusal that comes later reaches a person."""
    person = giver_program()
    text, _ = village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
    person.enrol(text, "Gever")
    request = village.publish().made
    listener = person.listen()
    listener.wait_for(lambda line: line["event"] == "alert")
    assert listener.end() == 0
    village.daemon.stop()
    assert person.run("--timeout", "2", "answer", api.id_text(request), "offer", "Komt goed").code == KEPT
    village.daemon.restart()
    village.desk.command(close_request=wire.CloseRequest(request=request, reason=wire.CLOSE_NO_LONGER_NEEDED))
    listener = person.listen()
    told = listener.wait_for(lambda line: line["event"] == "kept", timeout=60)
    assert told["code"] == "WRONG_STATE"
    assert told["command"]["give_answer"]["request"] == api.id_text(request)
    listener.end()


def test_many_short_runs_of_one_member_are_all_served(village, giver_program):
    """Runs that ended still count as sessions for a minute; a script at a desk must not notice."""
    person = giver_program()
    text, _ = village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
    person.enrol(text, "Gever")
    for _ in range(page.limit("SESSIONS_PER_MEMBER_MAX") + 4):
        assert person.run("--timeout", "5", "pause").code == 0
    assert person.run("resume").code == 0


def test_a_listener_lives_through_a_restart(village, giver_program):
    person = giver_program()
    text, _ = village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
    person.enrol(text, "Gever")
    listener = person.listen()
    listener.wait_for(lambda line: line["event"] == "connected")
    before = api.id_text(village.publish().made)
    listener.wait_for(lambda line: line["event"] == "alert" and line["request"]["request"] == before)
    village.daemon.kill9()
    listener.wait_for(lambda line: line["event"] == "away", timeout=60)
    village.daemon.restart()
    after = api.id_text(village.publish().made)
    listener.wait_for(lambda line: line["event"] == "alert" and line["request"]["request"] == after, timeout=60)
    shown = [line["request"]["request"] for line in listener.lines if line["event"] == "alert"]
    assert shown == [before, after], "nothing was shown twice"
    assert listener.end() == 0


def test_only_one_process_follows_in_a_home(village, giver_program):
    person = giver_program()
    text, _ = village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
    person.enrol(text, "Gever")
    listener = person.listen()
    listener.wait_for(lambda line: line["event"] == "connected")
    done = person.run("listen", timeout=20)
    assert done.code == 1
    assert says(done.stderr, "IN_USE")
    listener.end()


def test_the_whole_job_with_peoples_programs(village, giver_program, intake_program):
    """Scenarios 1, 3 and 9, through buurtbel-intake and buurtbel-giver."""
    desk, giver = intake_program, giver_program()
    text, _ = village.operator.invite(wire.ROLE_DESK)
    desk.enrol(text, "Intakebalie Oost", "Balie drie")
    text, _ = village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
    giver.enrol(text, "Fietsenmaker")
    listener = giver.listen()
    listener.wait_for(lambda line: line["event"] == "connected")
    added = desk.do("asker", "add", "--name", Planted.name, "--phone", Planted.phone, "--heard-of", "school")
    asker = added[-1]["made"]
    posted = desk.do("post", "--asker", asker, "--category", village.category().decode(), "--text",
                     "Wie kan mijn fiets maken? De band is lek", "--asker-agreed", "--yes")
    request = next(line["made"] for line in posted if "made" in line)
    listener.wait_for(lambda line: line["event"] == "alert" and line["request"]["request"] == request)
    offer = giver.do("answer", request, "offer", "Ik kom langs")[-1]["made"]
    desk.do("choose", offer, "--asker-agreed")
    listener.wait_for(lambda line: line["event"] == "update")
    desk.do("release", offer, "--channel", "phone", "--asker-agreed", "--yes")
    listener.wait_for(lambda line: line["event"] == "item" and "release" in line["item"])
    assert Planted.phone in giver.run("inbox").stdout
    giver.do("done", offer)
    desk.do("confirm", offer, "--given")
    desk.do("close", request, "--reason", "fulfilled", "--asker-agreed")
    listener.wait_for(lambda line: line["event"] == "cancel" and line["request"]["request"] == request)
    assert listener.end() == 0
    village.daemon.stop()
    for path, content in village.daemon.files():
        assert not any(secret.encode() in content for secret in Planted.all), path


def test_invitations_of_one_client_are_read_by_the_other(village, giver_program):
    """The text that Python writes is one that C reads; and the other way round in the founding operator's identity."""
    text, _ = village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_BUSINESS)
    enrolled = giver_program().enrol(text, "Winkel")
    assert enrolled["state"] == "active"
    cut = giver_program(2).run("enrol", text[:-6], "--name", "Winkel")
    assert cut.code == 1 and says(cut.stderr, "BAD_INVITATION")
