# SPDX-License-Identifier: MPL-2.0
"""A client of the wire, written from proto/PROTOCOL.md alone: none of our C is in it.

`WireClient` holds one member's sockets: it enrols, says hello, gives commands, asks, syncs, and sends raw bytes.
`Follower` stays complete on a client's channels as the protocol asks. Every wait has a time-out. A client belongs to
one thread.
"""
import base64
import hashlib
import os
import random
import struct
import time
import uuid

import nacl.bindings as sodium
import zmq
import zmq.utils.monitor
from nacl.exceptions import CryptoError
from zmq.utils import z85

import zpl
from schema import CODE, SYMBOL, client as sealed, wire

TIMEOUT = float(os.environ.get("BUURTBEL_E2E_TIMEOUT", "15"))
VERSION = b"\x01"
FRAME_MAX = 64 * 1024 + 33
INVITATION = "buurtbel-invitation:"


class Refused(Exception):
    """A reply with another code than 0."""

    def __init__(self, reply):
        super().__init__(f"{SYMBOL.get(reply.code, reply.code)}: {reply.sentence.decode()}")
        self.reply = reply
        self.code = reply.code


class Timeout(Exception):
    """The broker gave no answer in time."""


def command_id(at_ms=None):
    """A UUID of version 7."""
    at_ms = int(time.time() * 1000) if at_ms is None else at_ms
    value = at_ms << 80 | 0x7 << 76 | random.getrandbits(12) << 64 | 0x2 << 62 | random.getrandbits(62)
    return uuid.UUID(int=value).bytes


def id_text(number):
    """A public id as people see it."""
    return "".join("0123456789abcdefghjkmnpqrstvwxyz"[number >> shift & 31] for shift in range(60, -5, -5))


def check_words(sealing_key):
    digest = hashlib.blake2b(b"buurtbel check words 1" + sealing_key, digest_size=8).digest()

    def proquint(n):
        c, v = "bdfghjklmnprstvz", "aiou"
        return c[n >> 12] + v[n >> 10 & 3] + c[n >> 6 & 15] + v[n >> 4 & 3] + c[n & 15]

    return "-".join(proquint(n) for n in struct.unpack(">4H", digest))


def invitation_checksum(message):
    bare = sealed.Invitation()
    bare.CopyFrom(message)
    bare.ClearField("checksum_bytes")
    return hashlib.blake2b(bare.SerializeToString(deterministic=True), digest_size=32).digest()[:4]


def read_invitation(text):
    packed = "".join(text.split())
    assert packed.startswith(INVITATION), "this is no invitation"
    packed = packed[len(INVITATION):].rstrip("=")
    message = sealed.Invitation.FromString(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    assert message.checksum_bytes == invitation_checksum(message), "this invitation was not copied whole"
    return message


def write_invitation(message):
    message.checksum_bytes = invitation_checksum(message)
    return INVITATION + base64.urlsafe_b64encode(message.SerializeToString(deterministic=True)).decode().rstrip("=")


class Keys:
    """The three key pairs of a member."""

    def __init__(self):
        self.curve_public, self.curve_secret = (z85.decode(key) for key in zmq.curve_keypair())
        self.sealing_public, self.sealing_secret = sodium.crypto_box_keypair()
        self.signing_public, self.signing_secret = sodium.crypto_sign_keypair()

    @classmethod
    def from_identity(cls, tree):
        keys = cls.__new__(cls)

        def value(section, name):
            return z85.decode(tree[section][name].encode())

        keys.curve_public, keys.curve_secret = value("curve", "public-key"), value("curve", "secret-key")
        keys.sealing_public, keys.sealing_secret = value("sealing", "public-key"), value("sealing", "secret-key")
        keys.signing_public, keys.signing_secret = sodium.crypto_sign_seed_keypair(value("signing", "secret-seed"))
        return keys


class Broker:
    """Where a broker is and what its key is."""

    def __init__(self, command, publish, server_key, community):
        self.command, self.publish, self.server_key, self.community = command, publish, server_key, community


def subscriber_is_refused(broker, keys, timeout=TIMEOUT):
    """Dials the publish socket with a SUB and tells whether the door refused the key."""
    sub = zmq.Context.instance().socket(zmq.SUB)
    sub.curve_publickey, sub.curve_secretkey = z85.encode(keys.curve_public), z85.encode(keys.curve_secret)
    sub.curve_serverkey = z85.encode(broker.server_key)
    monitor = sub.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_SUCCEEDED)
    try:
        sub.connect(broker.publish)
        if not monitor.poll(int(timeout * 1000)):
            raise Timeout(f"the publish socket did not answer in {timeout} s")
        return zmq.utils.monitor.recv_monitor_message(monitor)["event"] == zmq.EVENT_HANDSHAKE_FAILED_AUTH
    finally:
        sub.disable_monitor()
        sub.close(linger=0)
        monitor.close(linger=0)


