# SPDX-License-Identifier: MPL-2.0
"""Plays a short, busy time in a community and writes down two things: what its programs did to their files (recorder.so)
and what people were told (oracle.txt), both by the same clock. The checker cuts the power at moments in between.

    load.py FOLDER --recorder recorder.so [--seconds 4] [--seed 1]

Leaves FOLDER/logs and FOLDER/oracle.txt. A line of the oracle: kind, nanoseconds, and
    W  path                              the file is whole from now on
    F                                    the broker was founded and is ready
    A  command entry made party state    a command was acknowledged to its giver
    H  home event request revision       a request was handed to the person at this home: alert, update or cancel
    I  home kind id                      likewise an item of the mailbox
    K  home command                      a program said that it keeps this command
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "e2e"))

import lmdb  # noqa: E402

import programs  # noqa: E402
import wire as api  # noqa: E402
from schema import CODE, wire  # noqa: E402
from village import Village  # noqa: E402

PUBLISHERS = 4
LISTENERS = 2
ANSWER_SECONDS = 60
KEPT = 75  # exit status
SYNC_US = 1500  # a sync takes as long as one of a disk, so that commands gather and cuts fall into it
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ITEM_KINDS = {field.name: field.number for field in wire.MailboxItem.DESCRIPTOR.oneofs_by_name["what"].fields}


class Oracle:
    def __init__(self, path):
        self.file, self.lock = open(path, "w"), threading.Lock()

    def say(self, kind, *words, at=None):
        with self.lock:
            print(kind, at or time.monotonic_ns(), *words, file=self.file)

    def hear_replies(self):
        """Every reply that any WireClient takes from now on."""
        oracle, take = self, api.WireClient._take_answer

        def hear(client, frames):
            message = wire.FromBroker.FromString(frames[0][1:])
            if message.WhichOneof("body") == "reply":
                oracle.acknowledged(message.reply)
            take(client, frames)

        api.WireClient._take_answer = hear

    def acknowledged(self, reply):
        if reply.code == CODE["OK"] and reply.command_bytes:
            self.say("A", reply.command_bytes.hex(), reply.entry, f"{reply.made:016x}", f"{reply.party:016x}", reply.state)


def id_number(text):
    number = 0
    for character in text:
        number = number << 5 | ALPHABET.index(character)
    return number & (1 << 64) - 1


class Giver:
    """A person with buurtbel-giver, who may be listening."""

    def __init__(self, oracle, logs, root, name, build):
        self.oracle, self.home, self.name = oracle, root / name, name
        self.person = programs.Person(logs, "buurtbel-giver", self.home, build)
        self.process = None

    def enrol(self, invitation):
        self.person.enrol(invitation, self.name)
        self.oracle.say("W", f"{self.name}/identity.zpl")

    def listen(self):
        self.process = programs.Process(self.person.logs, "buurtbel-giver", "--home", self.home, "--language", "en",
                                        "--json", "listen", stdout=subprocess.PIPE, build=self.person.build)
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        for line in self.process.child.stdout:
            at, line = time.monotonic_ns(), json.loads(line)
            if "request" in line:
                request = line["request"]
                self.oracle.say("H", self.name, line["event"], f"{id_number(request['request']):016x}",
                                request.get("revision", 0), at=at)
            for kind, item in line.get("item", {}).items():
                if kind in ("offer", "release"):
                    self.oracle.say("I", self.name, ITEM_KINDS[kind], f"{id_number(item[kind]):016x}", at=at)

    def outbox(self):
        with lmdb.open(str(self.home / "client.mdb"), subdir=False, map_size=128 << 20) as store:
            with store.begin() as rows:
                return {bytes(key[1:]).hex() for key, _ in rows.cursor() if key[:1] == b"o"}

    def answer(self, request):
        """Answers with an offer; what is kept is an oracle's line too."""
        before = self.outbox() if self.home.joinpath("client.mdb").exists() else set()
        done = self.person.run("--timeout", "1", "answer", api.id_text(request), "offer", "Dat doe ik graag")
        at = time.monotonic_ns()
        assert done.code in (0, 1, KEPT), done
        if done.code == KEPT:
            kept = self.outbox() - before
            assert kept, "it says that it keeps a command, and does not"
            for command in kept:
                self.oracle.say("K", self.name, command, at=at)
        return done.code

    def end(self):
        if self.process:
            assert self.process.stop() == 0, self.process.stderr()
            self.thread.join()
            self.process.child.stdout.close()


