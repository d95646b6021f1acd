# SPDX-License-Identifier: MPL-2.0
#
# The session: hello and welcome, following two kinds of channels, finding and repairing holes, commands until
# they are answered. One thread: whoever owns a Client calls step() all the time, or until() with what it waits for.
import random
import time

import zmq

from . import schema, seals
from .keeper import Keeper
from .line import Line
from .shown import Shown

PING_EVERY_S, SILENCE_S, BEACON_SILENCE_S, SOON_S = 10, 30, 65, 3
AGAIN = {1, 10, 11, 28, 93, 96}  # the codes marked "again" on the page
BUSY, BAD_VALUE, MEMBER_REVOKED = 28, 27, 41


class Refused(Exception):
    """The broker said no, for good: its code and its sentence. Code 12 is a refusal at the door."""

    def __init__(self, code, sentence):
        super().__init__(f"{code}: {sentence}")
        self.code = code


class Question:
    """One message under way: sent again with the same correlation until it is answered."""

    def __init__(self, kind, body, then):
        self.kind, self.body, self.then = kind, body, then
        self.due, self.wait_s = 0.0, 2.0

    def sent(self):
        self.due = time.monotonic() + self.wait_s * random.uniform(0.5, 1)
        self.wait_s = min(self.wait_s * 2, 30.0)


class Channel:
    """One channel of the Welcome. `repair_due`: when a Sync is to be asked; `page`: the sync that is under way."""

    def __init__(self):
        self.state, self.repair_due, self.page, self.head = None, None, None, 0
        self.beacon_at = time.monotonic()


