# SPDX-License-Identifier: MPL-2.0
"""Backup, verify and restore by buurtbeld on disk, and what people and their clients see of them.

A restore must not give back what was taken from somebody: revoked and suspended people stay out, also those whom the
backup does not know, and whatever invitation they hold.
"""
import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import threading

import lmdb
import pytest

import programs
import village as villages
import wire as api
from schema import stored, wire
from test_operations import CODE, says, start_and_fail

SENTENCE_OF_LOCK = "Another daemon is using this store"
RELEASE = os.environ.get("BUURTBEL_BUILD_RELEASE")
TABLES = ["meta", "counter", "journal", "accepted", "community", "party", "member", "member-key", "invitation",
          "invitation-key", "asker", "request", "live", "ref", "offer", "answer", "release", "channel", "log"]


def buurtbeld(daemon, *arguments, build=None):
    return programs.run(daemon.logs, "buurtbeld", *arguments, build=build or daemon.build)


def back_up(daemon, target):
    done = buurtbeld(daemon, "--backup", target, daemon.config)
    assert done.code == 0, done
    return target


def restore(daemon, backup):
    """Stops the daemon, restores, verifies, and starts it again."""
    if daemon.process.running():
        daemon.stop()
    done = buurtbeld(daemon, "--restore", backup, daemon.config)
    assert done.code == 0, done
    verified = buurtbeld(daemon, "--verify", daemon.config)
    assert verified.code == 0, verified
    daemon.restart()
    return done


def verify_online(operator):
    """All that the query names."""
    problems, verified = [], operator.query(verify=wire.Verify())
    while True:
        problems += [text.decode() for text in verified.problems]
        if verified.done:
            return problems
        verified = operator.query(verify=verified.next)


def suspend(village, giver):
    village.coordinator.command(suspend_party=wire.SuspendParty(party=giver.party, reason=b"Klachten"))


def revoke(village, client):
    village.operator.command(revoke_member=wire.RevokeMember(member=client.member, reason=b"Weg"))


def refusal(client, **what):
    """The code with which a command is refused."""
    with pytest.raises(api.Refused) as refused:
        client.command(**what)
    return refused.value.reply.code


def is_shut(invitation):
    """Is the key of an invitation refused at the handshake?"""
    message, keys = api.read_invitation(invitation), api.Keys()
    keys.curve_public, keys.curve_secret = message.admission_public_bytes, message.admission_secret_bytes
    client = api.WireClient(api.Broker(message.command_endpoint.decode(), message.publish_endpoint.decode(),
                                       message.server_key_bytes, message.community), keys)
    try:
        return client.wait_event(api.zmq.EVENT_HANDSHAKE_FAILED_AUTH) == 400
    finally:
        client.close()


# ---- backup

def test_a_backup_made_under_load_is_whole_and_holds_what_was_acknowledged_before(village, tmp_path):
    asker = village.asker()
    before = {village.publish(asker).made for _ in range(20)}
    stop, made = threading.Event(), []

    def load():
        while not stop.is_set():
            made.append(village.publish(asker).made)

    worker = threading.Thread(target=load)
    worker.start()
    try:
        backups = [back_up(village.daemon, tmp_path / f"backup-{number}") for number in range(3)]
    finally:
        stop.set()
        worker.join()
    assert made, "nothing was published meanwhile"
    for backup in backups:
        done = buurtbeld(village.daemon, "--verify", backup)
        assert done.code == 0, done
        assert backup.stat().st_mode & 0o077 == 0
        assert {path.name for path in backup.iterdir()} <= {"data.mdb", "tombstones", "lock.mdb"}
    restore(village.daemon, backups[0])
    village.desk.hello()
    assert before <= {row.request for row in village.desk.list_all("requests")}


def test_a_backup_is_never_written_over_and_the_keyring_lies_apart(village, tmp_path):
    target = back_up(village.daemon, tmp_path / "backup")
    content = (target / "data.mdb").read_bytes()
    again = buurtbeld(village.daemon, "--backup", target, village.daemon.config)
    assert again.code == 1 and "there already" in again.stderr
    assert (target / "data.mdb").read_bytes() == content
    beside = buurtbeld(village.daemon, "--backup-keyring", target / "keyring", village.daemon.config)
    assert beside.code == 1 and "Keep the two apart" in beside.stderr
    assert not (target / "keyring").exists()
    keyring = tmp_path / "keyring-backup"
    assert buurtbeld(village.daemon, "--backup-keyring", keyring, village.daemon.config).code == 0
    assert keyring.stat().st_mode & 0o777 == 0o600
    assert buurtbeld(village.daemon, "--backup-keyring", keyring, village.daemon.config).code == 1
    assert not list(tmp_path.glob("*.new")), "what was unfinished is gone"