class WireClient:
    def __init__(self, broker, keys):
        self.broker, self.keys = broker, keys
        self.member = self.party = 0
        self.welcome = None
        self.clock_offset_ms = 0
        self.answers, self.pushes, self.published = {}, [], []
        self.correlation = 0
        self.dealer = self.sub = None
        self.monitor = None
        self.topics = set()
        self.connect()

    @classmethod
    def from_home(cls, home):
        """As the identity in a folder that one of our programs made."""
        tree = zpl.read(home / "identity.zpl")
        at = tree["broker"]
        broker = Broker(at["command"], at["publish"], z85.decode(at["server-key"].encode()),
                        tree["metadata"]["community"].encode())
        return cls(broker, Keys.from_identity(tree))

    @classmethod
    def enrol(cls, text, party_name, member_name, keys=None):
        """Becomes a member by an invitation, and connects as it. Raises Refused."""
        invitation = read_invitation(text)
        broker = Broker(invitation.command_endpoint.decode(), invitation.publish_endpoint.decode(),
                        invitation.server_key_bytes, invitation.community)
        admission = Keys()
        admission.curve_public = invitation.admission_public_bytes
        admission.curve_secret = invitation.admission_secret_bytes
        keys = keys or Keys()
        door = cls(broker, admission)
        try:
            reply = door.command(enrol=wire.Enrol(
                party_name=party_name.encode(), member_name=member_name.encode(), curve_key_bytes=keys.curve_public,
                sealing_key_bytes=keys.sealing_public, signing_key_bytes=keys.signing_public))
        finally:
            door.close()
        me = cls(broker, keys)
        me.member, me.party, me.party_state = reply.made, reply.party, reply.state
        return me

    # ---- sockets

    def _socket(self, kind):
        socket = zmq.Context.instance().socket(kind)
        socket.linger = 0
        socket.maxmsgsize = FRAME_MAX
        socket.heartbeat_ivl, socket.heartbeat_timeout, socket.heartbeat_ttl = 10000, 30000, 30000
        socket.handshake_ivl = 10000
        socket.reconnect_ivl = random.randint(100, 300)  # shorter than in the field: tests are in a hurry
        socket.reconnect_ivl_max = 1000
        socket.curve_serverkey = self.broker.server_key
        socket.curve_publickey, socket.curve_secretkey = self.keys.curve_public, self.keys.curve_secret
        return socket

    def connect(self):
        self.dealer = self._socket(zmq.DEALER)
        self.dealer.immediate = True
        self.dealer.sndhwm, self.dealer.rcvhwm = 64, 1000
        self.monitor = self.dealer.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_SUCCEEDED |
                                                      zmq.EVENT_DISCONNECTED)
        self.dealer.connect(self.broker.command)

    def close(self):
        for socket in (self.dealer, self.sub):
            if socket is not None:
                socket.disable_monitor()
                socket.close(linger=0)
        if self.monitor is not None:
            self.monitor.close(linger=0)
        self.dealer = self.sub = self.monitor = None
        self.topics = set()

    def reconnect(self):
        """A new connection, as after a restart of the client."""
        self.close()
        self.answers, self.pushes, self.published = {}, [], []
        self.connect()

    def wait_event(self, event, timeout=TIMEOUT):
        """Waits for a monitor event of the DEALER, such as zmq.EVENT_HANDSHAKE_FAILED_AUTH; gives its value."""
        deadline = time.monotonic() + timeout
        while (left := deadline - time.monotonic()) > 0:
            if self.monitor.poll(int(left * 1000) + 1):
                seen = zmq.utils.monitor.recv_monitor_message(self.monitor)
                if seen["event"] == event:
                    return seen["value"]
        raise Timeout(f"no monitor event {event} in {timeout} s")

    def pump(self, timeout=0.0):
        """Takes what arrived, after waiting for the first of it for up to `timeout` seconds."""
        poller = zmq.Poller()
        for socket in (self.dealer, self.sub):
            if socket is not None:
                poller.register(socket, zmq.POLLIN)
        ready = dict(poller.poll(max(0, int(timeout * 1000))))
        if self.dealer in ready:
            self._take(self.dealer, self._take_answer)
        if self.sub is not None and self.sub in ready:
            self._take(self.sub, self._take_published)

    @staticmethod
    def _take(socket, take):
        for _ in range(1000):
            try:
                take(socket.recv_multipart(zmq.NOBLOCK))
            except zmq.Again:
                return

    def _take_answer(self, frames):
        assert len(frames) == 1 and frames[0][:1] == VERSION, "an answer is one frame of our version"
        message = wire.FromBroker.FromString(frames[0][1:])
        if message.WhichOneof("body") == "push":
            assert message.correlation == 0, "a push answers nothing"
            self.pushes.append(message.push)
        else:
            self.answers[message.correlation] = message

    def _take_published(self, frames):
        assert len(frames) == 2 and frames[1][:1] == VERSION, "topic and body"
        self.published.append(wire.Published.FromString(frames[1][1:]))

    # ---- questions

    def send_frames(self, frames, timeout=TIMEOUT):
        if not self.dealer.poll(int(timeout * 1000), zmq.POLLOUT):
            raise Timeout("no connection to the broker")
        try:
            self.dealer.send_multipart(frames, zmq.NOBLOCK)
        except zmq.Again:
            raise Timeout("the connection broke just now") from None

    def post(self, timeout=TIMEOUT, **body):
        """Sends a FromClient with this body, such as hello=wire.Hello(); gives its correlation."""
        self.correlation += 1
        message = wire.FromClient(correlation=self.correlation, **body)
        self.send_frames([VERSION + message.SerializeToString()], timeout)
        return self.correlation

    def wait(self, correlation, timeout=TIMEOUT):
        deadline = time.monotonic() + timeout
        while correlation not in self.answers:
            left = deadline - time.monotonic()
            if left <= 0:
                raise Timeout(f"no answer in {timeout} s")
            self.pump(left)
        return self.answers.pop(correlation)

    def ask(self, timeout=TIMEOUT, **body):
        """One question, one answer: the FromBroker."""
        return self.wait(self.post(timeout, **body), timeout)

    def raw(self, frame, correlation=0, timeout=TIMEOUT):
        """Sends bytes as they are; gives the Reply to them."""
        self.answers.pop(correlation, None)
        self.send_frames([frame], timeout)
        return self.wait(correlation, timeout).reply

    def _body(self, message, wanted):
        if message.WhichOneof("body") == "reply":
            raise Refused(message.reply)
        assert message.WhichOneof("body") == wanted, f"asked for {wanted}, got {message}"
        return getattr(message, wanted)

    def hello(self, timeout=TIMEOUT):
        before = time.time() * 1000
        self.welcome = self._body(self.ask(timeout, hello=wire.Hello(software=b"e2e 1")), "welcome")
        self.clock_offset_ms = int(self.welcome.now_at_ms - before)
        self.member, self.party = self.welcome.member, self.welcome.party
        return self.welcome

    def ping(self, cursors=(), timeout=TIMEOUT):
        return self._body(self.ask(timeout, ping=wire.Ping(cursors=cursors)), "pong")

    def now_ms(self):
        return int(time.time() * 1000) + self.clock_offset_ms

    def make(self, id_bytes=None, **what):
        """A Command, such as pause=wire.Pause()."""
        return wire.Command(id_bytes=id_bytes or command_id(self.now_ms()), **what)

    def try_command(self, id_bytes=None, timeout=TIMEOUT, **what):
        """One command, sent once; gives the Reply whatever its code."""
        message = self.ask(timeout, command=self.make(id_bytes, **what))
        assert message.WhichOneof("body") == "reply", f"a command is answered by a reply, not {message}"
        return message.reply

    def command(self, id_bytes=None, timeout=TIMEOUT, **what):
        """One command that has to succeed; gives the Reply."""
        reply = self.try_command(id_bytes, timeout, **what)
        if reply.code != CODE["OK"]:
            raise Refused(reply)
        return reply

    def command_until(self, deadline, again=1.0, **what):
        """Repeats one command, with one id, through breaks and restarts, until it is answered; gives the Reply.
        Raises Timeout once time.monotonic() passed the deadline."""
        command = self.make(**what)
        while time.monotonic() < deadline:
            try:
                return self.ask(again, command=command).reply
            except Timeout:
                continue  # the connection broke, or the broker is away; libzmq dials again
        raise Timeout("no answer before the deadline")

    def query(self, timeout=TIMEOUT, **what):
        """One query, such as status=wire.AskStatus(); gives what it asked for. Raises Refused."""
        answer = self._body(self.ask(timeout, query=wire.Query(**what)), "answer")
        return getattr(answer, answer.WhichOneof("what"))

    def list_all(self, name, **fields):
        """All pages of a list query, such as "requests"."""
        kind = {field.name: field.message_type.name for field in wire.Query.DESCRIPTOR.fields}[name]
        rows, token = [], 0
        for _ in range(10000):
            page = self.query(**{name: getattr(wire, kind)(page_token=token, **fields)})
            rows += getattr(page, name)
            token = page.page_token
            if token == 0:
                return rows
        raise AssertionError("a list without end")

    def sync(self, channel, cursor=None, timeout=TIMEOUT):
        """All pages of one sync."""
        cursor = cursor or wire.Cursor(channel=channel)
        pages, token, replay_from = [], 0, 0
        for _ in range(10000):
            ask = wire.Sync(cursor=cursor, page_token=token, replay_from=replay_from)
            page = self._body(self.ask(timeout, sync=ask), "page")
            pages.append(page)
            token = page.page_token
            if page.mode == wire.SYNC_SNAPSHOT:
                cursor, replay_from = wire.Cursor(channel=channel), pages[0].cursor.seq
            elif page.notices:
                cursor = cursor_after(page.notices[-1], channel, page.epoch)
            if token == 0:
                return pages
        raise AssertionError("a sync without end")

    # ---- the publish socket

    def class_channel(self):
        return next((state for state in self.welcome.channels if state.topic), None)

    def mailbox(self):
        return next(state for state in self.welcome.channels if not state.topic)

    def subscribe(self, topics=None):
        """Follows the topics of the last welcome."""
        wanted = {state.topic for state in self.welcome.channels if state.topic} if topics is None else set(topics)
        if self.sub is None:
            self.sub = self._socket(zmq.SUB)
            self.sub.sndhwm, self.sub.rcvhwm = 0, 10000
            self.sub.connect(self.broker.publish)
        for topic in wanted - self.topics:
            self.sub.subscribe(topic)
        for topic in self.topics - wanted:
            self.sub.unsubscribe(topic)
        self.topics = wanted

    def open_box(self, published):
        """The Batch of a Published, by the keys of the last welcome; None when there is none or it does not open."""
        state = next((state for state in self.welcome.channels if state.channel == published.channel), None)
        if published.first == 0 or state is None or state.key_id != published.key_id:
            return None
        return open_box(published, state.key_bytes)

    # ---- invitations

    def invite(self, role, audience_class=0, standing=False, uses=1, party=0, expires_at_ms=None):
        """Makes an invitation; gives its text and id."""
        public, secret = (z85.decode(key) for key in zmq.curve_keypair())
        expires_at_ms = expires_at_ms or self.now_ms() + 7 * 24 * 3600 * 1000
        reply = self.command(make_invitation=wire.MakeInvitation(
            role=role, audience_class=audience_class, standing=standing, uses=uses, party=party,
            expires_at_ms=expires_at_ms, admission_key_bytes=public))
        text = write_invitation(sealed.Invitation(
            version=1, command_endpoint=self.broker.command.encode(), publish_endpoint=self.broker.publish.encode(),
            server_key_bytes=self.broker.server_key, admission_public_bytes=public, admission_secret_bytes=secret,
            community=self.broker.community, role=role, audience_class=audience_class, expires_at_ms=expires_at_ms))
        return text, reply.made