class Client:
    def __init__(self, home, tell=lambda kind, thing, way: None):
        self.keeper = Keeper(home)
        self.shown = Shown(self.keeper, tell)
        self.tell = tell
        self.invitation = self.keeper.invitation
        self.welcome, self.refusal = None, None
        self.channels, self.questions, self.correlation = {}, {}, 0
        self.ready, self.hello_due = False, None
        self.ping_due = self.heard_at = self.pong_at = time.monotonic()
        self.opened, self.unopened = 0, 0  # boxes of the publish socket
        self.speaker = self._line(zmq.DEALER, self.invitation.command_endpoint)
        self.listener = None
        for command in self.keeper.open_commands().values():
            self._ask("command", command, self._command_answered)

    def _line(self, kind, endpoint):
        return Line(kind, endpoint, self.invitation.server_key_bytes, self.keeper.curve)

    def close(self):
        for line in (self.speaker, self.listener):
            if line:
                line.close()
        self.speaker = self.listener = None

    # ------------------------------------------------------------ the loop

    def until(self, condition, seconds=30):
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"not within {seconds} s")
            if self.refusal:
                raise self.refusal
            self.step()

    def step(self, wait_ms=50):
        poller = zmq.Poller()
        for line in filter(None, (self.speaker, self.listener)):
            poller.register(line.socket, zmq.POLLIN)
            poller.register(line.monitor, zmq.POLLIN)
        poller.poll(wait_ms)
        self._look_at_the_doors()
        for frames in self.speaker.frames() if self.speaker else ():
            self._told(schema.unpack(schema.FromBroker, frames[0]))
        for frames in self.listener.frames() if self.listener else ():
            self._published(schema.unpack(schema.Published, frames[1]))
        self._timers(time.monotonic())

    def _look_at_the_doors(self):
        for news in self.speaker.news() if self.speaker else ():
            if news == "up":
                self._begin_anew()
            elif news == "down":
                self.ready = False
        if self.speaker and self.speaker.refused:
            self._stop(Refused(12, "The broker does not know this key."))
        for news in self.listener.news() if self.listener else ():
            if news == "up":
                self._repair_later(lambda channel: channel.state.topic)
        if self.listener and self.listener.refused:  # no active giver any more: a Hello tells
            self._hang_up_listener()
            self._hello_in(random.uniform(0, SOON_S))

    def _begin_anew(self):
        """A new connection: what was under way is lost, and nothing is asked before the Welcome."""
        self.ready, self.hello_due = False, 0.0
        self.questions = {number: question for number, question in self.questions.items()
                          if question.kind == "command"}
        for channel in self.channels.values():
            channel.page = None

    def _timers(self, now):
        if self.hello_due is not None and now >= self.hello_due:
            self.hello_due = None
            self.questions = {n: q for n, q in self.questions.items() if q.kind != "hello"}
            self._ask("hello", schema.message("wire.Hello")(software=b"foreign 1"), self._welcomed)
        if self.ready and now >= self.ping_due:
            self._ping(now)
        for number, channel in list(self.channels.items()):
            if self.ready and channel.page is None and channel.repair_due is not None and now >= channel.repair_due:
                self._sync(number, channel)
            self._listen_for_beacons(channel, now)
        for number, question in list(self.questions.items()):
            if now >= question.due and (self.ready or question.kind == "hello"):
                self._send(number, question)
        if self.ready and now - self.heard_at > SILENCE_S:
            self.heard_at = now
            self._hello_in(0)

    def _listen_for_beacons(self, channel, now):
        if (channel.state.topic and self.listener and now - channel.beacon_at > BEACON_SILENCE_S and
                now - self.pong_at < SILENCE_S):
            self._hang_up_listener()
            self._listen()

    # ------------------------------------------------------------ questions and answers

    def _ask(self, kind, body, then):
        self.correlation = self.correlation % 0xFFFFFFFF + 1
        self.questions[self.correlation] = Question(kind, body, then)

    def _send(self, number, question):
        if self.speaker and self.speaker.send(schema.pack(schema.FromClient(correlation=number,
                                                                           **{question.kind: question.body}))):
            question.sent()

    def _told(self, answer):
        if answer is None:
            return
        self.heard_at = time.monotonic()
        kind = answer.WhichOneof("body")
        if kind == "push":
            return self._take_notices(answer.push, "push")
        question = self.questions.get(answer.correlation)
        if question is None or kind is None:
            return
        if kind == "reply" and answer.reply.code == MEMBER_REVOKED:
            return self._stop(Refused(MEMBER_REVOKED, answer.reply.sentence.decode()))
        if kind == "reply" and answer.reply.code in AGAIN:
            question.due = time.monotonic() + random.uniform(1, 2)
            return
        del self.questions[answer.correlation]
        question.then(question, answer)

    def _stop(self, refusal):
        self.refusal = refusal
        self.close()

    def _ping(self, now):
        self.ping_due = now + PING_EVERY_S
        self.questions = {n: q for n, q in self.questions.items() if q.kind != "ping"}
        cursors = [self.keeper.cursor(number) for number in self.channels]
        self._ask("ping", schema.message("wire.Ping")(cursors=filter(None, cursors)), self._ponged)

    def _ponged(self, _, answer):
        if answer.WhichOneof("body") != "pong":
            return
        pong = answer.pong
        self.pong_at = time.monotonic()
        self._clock(pong.now_at_ms)
        if (pong.boot_bytes, pong.epoch) != (self.welcome.boot_bytes, self.welcome.epoch):
            self._hello_in(0)
        for head in pong.heads:
            channel = self.channels.get(head.channel)
            if channel is None or head.key_id != channel.state.key_id:
                self._hello_in(0)
            elif head.seq > self._seq(head.channel):
                self._repair(channel, 0)

    def _clock(self, now_ms):
        self.keeper.rows["offset_ms"] = now_ms - int(time.time() * 1000)

    def now_ms(self):
        """The broker's time."""
        return int(time.time() * 1000) + self.keeper.rows["offset_ms"]

    # ------------------------------------------------------------ hello

    def _hello_in(self, seconds):
        due = time.monotonic() + seconds
        self.hello_due = due if self.hello_due is None else min(due, self.hello_due)

    def _welcomed(self, _, answer):
        if answer.WhichOneof("body") != "welcome":
            return self._stop(Refused(answer.reply.code, answer.reply.sentence.decode()))
        before, welcome = self.welcome, answer.welcome
        self.welcome, self.ready, self.ping_due = welcome, True, 0.0
        self._clock(welcome.now_at_ms)
        self.keeper.rows["member"] = welcome.member
        listed = {state.channel for state in welcome.channels}
        for number in set(self.channels) - listed:
            if self.channels.pop(number).state.topic:  # suspended: what was shown is over
                self.shown.cancel_all_but(set())
            self.keeper.forget_cursor(number)
        for state in welcome.channels:
            channel = self.channels.setdefault(state.channel, Channel())
            channel.state, channel.page = state, None
            self._repair(channel, 0 if before is None else random.uniform(0, SOON_S))
        self.keeper.save()
        self._listen()
        self.tell("welcome", welcome, "answer")

    def _listen(self):
        topics = [channel.state.topic for channel in self.channels.values() if channel.state.topic]
        if not topics:
            return self._hang_up_listener()
        if self.listener is None:
            self.listener = self._line(zmq.SUB, self.invitation.publish_endpoint)
            for topic in topics:
                self.listener.socket.subscribe(topic)
            for channel in self.channels.values():
                channel.beacon_at = time.monotonic()

    def _hang_up_listener(self):
        if self.listener:
            self.listener.close()
        self.listener = None

    # ------------------------------------------------------------ notices

    def _seq(self, number):
        cursor = self.keeper.cursor(number)
        return cursor.seq if cursor else 0

    def _repair(self, channel, seconds):
        due = time.monotonic() + seconds
        channel.repair_due = due if channel.repair_due is None else min(due, channel.repair_due)

    def _repair_later(self, which):
        for channel in filter(which, self.channels.values()):
            self._repair(channel, random.uniform(0, SOON_S))

    def _published(self, published):
        if published is None or self.welcome is None:
            return
        channel = self.channels.get(published.channel)
        if (published.boot_bytes, published.epoch) != (self.welcome.boot_bytes, self.welcome.epoch):
            return self._hello_in(random.uniform(0, SOON_S))
        if channel is None:
            return
        if published.key_id != channel.state.key_id:
            return self._hello_in(random.uniform(0, SOON_S))
        if published.first == 0:
            channel.beacon_at = time.monotonic()
        else:
            batch = seals.open_notices(published, channel.state.key_bytes)
            if batch is None:
                self.unopened += 1
            else:
                self.opened += 1
                self._take_notices(batch, "publication")
        channel.head = max(channel.head, published.head)
        if channel.head > self._seq(published.channel):
            self._repair(channel, random.uniform(0, SOON_S))

    def _take_notices(self, batch, way):
        """Takes what follows the cursor; a hole is repaired by a Sync, which brings what stands behind it too."""
        channel = self.channels.get(batch.channel)
        if channel is None or self.welcome is None or batch.epoch != self.welcome.epoch:
            return
        for notice in batch.notices:
            channel.head = max(channel.head, notice.seq)
            cursor = self.keeper.cursor(batch.channel)
            if cursor is None or channel.page:  # the sync brings it
                continue
            if notice.seq == cursor.seq and notice.hash_bytes != cursor.hash_bytes:
                self._repair(channel, 0 if way == "push" else random.uniform(0, SOON_S))
            if notice.seq == cursor.seq + 1 and cursor.epoch == batch.epoch:
                self._take(batch.channel, batch.epoch, notice, way)
        if channel.head > self._seq(batch.channel):
            self._repair(channel, 0 if way == "push" else random.uniform(0, SOON_S))
        self.keeper.save()

    def _take(self, number, epoch, notice, way):
        if notice.HasField("public_request"):
            self.shown.take_request(notice.public_request, way)
        elif notice.HasField("item"):
            self._item(notice.item, way)
        self.keeper.set_cursor(schema.message("wire.Cursor")(channel=number, epoch=epoch, seq=notice.seq,
                                                             hash_bytes=notice.hash_bytes))
        self.ping_due = min(self.ping_due, time.monotonic() + 1)

    def _item(self, item, way):
        self.shown.take_item(item, way)
        party = item.party  # empty where it is another kind of item
        if party.party == self.welcome.party and (party.state, party.audience_class) != (
                self.welcome.party_state, self.welcome.audience_class):
            self._hello_in(0)

    # ------------------------------------------------------------ sync

    def _sync(self, number, channel, token=0, replay_from=0):
        cursor = self.keeper.cursor(number)
        if cursor is None or replay_from:
            cursor = schema.message("wire.Cursor")(channel=number, epoch=self.welcome.epoch)
        if channel.page is None:
            channel.page, channel.repair_due = {"kept": set()}, None
        asked = schema.message("wire.Sync")(cursor=cursor, page_token=token, replay_from=replay_from)
        self._ask("sync", asked, self._synced)

    def _synced(self, question, answer):
        number = question.body.cursor.channel
        channel = self.channels.get(number)
        if channel is None or channel.page is None:
            return
        if answer.WhichOneof("body") != "page":
            channel.page = None
            return self._repair(channel, 0) if answer.reply.code == BAD_VALUE else self._hello_in(0)
        page = answer.page
        if page.channel != number or page.epoch != self.welcome.epoch:
            channel.page = None
            return self._hello_in(0)
        if page.mode == schema.value("wire.SyncMode", "SYNC_SNAPSHOT"):
            return self._snapshot_page(number, channel, page)
        for notice in page.notices:
            if notice.seq == self._seq(number) + 1:
                self._take(number, page.epoch, notice, "page")
        self.keeper.save()
        if page.page_token:
            return self._sync(number, channel, token=page.page_token)
        channel.page = None
        channel.head = max(channel.head, page.head)
        if channel.head > self._seq(number):
            self._repair(channel, 0.2)

    def _snapshot_page(self, number, channel, page):
        for request in page.requests:
            channel.page["kept"].add(request.request)
            self.shown.take_request(request, "page", snapshot=True)
        for item in page.items:
            self._item(item, "page")
        if page.page_token:
            return self._sync(number, channel, token=page.page_token, replay_from=page.cursor.seq)
        if channel.state.topic:
            self.shown.cancel_all_but(channel.page["kept"])
        self.keeper.set_cursor(page.cursor)
        self.keeper.save()
        self.tell("snapshot", page, "page")
        channel.page = None
        channel.head = max(channel.head, page.cursor.seq)
        if channel.head > 0:  # from seq 0 there is nothing to replay, and asking would bring a snapshot again
            self._repair(channel, 0)

    # ------------------------------------------------------------ commands and releases

    def give(self, **what):
        """Gives a command, such as give(pause=message("wire.Pause")()); its id. The answer is told as "reply"."""
        command = schema.message("wire.Command")(id_bytes=schema.command_id(self.now_ms()), **what)
        self.keeper.add_command(command)
        self._ask("command", command, self._command_answered)
        return command.id_bytes

    def _command_answered(self, question, answer):
        self.keeper.end_command(question.body.id_bytes.hex())
        self.tell("reply", answer.reply, "answer")

    def open_release(self, view):
        """The letter in a release that is addressed to this member; the sender's key is pinned."""
        pins, key = self.keeper.rows["pins"], str(view.sender)
        pinned = bytes.fromhex(pins[key]) if key in pins else None
        letter = seals.open_release(view, self.keeper.rows["member"], bytes(self.keeper.sealing), pinned)
        pins[key] = view.sender_key_bytes.hex()
        self.keeper.save()
        return letter

    def check_words(self):
        return seals.check_words(bytes(self.keeper.sealing.public_key))