# ---- what must stay so

def test_revoked_and_suspended_people_stay_out_after_a_restore(village, tmp_path):
    """Those whom the backup knows, those whom it does not, and whatever invitation they hold."""
    known, leaving = village.giver("Bekend"), village.giver("Vertrekt")
    personal, _ = village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
    poster, _ = village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT, standing=True, uses=10)
    taken_back, invitation = village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT, standing=True, uses=10)
    kept = village.publish().made
    backup = back_up(village.daemon, tmp_path / "backup")

    late = api.WireClient.enrol(personal, "Laat", "Laat")
    late.hello()
    suspend(village, known)
    suspend(village, late)
    revoke(village, leaving)
    village.coordinator.command(revoke_invitation=wire.RevokeInvitation(invitation=invitation))
    late.close()
    done = restore(village.daemon, backup)
    assert "epoch 2" in done.stdout

    assert known.hello().party_state == wire.PARTY_SUSPENDED
    assert not any(state.topic for state in known.welcome.channels), "no channel that is published"
    assert refusal(known, give_answer=wire.GiveAnswer(request=kept, kind=wire.ANSWER_OFFER, text=b"Ik",
                                                      offer_kind=wire.KIND_DO)) == CODE["PARTY_SUSPENDED"]
    assert api.subscriber_is_refused(known.broker, known.keys)
    for gone in (leaving, late):  # a key that was revoked, one that this history never knew
        gone.reconnect()
        assert gone.wait_event(api.zmq.EVENT_HANDSHAKE_FAILED_AUTH) == 400
    with pytest.raises(api.Refused) as refused:  # who was suspended comes back with a poster and the old key
        api.WireClient.enrol(poster, "Laat", "Laat", keys=late.keys)
    assert refused.value.reply.code == CODE["KEY_KNOWN"]
    assert is_shut(personal), "or with the personal invitation and a new key"
    assert is_shut(taken_back)
    stranger = api.WireClient.enrol(poster, "Iemand", "Iemand")
    assert stranger.hello().party_state == wire.PARTY_WAITING, "a poster still leads to a coordinator's yes"
    stranger.close()
    assert verify_online(village.operator) == []


def test_a_follower_of_the_lost_history_is_told_and_gets_a_snapshot(village, tmp_path):
    side = village.follow(village.giver())
    kept = village.publish().made
    backup = back_up(village.daemon, tmp_path / "backup")
    last = village.operator.query(journal=wire.ReadJournal(limit=1)).head
    lost = village.publish().made
    side.until(lambda: lost in side.alerted)
    snapshots = side.snapshots
    restore(village.daemon, backup)
    side.until(lambda: side.state(lost) == wire.REQUEST_CLOSED, timeout=60)
    assert side.state(kept) == wire.REQUEST_OPEN
    assert side.snapshots > snapshots
    welcome = side.client.welcome
    assert welcome.epoch == 2
    assert [(past.epoch, past.last_entry) for past in welcome.past_epochs] == [(1, last)]
    after = village.publish().made
    assert after not in (kept, lost), "no id is given twice"
    side.until(lambda: after in side.alerted)


def test_a_plain_copy_without_lost_revocations_brings_clients_in_step_too(village, tmp_path):
    """No restore: the epoch stays, and the cursor is beyond the head or of another history."""
    side = village.follow(village.giver())
    kept = village.publish().made
    backup = back_up(village.daemon, tmp_path / "backup")
    lost = village.publish().made
    side.until(lambda: lost in side.alerted)
    village.daemon.stop()
    store = village.daemon.folder / "store"
    shutil.copy(backup / "data.mdb", store / "data.mdb")
    (store / "lock.mdb").unlink()
    village.daemon.restart()
    side.until(lambda: side.state(lost) == wire.REQUEST_CLOSED, timeout=60)
    assert side.state(kept) == wire.REQUEST_OPEN


def test_a_plain_copy_that_would_let_somebody_in_again_is_refused(village, tmp_path, logs):
    giver = village.giver()
    backup = back_up(village.daemon, tmp_path / "backup")
    revoke(village, giver)
    village.daemon.stop()
    store = village.daemon.folder / "store"
    shutil.copy(backup / "data.mdb", store / "data.mdb")
    (store / "lock.mdb").unlink()
    assert "--restore" in start_and_fail(logs, village.daemon.config)
    restore(village.daemon, backup)
    giver.reconnect()
    assert giver.wait_event(api.zmq.EVENT_HANDSHAKE_FAILED_AUTH) == 400


