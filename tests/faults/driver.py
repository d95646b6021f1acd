# SPDX-License-Identifier: MPL-2.0
"""Runs the real broker with a shim in front of its calls, through a short scenario, and judges what is left.

`Control` is the page that the shim shares with us (control.h). `Template` is a broker that was founded once, with its
people; `Cycle` runs a copy of it: with one fault, then without any, with the same commands again. The rules: after a
fault the broker says what happened and stops, or refuses and goes on; what it acknowledged is there; what it did not is
wholly there or not at all; a repeated command has one effect; `verify` finds nothing.
"""
import errno
import mmap
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import time

import programs
import wire as api
from schema import CODE, SYMBOL, wire
from village import RESIDENT, Village

CALLS = {name: 1 << bit for bit, name in enumerate(
    ("open", "write", "sync", "read", "truncate", "allocate", "rename", "mmap", "malloc"))}
NAMES = {bit.bit_length() - 1: name for name, bit in CALLS.items()}
ALL_FILE_CALLS = [name for name in CALLS if name != "malloc"]
FOR_EVER = 0xFFFFFFFF
LIMIT_SECONDS = 20 * programs.SLOW
ERRORS = {"EIO": errno.EIO, "ENOSPC": errno.ENOSPC, "ENOMEM": errno.ENOMEM, "short": 0}


class Control:
    """The shared page; the shim of the next program that starts reads it too."""

    FIELDS = ("calls", "seen", "first", "last", "error", "hits", "hit_call", "growing")

    def __init__(self, path):
        self.path = path
        path.write_bytes(bytes(mmap.PAGESIZE))
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), mmap.PAGESIZE)

    def get(self, name):
        return struct.unpack_from("<I", self.page, 4 * self.FIELDS.index(name))[0]

    def set(self, **values):
        for name, value in values.items():
            struct.pack_into("<I", self.page, 4 * self.FIELDS.index(name), value)

    def count(self, calls):
        """From now on these calls count, and none fails."""
        self.set(first=0, hits=0, seen=0, calls=sum(CALLS[name] for name in calls))

    def fail(self, calls, error, first, last=None):
        """From now on these calls count; those from the first to the last fail."""
        self.count(calls)
        self.set(error=error, last=first if last is None else last)
        self.set(first=first)

    def fill_disk(self):
        """From now on no file grows, until mend."""
        self.set(growing=1)
        self.fail(["write", "allocate"], errno.ENOSPC, 1, FOR_EVER)

    def mend(self):
        self.set(first=0, growing=0)

    def shift_clock(self, seconds):
        struct.pack_into("<q", self.page, 32, int(seconds * 1000))

    def hit(self):
        """The kind of call that failed, or None."""
        return NAMES[self.get("hit_call")] if self.get("hits") else None


def build(sanitized):
    return os.environ.get("BUURTBEL_BUILD" if sanitized else "BUURTBEL_BUILD_RELEASE")


