# SPDX-License-Identifier: MPL-2.0
"""ZMTP 3.0 and CurveZMQ by hand, over a bare TCP socket: a peer that can say what libzmq never would.

Written from RFC 23 and RFC 26. Every step of the handshake is a method, so that a test can go wrong at any of them:
metadata of its own, a vouch that does not fit, bytes that do not decrypt. Reads end at `timeout`.
"""
import os
import socket
import struct

import nacl.bindings as sodium

SIGNATURE = b"\xff" + bytes(8) + b"\x7f"
MORE, LONG, COMMAND = 1, 2, 4


class Cut(Exception):
    """The broker closed the connection."""


def greeting(mechanism=b"CURVE", version=b"\x03\x00"):
    return SIGNATURE + version + mechanism.ljust(20, b"\0") + bytes(32)


def frame(body, flags=0):
    if len(body) > 255:
        return struct.pack(">BQ", flags | LONG, len(body)) + body
    return struct.pack(">BB", flags, len(body)) + body


def properties(pairs):
    """Metadata of a handshake: a name may stand in it twice."""
    return b"".join(bytes([len(name)]) + name + struct.pack(">I", len(value)) + value for name, value in pairs)


def address(endpoint):
    host, port = endpoint.removeprefix("tcp://").rsplit(":", 1)
    return host, int(port)


class Peer:
    """One connection. `handshake` does it all; or say() what you like."""

    def __init__(self, endpoint, timeout=10.0):
        self.socket = socket.create_connection(address(endpoint), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.taken = b""
        self.nonce = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    # ---- bytes and frames

    def say(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            raise Cut from None

    def hear(self, size):
        while len(self.taken) < size:
            try:
                more = self.socket.recv(65536)
            except ConnectionResetError:
                raise Cut from None
            if not more:
                raise Cut
            self.taken += more
        head, self.taken = self.taken[:size], self.taken[size:]
        return head

    def hear_frame(self):
        flags = self.hear(1)[0]
        size = struct.unpack(">Q", self.hear(8))[0] if flags & LONG else self.hear(1)[0]
        return self.hear(size)

    def until_cut(self):
        """Reads what there is until the broker closes; a TimeoutError when it does not."""
        try:
            while True:
                self.hear(1)
        except Cut:
            return

    # ---- the handshake

    def greet(self, mechanism=b"CURVE", version=b"\x03\x00"):
        self.say(greeting(mechanism, version))
        return self.hear(64)

    def _short_nonce(self):
        self.nonce += 1
        return struct.pack(">Q", self.nonce)

    def hello(self, server_key):
        self.server_key = server_key
        self.brief_public, self.brief_secret = sodium.crypto_box_keypair()
        nonce = self._short_nonce()
        box = sodium.crypto_box(bytes(64), b"CurveZMQHELLO---" + nonce, server_key, self.brief_secret)
        self.say(frame(b"\x05HELLO\x01\x00" + bytes(72) + self.brief_public + nonce + box, COMMAND))

    def welcome(self):
        body = self.hear_frame()
        assert body[:8] == b"\x07WELCOME", body[:16]
        plain = sodium.crypto_box_open(body[24:], b"WELCOME-" + body[8:24], self.server_key, self.brief_secret)
        self.server_brief, self.cookie = plain[:32], plain[32:]
        self.shared = sodium.crypto_box_beforenm(self.server_brief, self.brief_secret)

    def initiate(self, keys, pairs):
        """Claims keys.curve_public; the vouch is made with keys.curve_secret."""
        vouch_nonce, nonce = os.urandom(16), self._short_nonce()
        vouch = sodium.crypto_box(self.brief_public + self.server_key, b"VOUCH---" + vouch_nonce, self.server_brief,
                                  keys.curve_secret)
        plain = keys.curve_public + vouch_nonce + vouch + properties(pairs)
        box = sodium.crypto_box_afternm(plain, b"CurveZMQINITIATE" + nonce, self.shared)
        self.say(frame(b"\x08INITIATE" + self.cookie + nonce + box, COMMAND))

    def ready(self):
        body = self.hear_frame()
        if body[:6] == b"\x05ERROR":
            raise Cut
        assert body[:6] == b"\x05READY", body[:16]

    def handshake(self, server_key, keys, pairs=(), kind=b"DEALER"):
        self.greet()
        self.hello(server_key)
        self.welcome()
        self.initiate(keys, [(b"Socket-Type", kind), *pairs])
        self.ready()
        return self

    # ---- messages

    def send(self, body, flags=0):
        nonce = self._short_nonce()
        box = sodium.crypto_box_afternm(bytes([flags]) + body, b"CurveZMQMESSAGEC" + nonce, self.shared)
        self.say(frame(b"\x07MESSAGE" + nonce + box))

    def receive(self):
        body = self.hear_frame()
        assert body[:8] == b"\x07MESSAGE", body[:16]
        return sodium.crypto_box_open_afternm(body[16:], b"CurveZMQMESSAGES" + body[8:16], self.shared)[1:]
