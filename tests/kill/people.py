# SPDX-License-Identifier: MPL-2.0
"""People's programs that are killed too: `buurtbel-giver listen`, and `buurtbel-intake` with commands in its outbox.

What a program printed goes to a file, of which only whole lines count. What it had saved is read from its store when it
is dead, with LMDB and proto/client.proto; nothing of our C is in it.
"""
import json
import os
import subprocess
import time

import lmdb

import programs
import wire as api
from schema import CODE, client as saved, wire

HEADER_SIZE = 17            # of a row: version and checksum
LATER = CODE["TIMED_OUT"], CODE["AWAY"]
KEPT = 75                   # exit code: not sent yet, the command stands in the outbox
READY_SECONDS = 20
POLL_SECONDS = 0.001
REPEATED_MAX = 200          # lines back that may be repeated: what one page or turn brought is marked with the next


def rows(home, kind):
    """The rows of one kind in a client's store: what each says."""
    message = {"c": saved.SavedCursor, "r": saved.KnownRequest, "i": saved.KnownItem, "o": saved.OutboxRow}[kind]
    if not (home / "client.mdb").exists():
        return []  # it died before it had ever opened its store
    with lmdb.open(str(home / "client.mdb"), subdir=False, readonly=True) as store:
        with store.begin() as txn:
            return [message.FromString(value[HEADER_SIZE:]) for key, value in txn.cursor()
                    if key[:1] == kind.encode()]