def test_what_was_there_is_kept_and_can_be_put_back_by_a_restore(village, tmp_path):
    backup = back_up(village.daemon, tmp_path / "backup")
    later = village.publish().made
    restore(village.daemon, backup)
    store = village.daemon.folder / "store"
    kept = list(store.glob("data.mdb.until-*"))
    assert len(kept) == 1
    (tmp_path / "kept").mkdir()
    shutil.copy(kept[0], tmp_path / "kept" / "data.mdb")
    done = restore(village.daemon, tmp_path / "kept")
    assert "epoch 3" in done.stdout, "the file of tombstones knows each epoch that was ever begun"
    assert later in {row.request for row in village.desk.list_all("requests")}


# ---- refusals

def refused(village, backup, sentence):
    before = (village.daemon.folder / "store" / "data.mdb").stat().st_ino
    done = buurtbeld(village.daemon, "--restore", backup, village.daemon.config)
    assert done.code == 1, done
    assert sentence in done.stderr, done
    assert (village.daemon.folder / "store" / "data.mdb").stat().st_ino == before, "nothing was changed"
    assert not (village.daemon.folder / "store" / "restoring").exists()


def test_a_restore_that_would_lose_something_is_refused_with_a_sentence(village, tmp_path, logs):
    daemon, folder = village.daemon, village.daemon.folder
    backup = back_up(daemon, tmp_path / "backup")
    refused(village, backup, SENTENCE_OF_LOCK)
    assert village.publish().code == 0, "the daemon that runs goes on"
    daemon.stop()

    refused(village, folder / "store", "the store itself")
    refused(village, tmp_path / "nowhere", "nowhere")
    damaged = tmp_path / "damaged"
    shutil.copytree(backup, damaged)
    flip_first(damaged, b"party")
    refused(village, damaged, "The backup is damaged")

    keyring = (folder / "keyring").read_bytes()
    (folder / "keyring").unlink()
    refused(village, backup, "The keyring is not there")
    (folder / "keyring").write_bytes(short_keyring(keyring))
    (folder / "keyring").chmod(0o600)
    refused(village, backup, "lacks keys")
    (folder / "keyring").write_bytes(keyring)

    tombstones = (folder / "tombstones").read_bytes()
    (folder / "tombstones").unlink()
    refused(village, backup, "nobody knows what was revoked")
    assert "not there" in start_and_fail(logs, daemon.config), "nor does the daemon start without it"
    assert not (folder / "tombstones").exists()
    (folder / "tombstones").write_bytes(tombstones[:20] + bytes([tombstones[20] ^ 1]) + tombstones[21:])
    refused(village, backup, "tombstones is damaged")
    assert "damaged" in start_and_fail(logs, daemon.config)
    other = programs.Daemon(logs, tmp_path / "other").start()
    other.end()
    (folder / "tombstones").write_bytes((other.folder / "tombstones").read_bytes())
    refused(village, backup, "belongs to another store")
    (folder / "tombstones").write_bytes(tombstones)
    restore(daemon, backup)


def short_keyring(whole):
    """A keyring of two slots; three parties have one each."""
    header = whole[:16] + (2).to_bytes(8, "big") + bytes(24)
    return header + hashlib.blake2b(header, digest_size=16).digest() + whole[64:64 * 3]


def flip_first(folder, table):
    with lmdb.open(str(folder), max_dbs=64, map_size=256 << 20) as environment:
        db = environment.open_db(table, create=False)
        with environment.begin(write=True, db=db) as txn:
            with txn.cursor() as cursor:
                assert cursor.first(), table
                key, record = cursor.item()
                record = bytearray(record)
                record[-1] ^= 1
                txn.put(key, bytes(record))
    return key.hex()


# ---- killed on the way

# In the order in which a restore comes to them.
KILLS = [("mkdir", 1), ("fsync", 1), ("fsync", 2), ("fdatasync", 1), ("fsync", 4), ("fallocate", 1), ("fdatasync", 2),
         ("pwrite64", 1), ("link,linkat", 1), ("fsync", 5), ("rename,renameat,renameat2", 1), ("unlink,unlinkat", 4),
         ("fsync", 6), ("unlink,unlinkat", 6), ("pwrite64", 2), ("fdatasync", 3)]


@pytest.fixture(scope="module")
def prepared(module_logs, tmp_path_factory):
    """A folder of a broker at rest, a backup of it, and the giver who was revoked after that."""
    daemon = programs.Daemon(module_logs, tmp_path_factory.mktemp("kills") / "broker")
    town = villages.Village(daemon.start())
    giver = town.giver()
    backup = back_up(daemon, daemon.folder.parent / "backup")
    revoke(town, giver)
    town.close()
    daemon.stop()
    return daemon, backup, giver