class Broken:
    """A broker with a shim: started in a folder, with standard error in a file of that folder's parent."""

    def __init__(self, logs, folder, control, shim="faults_shim", sanitized=False, modules=""):
        self.logs, self.folder, self.control, self.sanitized = logs, folder, control, sanitized
        shims = pathlib.Path(build(sanitized) or programs.build_folder()) / "faults"
        self.environment = dict(
            os.environ, LC_ALL="C.UTF-8", LD_PRELOAD=str(shims / f"{shim}.so"), FAULT_CONTROL=str(control.path),
            FAULT_PATH=str(folder), FAULT_MODULES=modules,
            ASAN_OPTIONS=os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0")
        self.child = self.log = None

    def launch(self, stderr=None, before=None):
        """Starts it, with this standard error, and waits for nothing. `before` is called in the new process."""
        with self.logs.open("buurtbeld") as log:
            self.log = pathlib.Path(log.name)
            self.child = subprocess.Popen([programs.program("buurtbeld", build(self.sanitized)),
                                           self.folder / "buurtbeld.zpl"], stdin=subprocess.DEVNULL,
                                          stderr=stderr or log, env=self.environment, preexec_fn=before)

    def start(self, before=None):
        """Starts it; True when it became ready, False when it ended before that."""
        self.launch(before=before)
        deadline = time.monotonic() + LIMIT_SECONDS
        while time.monotonic() < deadline:
            if self.child.poll() is not None:
                return False
            if "event=ready" in self.said():
                return True
            time.sleep(0.005)
        self.kill()
        raise AssertionError(f"neither ready nor ended:\n{self.said()}")

    def said(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def ended(self):
        return self.child.poll() is not None

    def wait(self):
        try:
            return self.child.wait(LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"it did not end:\n{self.said()}") from None

    def stop(self):
        if not self.ended():
            self.child.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self):
        self.child.kill()
        self.child.wait()


class Template:
    """A founded broker with people, requests and offers, that is copied for each cycle."""

    def __init__(self, logs, folder):
        self.daemon = programs.Daemon(logs, folder, build=build(False), settings={"store/map-size": "16M"})
        self.unfounded = folder.parent / "unfounded"
        shutil.copytree(folder, self.unfounded)
        village = Village(self.daemon.start())
        try:
            givers = [village.giver(f"Gever {i}") for i in range(2)]
            self.asker = village.asker()
            self.requests = [village.publish(self.asker, text=f"Vraag {i}").made for i in range(2)]
            self.offer = village.offer(givers[0], self.requests[0])
            self.suspended = givers[1].party
            self.publish = village.request(self.asker, text="Wie leest een brief voor?")
            self.registration = village.registration(village.desk)
            self.invited = village.operator.invite(wire.ROLE_COORDINATOR)[1]
            self.people = {name: (client.broker, client.keys) for name, client in
                           (("operator", village.operator), ("coordinator", village.coordinator),
                            ("desk", village.desk))}
            self.counts = self.state(village.desk)
        finally:
            village.close()
            assert self.daemon.stop() == 0
        self.folder = folder
        self.kept = folder.parent / "kept"
        shutil.copytree(folder, self.kept)

    @staticmethod
    def state(desk):
        rows = desk.list_all("requests") + desk.list_all("requests", state=wire.REQUEST_CLOSED)
        return {"requests": len(rows), "askers": len(desk.list_all("askers")),
                "states": {row.request: row.state for row in rows}}

    def renew(self, founded=True):
        """The folder as it was after, or before, the founding."""
        shutil.rmtree(self.folder)
        shutil.copytree(self.kept if founded else self.unfounded, self.folder)

    def commands(self):
        """Who does what, in order, with ids of now. The first and second use slots of the keyring, the rest end things."""
        now = int(time.time() * 1000)

        def of(who, **what):
            return who, wire.Command(id_bytes=api.command_id(now), **what)
        return [
            of("desk", add_asker=self.registration),
            of("desk", publish_request=self.publish),
            of("desk", choose_offer=wire.ChooseOffer(offer=self.offer, asker_agreed=True)),
            of("desk", close_request=wire.CloseRequest(request=self.requests[1], asker_agreed=True,
                                                       reason=wire.CLOSE_NO_LONGER_NEEDED)),
            of("coordinator", suspend_party=wire.SuspendParty(party=self.suspended, reason=b"Even rust")),
            of("operator", revoke_invitation=wire.RevokeInvitation(invitation=self.invited)),
        ]


class Cycle:
    """One broker, one fault, and what is left of it."""

    def __init__(self, template, broken):
        self.template, self.broken = template, broken
        self.commands = template.commands()
        self.replies = [None] * len(self.commands)

    def _clients(self):
        return {name: api.WireClient(*person) for name, person in self.template.people.items()}

    def _ask(self, client, command):
        """The Reply; None when the broker ended without one."""
        deadline = time.monotonic() + LIMIT_SECONDS
        try:
            correlation = client.post(command=command, timeout=LIMIT_SECONDS)
        except api.Timeout:
            assert self.broken.ended(), f"no connection:\n{self.broken.said()}"
            return None
        while correlation not in client.answers:
            if self.broken.ended():
                client.pump(0.05)  # what it sent before it ended
                break
            assert time.monotonic() < deadline, f"no answer:\n{self.broken.said()}"
            client.pump(0.05)
        answer = client.answers.pop(correlation, None)
        return answer.reply if answer else None

    def serve(self, before=None):
        """Gives the commands; remembers the replies. `before(i)` is called before each."""
        clients = self._clients()
        try:
            for i, (who, command) in enumerate(self.commands):
                if before:
                    before(i)
                self.replies[i] = self._ask(clients[who], command)
                if self.replies[i] is None:
                    return
        finally:
            for client in clients.values():
                client.close()

    def acknowledged(self):
        return [i for i, reply in enumerate(self.replies) if reply is not None and reply.code == CODE["OK"]]

    def run(self):
        """One life of the broker with its faults; gives its exit code."""
        if self.broken.start():
            self.serve()
        return self.broken.stop()

    def judge_end(self, code, must_stop):
        """It never crashes; when it stops for a fault it says why, in a sentence; some faults must stop it."""
        said = self.broken.said()
        assert code >= 0, f"signal {-code}:\n{said}"
        if code != 0:
            assert "level=error" in said or "buurtbeld: " in said or ".zpl" in said, f"exit {code} without a word: {said!r}"
        if must_stop:
            assert code != 0, f"it went on after an error of the disk:\n{said}"
        refused = [reply for reply in self.replies if reply is not None and reply.code != CODE["OK"]]
        for reply in refused:
            assert SYMBOL[reply.code] in ("STORE_FULL", "BUSY", "STORE_IO", "STORE_DAMAGED") and reply.sentence, reply
        return refused

    def judge_rest(self):
        """Starts it without faults: all that was acknowledged is there, repeats give one effect, and verify is content."""
        before, acknowledged = list(self.replies), self.acknowledged()
        self.broken.control.mend()
        assert self.broken.start(), f"it does not start again:\n{self.broken.said()}"
        try:
            clients = self._clients()
            try:
                found = self.template.state(clients["desk"])
                self._judge_acknowledged(found, acknowledged)
            finally:
                for client in clients.values():
                    client.close()
            self.serve()
            for i, reply in enumerate(self.replies):
                assert reply is not None and reply.code == CODE["OK"], f"command {i} again: {reply}"
                assert i not in acknowledged or reply == self._same(before[i], reply), f"{before[i]} became {reply}"
            self._judge_whole()
        finally:
            code = self.broken.stop()
        assert code == 0, self.broken.said()

    @staticmethod
    def _same(before, after):
        """The reply of then with the correlation of now, for each side numbers its own."""
        return before if before is None else type(after).FromString(before.SerializeToString())

    def _judge_acknowledged(self, found, acknowledged):
        counts = self.template.counts
        assert found["requests"] - counts["requests"] in ((1,) if 1 in acknowledged else (0, 1)), found
        assert found["askers"] - counts["askers"] in ((1,) if 0 in acknowledged else (0, 1)), found
        if 1 in acknowledged:
            assert self.replies[1].made in found["states"]
        if 2 in acknowledged:
            assert found["states"][self.template.requests[0]] == wire.REQUEST_FILLED
        if 3 in acknowledged:
            assert found["states"][self.template.requests[1]] == wire.REQUEST_CLOSED

    def _judge_whole(self):
        """Each command had one effect, and every record and entry is sound."""
        clients = self._clients()
        try:
            found, counts = self.template.state(clients["desk"]), self.template.counts
            assert found["requests"] == counts["requests"] + 1 and found["askers"] == counts["askers"] + 1, found
            assert verify(clients["operator"]) == []
        finally:
            for client in clients.values():
                client.close()


def founds(template, broken):
    """A start on an empty store without faults; it must end in a sound store that knows its operator."""
    assert broken.start(), f"it does not found:\n{broken.said()}"
    operator = api.WireClient(*template.people["operator"])
    try:
        assert operator.hello().role == wire.ROLE_OPERATOR
        assert verify(operator) == []
    finally:
        operator.close()
        code = broken.stop()
    assert code == 0, broken.said()


def verify(operator):
    """What buurtbel-ctl verify asks: the problems it names."""
    problems, ask = [], wire.Verify()
    for _ in range(100000):
        found = operator.query(verify=ask)
        problems += found.problems
        if found.done:
            return problems
        ask = found.next
    raise AssertionError("verify without end")