class Worker(threading.Thread):
    """Does one thing again and again, until it is told to end, with a client of its own."""

    def __init__(self, village, keys, broker, what, pause_seconds):
        super().__init__(daemon=True)
        self.village, self.keys, self.broker, self.what, self.pause = village, keys, broker, what, pause_seconds
        self.ended, self.problem, self.count, self.made = threading.Event(), None, 0, []

    def run(self):
        self.client = api.WireClient(self.broker, self.keys)
        try:
            while not self.ended.wait(self.pause):
                self.what(self)
                self.count += 1
        except Exception as problem:  # told by the main thread
            self.problem = problem
        finally:
            self.client.close()

    def give(self, **what):
        """One command, through breaks and restarts; a refusal is an answer too."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while True:
            reply = self.client.command_until(deadline, again=0.5, **what)
            if reply.code not in (CODE["BUSY"], CODE["NO_KEY_SLOT"]):
                return reply

    def end(self):
        self.ended.set()
        self.join(ANSWER_SECONDS)
        if self.problem:
            raise self.problem


class Play:
    def __init__(self, folder, seed, build):
        self.random = random.Random(seed)
        self.root, self.logs_folder = folder / "root", folder / "stderr"
        for made in (self.root, self.logs_folder, folder / "logs"):
            made.mkdir(parents=True)
        self.oracle = Oracle(folder / "oracle.txt")
        self.oracle.hear_replies()
        self.logs, self.build = programs.Logs(self.logs_folder), build
        self.workers, self.givers = [], []

    def found(self):
        self.daemon = programs.Daemon(self.logs, self.root / "broker", self.build,
                                      {"store/preallocate": 1, "store/map-size": "16M"})
        for name in ("buurtbeld.zpl", "founding.zpl", "server.zpl", "recovery-key.txt", "operator/identity.zpl"):
            self.oracle.say("W", f"broker/{name}")
        self.daemon.start()
        self.oracle.say("F")
        self.village = Village(self.daemon)

    def people(self):
        village = self.village
        self.asker = village.asker()
        for number in range(LISTENERS + 1):
            giver = Giver(self.oracle, self.logs, self.root, f"giver-{number}", self.build)
            text, _ = village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
            giver.enrol(text)
            if number < LISTENERS:
                giver.listen()
            self.givers.append(giver)
        for _ in range(PUBLISHERS):
            self.worker(village.colleague(village.desk), self.publish, 0)
        self.helper = self.worker(village.giver("Gever"), self.help, 0.005)
        self.matcher = self.worker(village.colleague(village.desk), self.match, 0.005)
        self.office = self.worker(village.colleague(village.coordinator, wire.ROLE_COORDINATOR), self.keep_order, 0.02)

    def worker(self, member, what, pause_seconds):
        made = Worker(self.village, member.keys, member.broker, what, pause_seconds)
        made.member = member.member
        self.workers.append(made)
        return made

    # ---- what each of them does

    def publish(self, me):
        reply = me.give(publish_request=self.village.request(self.asker, text=f"Vraag {me.count}", needed=2))
        if reply.code == CODE["OK"]:
            me.made.append(reply.made)

    def open_request(self):
        made = [request for worker in self.workers[:PUBLISHERS] for request in worker.made[-20:]]
        return self.random.choice(made) if made else 0

    def help(self, me):
        request = self.open_request()
        if request:
            me.made.append(me.give(give_answer=wire.GiveAnswer(
                request=request, kind=wire.ANSWER_OFFER, offer_kind=wire.KIND_DO, text=b"Dat doe ik")).made)

    def match(self, me):
        offer = self.random.choice(self.helper.made[-10:] or [0])
        if not offer:
            return
        if me.give(choose_offer=wire.ChooseOffer(offer=offer, asker_agreed=True)).code == CODE["OK"]:
            letter = api.sealed.ReleaseLetter(asker=self.asker, offer=offer, recipient=self.helper.member,
                                              recipient_key_bytes=self.helper.keys.sealing_public, sender=me.member,
                                              channel=wire.CONTACT_PHONE, name=b"Iemand", value=b"0600000000",
                                              written_at_ms=int(time.time() * 1000))
            me.give(release=wire.Release(offer=offer, recipient=self.helper.member, channel=wire.CONTACT_PHONE,
                                         asker_agreed=True, box_bytes=api.seal_release(letter, me.keys.signing_secret)))
            me.give(confirm_help=wire.ConfirmHelp(offer=offer, given=True, new_contact=wire.ANSWERED_YES))
        request = self.open_request()
        if request and self.random.random() < 0.3:
            me.give(close_request=wire.CloseRequest(request=request, reason=wire.CLOSE_NO_LONGER_NEEDED,
                                                    asker_agreed=True))

    def keep_order(self, me):
        """Enrols a giver, suspends it, takes it back, revokes its member, and revokes an invitation."""
        public, secret = (api.z85.decode(key) for key in api.zmq.curve_keypair())
        made = me.give(make_invitation=wire.MakeInvitation(
            role=wire.ROLE_GIVER, audience_class=wire.CLASS_RESIDENT, uses=1, admission_key_bytes=public,
            expires_at_ms=int(time.time() * 1000) + 3600 * 1000))
        keys = api.Keys()
        admission = api.Keys()
        admission.curve_public, admission.curve_secret = public, secret
        door = api.WireClient(me.broker, admission)
        try:
            reply = door.command_until(time.monotonic() + ANSWER_SECONDS, again=0.5, enrol=wire.Enrol(
                party_name=b"Nieuw", member_name=b"Nieuw", curve_key_bytes=keys.curve_public,
                sealing_key_bytes=keys.sealing_public, signing_key_bytes=keys.signing_public))
        finally:
            door.close()
        if reply.code == CODE["OK"]:
            me.give(suspend_party=wire.SuspendParty(party=reply.party, reason=b"even niet"))
            me.give(reinstate_party=wire.ReinstateParty(party=reply.party, reason=b"weer wel"))
            me.give(revoke_member=wire.RevokeMember(member=reply.made, reason=b"weg"))
        me.give(revoke_invitation=wire.RevokeInvitation(invitation=made.made))

    # ---- the whole

    def away(self):
        """The broker ends; what givers answer meanwhile is kept, and sent when it is back."""
        request = self.village.publish(self.asker, needed=len(self.givers)).made  # nobody else answers or closes it
        assert self.daemon.stop() == 0
        with concurrent.futures.ThreadPoolExecutor() as people:
            kept = set(people.map(lambda giver: giver.answer(request), self.givers))
        assert kept == {KEPT}, kept
        self.daemon.restart()
        self.givers[-1].listen()
        return request

    def choose(self, request):
        """The offers that were kept, once they are there, so that their givers hear of it."""
        desk = self.village.desk
        desk.reconnect()
        desk.hello()
        programs.wait_until(lambda: len(self.village.view(desk, request).offers) >= len(self.givers), ANSWER_SECONDS,
                            "what was kept is sent")
        for offer in self.village.view(desk, request).offers:
            desk.try_command(choose_offer=wire.ChooseOffer(offer=offer.offer, asker_agreed=True))

    def run(self, seconds):
        self.found()
        try:
            self.people()
            for worker in self.workers:
                worker.start()
            time.sleep(seconds * 2 / 3)
            request = self.away()
            time.sleep(seconds / 3)
            for worker in self.workers:
                worker.end()
            self.choose(request)
        finally:
            for giver in self.givers:
                giver.end()
            self.village.close()
            self.daemon.end()
        assert all(worker.count for worker in self.workers), "somebody got nothing done"
        print(", ".join(f"{worker.what.__name__} {worker.count}" for worker in self.workers))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--recorder", required=True)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    play = Play(given.folder, given.seed, os.environ.get("BUURTBEL_BUILD_RELEASE") or os.environ["BUURTBEL_BUILD"])
    os.environ.update(LD_PRELOAD=str(pathlib.Path(given.recorder).resolve()), POWERCUT_ROOT=str(play.root),
                      POWERCUT_LOG=str(given.folder / "logs"), POWERCUT_SYNC_US=str(SYNC_US))
    play.run(given.seconds)
    play.oracle.file.close()
    shutil.rmtree(play.root)


if __name__ == "__main__":
    main()
