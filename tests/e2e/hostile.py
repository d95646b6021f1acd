# SPDX-License-Identifier: MPL-2.0
"""What hostile peers do to a broker, and what must then still be true of it: the table of attacks, and `Siege`.

An attack of the table runs inside `siege.under(name)`, which sees to it that the broker stays up, that its memory and
its log grow by no more than the table says, that the counter of the limit moved, and that a desk's request is still
answered and delivered in a time that is bounded by what it took before. Tests ask for the last of these while their
attack is under way too (`others_go_on`).
"""
import collections
import contextlib
import os
import statistics
import time

import zmq
from zmq.utils import z85

import village as villages
import wire as api
from schema import CODES, SYMBOL, wire

Attack = collections.namedtuple("Attack", "limit metric code memory_kb")

# What it does: the limit that it meets (a name of lib/bounds.h, a key of the configuration, or an option of a socket),
# the counter that tells (None: libzmq cuts it off and tells nobody), the code that is answered (None: no word, at the
# door), and what the broker's anonymous memory may grow by.
ATTACKS = {
    "silent and slow connections": Attack("HANDSHAKE_IVL", None, None, 12 * 1024),
    "garbage before and in the handshake": Attack("HANDSHAKE_IVL", None, None, 4 * 1024),
    "a flood of unknown keys": Attack("who is let in", "zap_unknown_key_total", None, 8 * 1024),
    "guessed invitations": Attack("who is let in", "zap_unknown_key_total", None, 8 * 1024),
    "a known key that dials on and on":
        Attack("limits/key-handshakes-burst", "zap_rate_limited_total", None, 12 * 1024),
    "an address that dials on and on": Attack("limits/handshakes-burst", "zap_rate_limited_total", None, 12 * 1024),
    "dialling a socket that is not for this key": Attack("who is let in", "zap_wrong_domain_total", None, 8 * 1024),
    "an invitation that asks for everything": Attack("rights", "refused_by_rights_total", "NOT_ALLOWED", 4 * 1024),
    "an invitation that enrols on and on": Attack("limits/commands-burst", "refused_busy_total", "BUSY", 4 * 1024),
    "forged metadata": Attack("rights", "refused_by_rights_total", "NOT_ALLOWED", 4 * 1024),
    "another member's recorded commands": Attack("rights", "commands_refused_total", "NOT_ALLOWED", 4 * 1024),
    "a flood of commands": Attack("limits/commands-burst", "refused_busy_total", "BUSY", 8 * 1024),
    "frames just past our limit": Attack("COMMAND_FRAME_SIZE_MAX", "frames_malformed_total", "TOO_LARGE", 8 * 1024),
    "frames past libzmq's limit": Attack("MAXMSGSIZE", None, None, 8 * 1024),
    "garbage in frames": Attack("MESSAGE_ARENA_SIZE_MAX", "frames_malformed_total", "MALFORMED", 8 * 1024),
    "many parts in one message": Attack("one frame a message", "frames_malformed_total", "MALFORMED", 8 * 1024),
    "a flood of subscriptions": Attack("SUBSCRIPTIONS_BURST", "subscription_floods_total", None, 8 * 1024),
    "answers that are not read": Attack("BROKER_FRAME_SIZE_MAX", "refused_busy_total", "BUSY", 8 * 1024),
    "pushes to who has gone": Attack("SESSIONS", "pushes_ended_session_total", None, 4 * 1024),
    "slow and frozen subscribers": Attack("SNDHWM", None, None, 16 * 1024),
    "many connections with one routing id": Attack("ROUTER_HANDOVER", None, None, 12 * 1024),
}
LOG_BYTES = 4096
SETTINGS = {"limits/handshakes-per-second": 5, "limits/handshakes-burst": 300, "limits/key-handshakes-per-second": 5,
            "limits/key-handshakes-burst": 100, "limits/commands-per-second": 50, "limits/commands-burst": 200}
SENTENCES = {number: sentence for _, number, _, sentence in CODES}

# A request during an attack takes at most this. The machine is shared, and a sanitizer slows down most where most is
# allocated: the ratio that is promised is measured by `tests/run hostile`, with a build that is fit for it.
SLOWER = 20
GRACE_SECONDS = 2.0