class Program:
    """One run of a program at somebody's home."""

    def __init__(self, person, *arguments):
        person.runs = getattr(person, "runs", 0) + 1
        self.path = person.home.parent / f"{person.home.name}-{person.runs}.out"
        self.taken = 0
        with open(self.path, "wb") as out, person.logs.open(person.name) as log:
            self.child = subprocess.Popen(
                [programs.program(person.name, person.build), "--home", person.home, "--language", "en", "--json",
                 *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=out, stderr=log,
                env=dict(os.environ, LC_ALL="C.UTF-8"))

    def lines(self):
        """The whole lines that came since the last look."""
        with open(self.path, "rb") as out:
            out.seek(self.taken)
            whole = out.read().rpartition(b"\n")[0]
        self.taken += len(whole) + bool(whole)
        return [json.loads(line) for line in whole.splitlines()]

    def kill9(self):
        self.child.kill()
        return self.child.wait()

    def forget(self):
        self.path.unlink()


class GiverAtHome:
    """A giver whose listener dies again and again; `lines` is all that its person ever saw."""

    def __init__(self, person):
        self.person = person
        self.program = None
        self.lines = []
        self.unmarked = set()   # ids of what the store of the last dead run holds as not handed on
        self.first = 0          # of this run in `lines`
        self.kills = self.repeats = 0

    def start(self):
        self.program = Program(self.person, "listen")
        self.first = len(self.lines)

    def look(self):
        self.lines += self.program.lines()

    def wait_complete(self):
        """In step with both of its channels."""
        deadline = time.monotonic() + READY_SECONDS
        while len({line["channel"] for line in self.lines[self.first:] if line["event"] == "complete"}) < 2:
            assert self.program.child.poll() is None, f"buurtbel-giver ended with {self.program.child.poll()}"
            assert time.monotonic() < deadline, f"buurtbel-giver is not complete: {self.lines[self.first:][-5:]}"
            time.sleep(POLL_SECONDS)
            self.look()

    def has_printed(self):
        """Since the last look; there may be more to come."""
        return self.program.path.stat().st_size > self.program.taken

    def strike(self):
        if self.program is not None:
            self.program.child.kill()

    def bury(self):
        """Reads what it left, and judges the run: what it repeated was what the run before had not marked."""
        self.program.kill9()
        self.kills += 1
        self.look()
        self.program.forget()
        self._judge_repeats()
        self.unmarked = {api.id_text(row.request.request) for row in rows(self.person.home, "r") if not row.handed}
        self.unmarked |= {item_id(row.item) for row in rows(self.person.home, "i") if not row.handed}
        self.program = None

    def _judge_repeats(self):
        """`again` stands at what the dead run had saved as not handed on, first of all, and at nothing else."""
        run = [line for line in self.lines[self.first:] if is_notice(line)]
        again = [line_id(line) for line in run if line["again"]]
        assert len(set(again)) == len(again), f"repeated more than once: {again}"
        assert set(again) <= self.unmarked, f"repeated though it was marked: {set(again) - self.unmarked}"
        late = {line_key(line) for line in self.lines[max(0, self.first - REPEATED_MAX):self.first] if is_notice(line)}
        early = {line_key(line) for line in self.lines[:self.first] if is_notice(line)} - late
        repeated = early & {line_key(line) for line in run if line["again"]}
        assert not repeated, f"repeated though much was shown since: {repeated}"
        if any(line["event"] == "complete" for line in self.lines[self.first:]):
            assert set(again) == self.unmarked, f"not marked and not repeated: {self.unmarked - set(again)}"
        self.repeats += len(again)

    def end(self):
        self.program.child.terminate()
        code = self.program.child.wait(READY_SECONDS)
        assert code == 0, f"buurtbel-giver ended with {code}"
        self.look()
        self._judge_repeats()
        self.program = None

    def judge(self, witness):
        """When it is complete: nothing lost, nothing twice, nothing left standing that is over, as far as the witness
        has heard."""
        self.look()
        seen, last = set(), {}
        for line in self.lines:
            if line["event"] not in ("alert", "update", "cancel"):
                continue
            key = line_key(line)
            assert line["again"] or key not in seen, f"shown twice and not marked: {line}"
            seen.add(key)
            last[line_id(line)] = line
        shown = {number for number, line in last.items() if line["event"] != "cancel"}
        state = {api.id_text(number): request.state for number, request in witness.requests.items()}
        lost = {number for number in state if state[number] == wire.REQUEST_OPEN} - shown
        over = {number for number in shown if state.get(number, wire.REQUEST_OPEN) == wire.REQUEST_CLOSED}
        assert not lost and not over, f"lost: {lost}, still standing: {over}"
        self._judge_items(witness)

    def _judge_items(self, witness):
        offers, releases = {}, []
        for line in self.lines:
            item = line.get("item", {})
            if "offer" in item:
                offers[item["offer"]["offer"]] = item["offer"]["revision"]
            if "release" in item and not line["again"]:
                releases.append(item["release"]["release"])
        told = {api.id_text(number): view.revision for number, view in witness.offers().items()}
        assert offers == told, "the newest of each offer was not shown"
        expected = {api.id_text(release.release) for release in witness.releases()}
        shown = {line["item"]["release"]["release"] for line in self.lines if "release" in line.get("item", {})}
        assert shown == expected, f"releases lost: {expected - shown}"
        assert len(set(releases)) == len(releases), "a release was shown twice and not marked"


def is_notice(line):
    return line["event"] in ("alert", "update", "cancel", "item")


def line_id(line):
    if "request" in line:
        return line["request"]["request"]
    (what, view), = line["item"].items()
    return view[what]


def line_key(line):
    """What exactly was shown: a thing in one revision."""
    view = line["request"] if "request" in line else next(iter(line["item"].values()))
    return line["event"], line_id(line), view.get("revision", 0)


def item_id(item):
    what = item.WhichOneof("what")
    return api.id_text(getattr(getattr(item, what), what))


class Posting:
    def __init__(self, text, program):
        self.text, self.program = text, program


class DeskAtHome:
    """A desk whose programs die with commands in the outbox. `promised`: what must come to be, once, and as what."""

    def __init__(self, person, asker):
        self.person, self.asker = person, api.id_text(asker)
        self.postings, self.promised = [], {}   # text: the request's id that was told, or None
        self.watch = None
        self.boxed = None       # what stood in the outbox when all had died, until it was looked at
        self.count = self.kills = self.kept = 0

    def post(self):
        """Gives a few commands, each by a program of its own; nobody waits for them."""
        for _ in range(3):
            self.count += 1
            text = f"Bericht {self.count}"
            self.postings.append(Posting(text, Program(
                self.person, "--timeout", 1, "post", "--asker", self.asker, "--category", "fiets", "--wanted", "time",
                "--asker-agreed", "--yes", "--text", text)))

    def start_watch(self):
        """It sends what lies in the outbox."""
        if self.watch is None:
            self.watch = Program(self.person, "watch")

    def reap(self):
        """Takes the word of those programs that ended by themselves."""
        still = []
        for posting in self.postings:
            code = posting.program.child.poll()
            if code is None:
                still.append(posting)
                continue
            assert code in (0, KEPT), f"“{posting.text}” was not posted: {code}"
            lines = posting.program.lines()
            self.promised[posting.text] = lines[-1]["made"] if code == 0 else None  # None: it will be told later
            self.kept += code == KEPT
            posting.program.forget()
        self.postings = still

    def strike(self):
        for program in [posting.program for posting in self.postings] + [self.watch] * (self.watch is not None):
            program.child.kill()

    def bury(self):
        """All are dead. What stands in the outbox is promised from now on, and what was told; the rest may be lost."""
        self.strike()
        for posting in self.postings:
            posting.program.child.wait()
        ended = [posting for posting in self.postings if posting.program.child.returncode >= 0]
        self.postings, dead = ended, [posting for posting in self.postings if posting not in ended]
        self.reap()
        for posting in dead:
            for line in posting.program.lines():
                assert "made" in line or line["code"] in LATER, f"“{posting.text}” was not posted: {line}"
                self.promised[posting.text] = line.get("made")
            posting.program.forget()
        if self.watch is not None:
            self.watch.kill9()
            self.watch.forget()
            self.watch = None
        self.kills += 1
        self.boxed = set(self.outbox())
        for text in self.boxed:
            self.promised.setdefault(text, None)

    def outbox(self):
        return [row.command.publish_request.text.decode() for row in rows(self.person.home, "o")]

    def look(self, witness):
        """After all had died: what was promised stands in the outbox still, or was done."""
        if self.boxed is not None:
            lost = [text for text in self.promised if text not in self.boxed and witness.one_request(text) is None]
            assert not lost, f"kept for later and lost: {lost}"
        self.boxed = None

    def judge(self, witness):
        """All that was promised is there as it was told; called when it has come in."""
        for text, made in self.promised.items():
            found = witness.one_request(text)
            assert found is not None, f"kept for later and lost: {text}"
            assert made in (None, api.id_text(found)), f"“{text}” was told to be {made} and is {api.id_text(found)}"