@pytest.mark.skipif(RELEASE is None or shutil.which("strace") is None, reason="needs strace and a release build")
@pytest.mark.parametrize("call, which", KILLS)
def test_a_restore_killed_at_any_step_can_be_run_again(prepared, tmp_path, call, which):
    """SIGKILL at the entry of one system call, before it happens."""
    daemon, backup, giver = prepared
    folder = tmp_path / "broker"
    shutil.copytree(daemon.folder, folder)
    config = folder / "buurtbeld.zpl"
    command = [programs.program("buurtbeld", RELEASE), "--restore", backup, config]
    killed = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"inject={call}:signal=KILL:when={which}",
                             *map(str, command)], capture_output=True, timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL, killed
    # Whatever is there now is a whole store, the one before or the restored one.
    verified = programs.run(daemon.logs, "buurtbeld", "--verify", config)
    assert verified.code == 0, (killed, verified)
    done = programs.run(daemon.logs, "buurtbeld", "--restore", backup, config)
    assert done.code == 0, (killed, done)
    assert member_is_revoked(folder / "store", giver)
    assert not (folder / "store" / "restoring").exists()
    assert "epoch 2" in done.stdout or "epoch 3" in done.stdout


def member_is_revoked(store, giver):
    with lmdb.open(str(store), max_dbs=64, map_size=256 << 20, readonly=True) as environment:
        db = environment.open_db(b"member", create=False)
        with environment.begin(db=db) as txn:
            for _, record in txn.cursor():
                member = stored.Member.FromString(record[21:])
                if member.curve_key_bytes == giver.keys.curve_public:
                    return member.revoked
    raise AssertionError("the member is not there")


# ---- bit rot, seen from outside

@pytest.fixture(scope="module")
def lived(module_logs, tmp_path_factory):
    """A broker at rest whose store has rows of each kind."""
    daemon = programs.Daemon(module_logs, tmp_path_factory.mktemp("rot") / "broker")
    town = villages.Village(daemon.start())
    giver, asker = town.giver(), town.asker(ref=b"a-1")
    request = town.publish(asker).made
    offer = town.offer(giver, request)
    town.choose(offer)
    town.release(town.desk, town.offer_view(town.desk, request, offer), asker)
    town.close()
    daemon.stop()
    return daemon


@pytest.mark.parametrize("table", TABLES)
def test_a_damaged_record_is_named_by_verify_and_said_to_whom_it_concerns(lived, tmp_path, logs, table):
    folder = tmp_path / "broker"
    shutil.copytree(lived.folder, folder)
    key = flip_first(folder / "store", table.encode())
    named = f"table {table}, key {key}"
    config = folder / "buurtbeld.zpl"
    offline = programs.run(logs, "buurtbeld", "--verify", config)
    assert offline.code == 1
    # Without its identity a store cannot be read at all.
    assert named in offline.stderr or (table == "meta" and says(offline.stderr, "STORE_DAMAGED")), offline
    backup = programs.run(logs, "buurtbeld", "--backup", tmp_path / "backup", config)
    assert backup.code == 1 and not (tmp_path / "backup").exists(), "no backup of a damaged store"
    again = programs.Process(logs, "buurtbeld", config)
    again_daemon = programs.Daemon.__new__(programs.Daemon)
    again_daemon.process, again_daemon.http_port = again, lived.http_port
    try:
        programs.wait_until(lambda: not again.running() or again_daemon.is_ready(), programs.READY_TIMEOUT, "an answer")
        if again.running():
            operator = api.WireClient.from_home(folder / "operator")
            assert verify_online(operator) == [named]
            operator.close()
        else:
            assert says(again.stderr(), "STORE_DAMAGED")
    finally:
        again.stop()


def test_the_tables_of_this_test_are_those_of_the_store():
    text = (pathlib.Path(__file__).parents[2] / "daemon/store/tables.def").read_text(encoding="utf-8")
    names = [line.split('"')[1] for line in text.splitlines() if line.startswith("X(")]
    assert names == TABLES


def test_ctl_verify_names_what_is_damaged(lived, tmp_path, logs):
    folder = tmp_path / "broker"
    shutil.copytree(lived.folder, folder)
    key = flip_first(folder / "store", b"release")
    daemon = programs.Daemon.__new__(programs.Daemon)
    daemon.logs, daemon.folder, daemon.build = logs, folder, None
    daemon.config, daemon.http_port, daemon.process = folder / "buurtbeld.zpl", lived.http_port, None
    daemon.start()
    try:
        done = programs.Person(logs, "buurtbel-ctl", folder / "operator").run("verify")
        assert done.code == 1
        said = "".join(json.dumps(line) for line in done.json()) + done.stdout
        assert f"table release, key {key}" in said, done
    finally:
        daemon.end()