def is_sanitized(daemon):
    """A sanitizer keeps what was freed, and puts red zones around all."""
    with open(f"/proc/{daemon.process.child.pid}/maps", encoding="utf-8") as maps:
        return "libasan" in maps.read()


def rss_anon_kb(daemon):
    with open(f"/proc/{daemon.process.child.pid}/status", encoding="utf-8") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon:"))


def dial(broker, keys, kind=zmq.DEALER, source=None, **options):
    """A socket of libzmq with these keys; `source` is the address that it dials from."""
    made = zmq.Context.instance().socket(kind)
    made.linger, made.handshake_ivl, made.reconnect_ivl = 0, 10000, 100
    for name, value in options.items():
        setattr(made, name, value)
    made.curve_serverkey = broker.server_key
    made.curve_publickey, made.curve_secretkey = keys.curve_public, keys.curve_secret
    endpoint = broker.command if kind in (zmq.DEALER, zmq.ROUTER) else broker.publish
    made.connect(endpoint if source is None else endpoint.replace("tcp://", f"tcp://{source}:0;"))
    return made


@contextlib.contextmanager
def sockets():
    """A list of sockets that are closed at the end."""
    made = []
    try:
        yield made
    finally:
        for one in made:
            one.close(linger=0)


def keys_of_invitation(text):
    admission = api.read_invitation(text)
    keys = api.Keys()
    keys.curve_public, keys.curve_secret = admission.admission_public_bytes, admission.admission_secret_bytes
    return keys


def ping_frame(correlation):
    return api.VERSION + wire.FromClient(correlation=correlation, ping=wire.Ping()).SerializeToString()


def reply_in(frame):
    """(symbol, sentence) of a frame that holds a reply; ("", "") for any other answer."""
    message = wire.FromBroker.FromString(frame[1:])
    if message.WhichOneof("body") != "reply":
        return "", ""
    return SYMBOL[message.reply.code], message.reply.sentence.decode()


class Siege:
    """A village whose desk publishes and whose giver listens, while somebody else attacks it."""

    def __init__(self, daemon):
        self.daemon = daemon
        self.village = villages.Village(daemon)
        self.listener = self.village.follow(self.village.giver("Luisteraar"))
        self.asker = self.village.asker()
        self.publish_and_hear()
        self.usual = statistics.median(self.publish_and_hear() for _ in range(5))
        self.slowest = None

    def close(self):
        self.village.close()

    def publish_and_hear(self):
        """Seconds from a command to its delivery."""
        began = time.monotonic()
        request = self.village.publish(self.asker).made
        self.listener.until(lambda: request in self.listener.alerted, timeout=30)
        took = time.monotonic() - began
        self.village.desk.command(close_request=wire.CloseRequest(
            request=request, reason=wire.CLOSE_NO_LONGER_NEEDED, asker_agreed=True))
        return took

    def others_go_on(self):
        """To be asked while the attack is under way."""
        took = self.publish_and_hear()
        assert took <= self.usual * SLOWER + GRACE_SECONDS, f"{took:.2f} s instead of {self.usual:.2f} s"
        self.slowest = max(took, self.slowest or 0)

    @contextlib.contextmanager
    def under(self, name):
        attack, factor = ATTACKS[name], 2 if is_sanitized(self.daemon) else 1
        memory, log = rss_anon_kb(self.daemon), len(self.daemon.process.stderr())
        moved = self.metric(attack) if attack.metric else 0
        self.slowest = None
        yield attack
        self.others_go_on()
        grown = rss_anon_kb(self.daemon) - memory
        assert self.daemon.process.running()
        assert grown <= attack.memory_kb * factor, f"{name}: memory grew by {grown} KB"
        assert len(self.daemon.process.stderr()) - log <= LOG_BYTES, self.daemon.process.stderr()[log:][:2000]
        if attack.metric:
            assert self.metric(attack) > moved, f"{attack.metric} did not move"
        if os.environ.get("BUURTBEL_HOSTILE_TELL"):
            print(f"{name}: +{grown} KB, {self.slowest * 1000:.0f} ms instead of {self.usual * 1000:.0f} ms")

    def metric(self, attack):
        return self.daemon.metric("buurtbel_" + attack.metric)

    @staticmethod
    def setting(name):
        return SETTINGS[name]


def is_refusal(answer, attack):
    """It carries the attack's code and a sentence for people."""
    symbol, sentence = answer
    return symbol == attack.code and len(sentence) > 20