def cursor_after(notice, channel, epoch):
    return wire.Cursor(channel=channel, epoch=epoch, seq=notice.seq, hash_bytes=notice.hash_bytes)


def open_box(published, key):
    """Decrypts a Published; None when the key does not fit."""
    extra = published.boot_bytes + struct.pack(">IQQQI", published.epoch, published.channel, published.first,
                                               published.head, published.key_id)
    try:
        plain = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(published.box_bytes, extra, published.nonce_bytes,
                                                                  key)
    except CryptoError:
        return None
    batch = wire.Batch.FromString(plain)
    assert batch.channel == published.channel and batch.epoch == published.epoch
    return batch


# ---- sealed things

def seal_contact(card, members, recovery_key):
    """A SealedContact of a client.ContactCard for [(member id, sealing key)] and the recovery key."""
    plain = sodium.sodium_pad(card.SerializeToString(), 512)
    nonce, key = os.urandom(24), os.urandom(32)
    contact = wire.SealedContact(nonce_bytes=nonce, box_bytes=sodium.crypto_secretbox(plain, nonce, key))
    for member, sealing_key in list(members) + [(0, recovery_key)]:
        contact.keys.add(member=member, sealed_bytes=sodium.crypto_box_seal(key, sealing_key))
    return contact


def open_contact(contact, member, keys):
    wrapped = next(row.sealed_bytes for row in contact.keys if row.member == member)
    key = sodium.crypto_box_seal_open(wrapped, keys.sealing_public, keys.sealing_secret)
    plain = sodium.crypto_secretbox_open(contact.box_bytes, contact.nonce_bytes, key)
    return sealed.ContactCard.FromString(sodium.sodium_unpad(plain, 512))


def seal_release(letter, signing_secret):
    """The box of a Release for a client.ReleaseLetter, whose recipient_key_bytes is what it is sealed to."""
    packed = letter.SerializeToString()
    signature = sodium.crypto_sign(b"buurtbel release 1" + packed, signing_secret)[:64]
    both = sealed.SignedLetter(letter_bytes=packed, signature_bytes=signature)
    return sodium.crypto_box_seal(sodium.sodium_pad(both.SerializeToString(), 1024), letter.recipient_key_bytes)


def open_release(release, keys):
    """The letter in a ReleaseView, all checked."""
    plain = sodium.crypto_box_seal_open(release.box_bytes, keys.sealing_public, keys.sealing_secret)
    assert len(plain) == 1024
    both = sealed.SignedLetter.FromString(sodium.sodium_unpad(plain, 1024))
    sodium.crypto_sign_open(both.signature_bytes + b"buurtbel release 1" + both.letter_bytes, release.sender_key_bytes)
    letter = sealed.ReleaseLetter.FromString(both.letter_bytes)
    for name in ("asker", "request", "offer", "recipient", "sender", "channel"):
        assert getattr(letter, name) == getattr(release, name), f"{name} was swapped"
    assert letter.recipient_key_bytes == keys.sealing_public
    return letter


class Follower:
    """Keeps one client complete on all channels that its welcome lists.

    `seqs` tells per channel which notices were taken, in order, since the last snapshot; `snapshots` how many came.
    """

    def __init__(self, client):
        self.client = client
        self.cursors, self.heads, self.seqs = {}, {}, {}
        self.snapshots = 0
        self.requests, self.alerted = {}, []  # PublicRequest by id; ids in the order they were first seen open
        self.items = []
        self.boot = b""
        self.next_ping = 0.0

    def start(self, timeout=TIMEOUT):
        """Hello, subscriptions, and a sync of what is behind."""
        welcome = self.client.hello(timeout)
        self.client.subscribe()
        new_boot = welcome.boot_bytes != self.boot  # perhaps of another history, where heads tell nothing
        self.boot = welcome.boot_bytes
        self.heads = {state.channel: state.head for state in welcome.channels}
        for channel in self.heads:
            if new_boot or channel not in self.cursors or not self._complete(channel):
                self._sync(channel)
        return self

    def _complete(self, channel):
        cursor = self.cursors.get(channel)
        return cursor is not None and cursor.epoch == self.client.welcome.epoch and cursor.seq >= self.heads[channel]

    def _sync(self, channel):
        pages = self.client.sync(channel, self.cursors.get(channel))
        self.heads[channel] = max(self.heads.get(channel, 0), pages[-1].head)
        if pages[0].mode == wire.SYNC_SNAPSHOT:
            self._take_snapshot(channel, pages)
        for page in pages:
            assert self._take_notices(channel, page.epoch, page.notices), "a replay has a hole"

    def _take_snapshot(self, channel, pages):
        """Replaces what it holds: a request that no page has is over (DOMAIN: rule 4)."""
        self.snapshots += 1
        self.cursors[channel] = pages[0].cursor
        self.seqs.pop(channel, None)
        if not any(state.channel == channel and state.topic for state in self.client.welcome.channels):
            self.items = [item for page in pages for item in page.items][::-1]
            return
        open_now = {request.request: request for page in pages for request in page.requests}
        for number, known in self.requests.items():
            if number not in open_now:
                self.requests[number] = wire.PublicRequest(request=number, revision=known.revision,
                                                           state=wire.REQUEST_CLOSED)
        for request in open_now.values():
            self._take_request(request)

    def _take_notices(self, channel, epoch, notices):
        """Takes those that follow; False when there is a hole."""
        for notice in notices:
            last = self.cursors[channel].seq if channel in self.cursors else 0
            if notice.seq <= last:
                continue
            if notice.seq > last + 1:
                return False
            if notice.WhichOneof("what") == "item":
                self.items.append(notice.item)
            elif notice.WhichOneof("what") == "public_request":
                self._take_request(notice.public_request)
            self.seqs.setdefault(channel, []).append(notice.seq)
            self.cursors[channel] = cursor_after(notice, channel, epoch)
        return True

    def _take_request(self, request):
        known = self.requests.get(request.request)
        if known is not None and known.revision > request.revision:
            return
        self.requests[request.request] = request
        if request.state == wire.REQUEST_OPEN and request.request not in self.alerted:
            self.alerted.append(request.request)

    def _behind(self):
        """Takes all that was received; gives the channels to sync, or None when it takes a new hello."""
        behind = set()
        pushes, self.client.pushes = self.client.pushes, []
        published, self.client.published = self.client.published, []
        for batch in pushes:
            if not self._take_notices(batch.channel, batch.epoch, batch.notices):
                behind.add(batch.channel)
        for seen in published:
            keys = {state.channel: state.key_id for state in self.client.welcome.channels}
            if seen.channel not in keys:
                continue
            if seen.boot_bytes != self.boot or seen.key_id != keys[seen.channel]:
                return None
            self.heads[seen.channel] = max(self.heads[seen.channel], seen.head)
            batch = self.client.open_box(seen)
            if batch is not None:
                self._take_notices(batch.channel, batch.epoch, batch.notices)
            if not self._complete(seen.channel):
                behind.add(seen.channel)
        return behind

    def step(self, timeout=0.5):
        """Receives for up to `timeout` seconds, pings every second, and repairs what is missing."""
        self.client.pump(timeout)
        behind = self._behind()
        if behind is not None and time.monotonic() >= self.next_ping:
            pong = self.client.ping(self.cursors.values(), timeout=3)
            self.next_ping = time.monotonic() + 1
            if pong.boot_bytes != self.boot or pong.epoch != self.client.welcome.epoch:
                behind = None
            else:
                for head in pong.heads:
                    if head.channel in self.heads:
                        self.heads[head.channel] = max(self.heads[head.channel], head.seq)
                        if not self._complete(head.channel):
                            behind.add(head.channel)
        if behind is None:
            self.start()
            return
        for channel in behind:
            self._sync(channel)

    def until(self, happened, timeout=TIMEOUT):
        """Follows until `happened()`; breaks of the connection in between are lived through."""
        deadline = time.monotonic() + timeout
        while not happened():
            left = deadline - time.monotonic()
            if left <= 0:
                raise Timeout(f"it did not happen in {timeout} s")
            try:
                self.step(min(left, 0.2))
            except Timeout:
                continue

    # ---- what it holds

    def state(self, request):
        known = self.requests.get(request)
        return known.state if known is not None else None

    def offers(self):
        """The newest OfferView of each offer in the mailbox."""
        return newest((item.offer for item in self.items if item.WhichOneof("what") == "offer"), "offer")

    def mailbox_requests(self):
        return newest((item.request for item in self.items if item.WhichOneof("what") == "request"), "request")

    def releases(self):
        return [item.release for item in self.items if item.WhichOneof("what") == "release"]

    def parties(self):
        return [item.party for item in self.items if item.WhichOneof("what") == "party"]


def newest(views, name):
    found = {}
    for view in views:
        known = found.get(getattr(view, name))
        if known is None or view.revision >= known.revision:
            found[getattr(view, name)] = view
    return found
