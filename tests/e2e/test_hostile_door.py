# SPDX-License-Identifier: MPL-2.0
"""Those who are not in: sockets that say nothing, garbage, unknown and guessed keys, floods of handshakes, and keys
that may not do what they try. The attacks and what they may cost stand in hostile.ATTACKS.
"""
import os
import socket
import time

import pytest
import zmq
import zmq.utils.monitor

import curve
import hostile
import test_refusals as refusals
import wire as api
from schema import wire

HANDSHAKE_SECONDS = 5
ELSEWHERE = "127.0.0.2"  # loopback too, and another address to the limits


def outcome(monitor, wanted, timeout=20):
    """How many of these events came, until there is nothing more to come for a while or all did."""
    seen = 0
    while seen < wanted and monitor.poll(timeout * 1000):
        event = zmq.utils.monitor.recv_monitor_message(monitor)["event"]
        assert event == zmq.EVENT_HANDSHAKE_FAILED_AUTH
        seen += 1
    return seen


def refused_dials(broker, keys, kind, source=ELSEWHERE):
    """Dials once with each key; gives how many the door refused with a word."""
    with hostile.sockets() as made:
        monitors = []
        for one in keys:
            made.append(dialler := zmq.Context.instance().socket(kind))
            dialler.curve_serverkey = broker.server_key
            dialler.curve_publickey, dialler.curve_secretkey = one.curve_public, one.curve_secret
            monitors.append(dialler.get_monitor_socket(zmq.EVENT_HANDSHAKE_FAILED_AUTH |
                                                       zmq.EVENT_HANDSHAKE_SUCCEEDED))
            endpoint = broker.command if kind == zmq.DEALER else broker.publish
            dialler.connect(endpoint.replace("tcp://", f"tcp://{source}:0;"))
        refused = sum(outcome(monitor, 1) for monitor in monitors)
        for dialler in made:
            dialler.disable_monitor()
        return refused


# ---- before the handshake

def connections(broker, count):
    """Bare connections to both sockets, by turns."""
    places = [curve.address(broker.command), curve.address(broker.publish)]
    return [socket.create_connection(places[i % 2], 10) for i in range(count)]


def is_closed(connection):
    connection.setblocking(False)
    try:
        while connection.recv(4096):
            pass
        return True
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


def test_connections_that_say_nothing_or_little_are_cut_in_time(siege):
    """Every fourth dribbles a greeting, byte by byte: what it says does not lengthen its time."""
    with siege.under("silent and slow connections"):
        silent = connections(siege.village.desk.broker, 300)
        began, said = time.monotonic(), 0
        greeting = curve.greeting()
        try:
            siege.others_go_on()
            while not all(is_closed(one) for one in silent):
                assert time.monotonic() - began < HANDSHAKE_SECONDS * 3, "they hold their connections"
                for one in silent[::4]:
                    try:
                        one.send(greeting[said:said + 1])
                    except OSError:
                        pass  # cut already
                said = min(said + 1, len(greeting) - 30)
                time.sleep(0.2)
        finally:
            for one in silent:
                one.close()


def nonsense(peer, server_key, keys):
    peer.say(os.urandom(4096))


def half_a_greeting(peer, server_key, keys):
    peer.say(curve.greeting()[:30] + b"\xff" * 100)


def no_security(peer, server_key, keys):
    peer.greet(b"NULL")
    peer.say(curve.frame(b"\x05READY" + curve.properties([(b"Socket-Type", b"DEALER")]), curve.COMMAND))


def a_password(peer, server_key, keys):
    peer.greet(b"PLAIN")
    peer.say(curve.frame(b"\x05HELLO\x05admin\x05admin", curve.COMMAND))


def no_hello(peer, server_key, keys):
    peer.greet()
    peer.say(curve.frame(os.urandom(200), curve.COMMAND))


def hello_to_another_server(peer, server_key, keys):
    peer.greet()
    peer.hello(api.Keys().curve_public)


def a_frame_of_2_to_the_63(peer, server_key, keys):
    peer.greet()
    peer.say(b"\x06\x7f" + b"\xff" * 7 + os.urandom(64))


def a_stale_cookie(peer, server_key, keys):
    peer.greet()
    peer.hello(server_key)
    peer.welcome()
    peer.cookie = os.urandom(len(peer.cookie))
    peer.initiate(keys, [(b"Socket-Type", b"DEALER")])


def a_vouch_of_another_key(peer, server_key, keys):
    """The public key of a member, without its secret one."""
    peer.greet()
    peer.hello(server_key)
    peer.welcome()
    thief = api.Keys()
    thief.curve_public = keys.curve_public
    peer.initiate(thief, [(b"Socket-Type", b"DEALER")])


def metadata_past_its_end(peer, server_key, keys):
    peer.greet()
    peer.hello(server_key)
    peer.welcome()
    peer.initiate(keys, [(b"Socket-Type", b"DEALER"), (b"X", b"")])
    peer.ready()
    peer.send(b"\x05ERROR\xff", curve.COMMAND)
    peer.say(curve.frame(b"\x07MESSAGE" + os.urandom(64)))


def a_nonce_twice(peer, server_key, keys):
    peer.handshake(server_key, keys)
    peer.send(hostile.ping_frame(1))
    peer.receive()
    peer.nonce -= 1
    peer.send(hostile.ping_frame(2))


GARBAGE = [nonsense, half_a_greeting, no_security, a_password, no_hello, hello_to_another_server,
           a_frame_of_2_to_the_63, a_stale_cookie, a_vouch_of_another_key, metadata_past_its_end, a_nonce_twice]


def test_garbage_at_any_step_costs_its_sender_the_connection_only(siege):
    giver = siege.village.giver("Rommel")
    with siege.under("garbage before and in the handshake"):
        for garbage in GARBAGE:
            with curve.Peer(giver.broker.command, timeout=HANDSHAKE_SECONDS * 4) as peer:
                try:
                    garbage(peer, giver.broker.server_key, giver.keys)
                    peer.until_cut()
                except curve.Cut:
                    pass
                except TimeoutError:
                    pytest.fail(f"{garbage.__name__}: not cut")
            siege.others_go_on()
        assert giver.ping().now_at_ms > 0, "the same key, behaving"


# ---- who is let in

@pytest.mark.parametrize("kind", [zmq.DEALER, zmq.SUB], ids=["command", "publish"])
def test_a_flood_of_unknown_keys_is_refused_and_counted(siege, kind):
    with siege.under("a flood of unknown keys") as attack:
        before = siege.metric(attack)
        assert refused_dials(siege.village.desk.broker, [api.Keys() for _ in range(60)], kind) == 60
        assert siege.metric(attack) >= before + 60


def test_an_invitation_is_not_guessed(siege):
    """Its key is 32 random bytes: neither one that is near it, nor it without its secret, opens the door."""
    text, _ = siege.village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
    real = hostile.keys_of_invitation(text)
    guesses = []
    for bit in range(40):
        guess = api.Keys()
        near = bytearray(real.curve_secret)
        near[bit % 32] ^= 1 << (3 + bit // 32)  # a bit that clamping does not clear
        guess.curve_secret = bytes(near)
        guess.curve_public = api.sodium.crypto_scalarmult_base(guess.curve_secret)
        guesses.append(guess)
    with siege.under("guessed invitations") as attack:
        before = siege.metric(attack)
        assert refused_dials(siege.village.desk.broker, guesses, zmq.DEALER) == len(guesses)
        assert siege.metric(attack) >= before + len(guesses)
    assert api.WireClient.enrol(text, "Toch welkom", "Toch welkom").member


def let_in(broker, keys, times, source=None):
    """How often a handshake succeeded, out of so many at once; the others are left without a word."""
    with hostile.sockets() as made:
        for _ in range(times):
            dialler = hostile.dial(broker, keys, source=source, reconnect_ivl=-1)
            dialler.send(hostile.ping_frame(1))
            made.append(dialler)
        answered, deadline = set(), time.monotonic() + 3
        while len(answered) < times and time.monotonic() < deadline:
            answered |= {i for i, one in enumerate(made) if i not in answered and one.poll(1)}
        return len(answered)


def test_a_key_that_dials_on_and_on_waits_and_others_do_not(siege):
    giver = siege.village.giver("Belt en belt")
    with siege.under("a known key that dials on and on"):
        times = siege.setting("limits/key-handshakes-burst") + 40
        assert let_in(giver.broker, giver.keys, times, ELSEWHERE) < times
        siege.others_go_on()
        other = siege.village.giver("Belt voor het eerst")
        assert other.ping().now_at_ms > 0


def test_an_address_that_dials_on_and_on_waits_and_others_do_not(siege):
    """Many keys from one address."""
    broker = siege.village.desk.broker
    burst = siege.setting("limits/handshakes-burst")
    flood = "127.0.0.3"
    with siege.under("an address that dials on and on") as attack, hostile.sockets() as made:
        before = siege.metric(attack)
        for _ in range(burst + 100):
            made.append(hostile.dial(broker, api.Keys(), source=flood))
        siege.daemon.wait_for_metric("buurtbel_" + attack.metric, before + 1)
        assert let_in(broker, siege.village.desk.keys, 40, flood) < 40
        assert let_in(broker, siege.village.desk.keys, 1, "127.0.0.4") == 1
        siege.others_go_on()


def test_a_key_at_the_wrong_socket_is_refused_and_counted(siege):
    with siege.under("dialling a socket that is not for this key") as attack:
        before = siege.metric(attack)
        keys = [siege.village.desk.keys] * 10 + [siege.village.coordinator.keys] * 10
        assert refused_dials(siege.village.desk.broker, keys, zmq.SUB) == 20
        assert siege.metric(attack) >= before + 20


# ---- with an invitation

def test_an_invitation_that_asks_for_everything_gets_nothing_and_can_still_be_used(siege):
    text, _ = siege.village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
    guest = api.WireClient(siege.village.desk.broker, hostile.keys_of_invitation(text))
    commands = [field.name for field in wire.Command.DESCRIPTOR.fields if field.containing_oneof]
    queries = [field.name for field in wire.Query.DESCRIPTOR.fields if field.containing_oneof]
    try:
        with siege.under("an invitation that asks for everything") as attack:
            for name in commands:
                if name != "enrol":
                    assert refusals.code_of(guest.command, **refusals.command_of(name)) == attack.code, name
            for name in queries:
                assert refusals.code_of(guest.query, **refusals.query_of(name)) == attack.code, name
            for body in ({"hello": wire.Hello()}, {"sync": wire.Sync(cursor=wire.Cursor(channel=1))}):
                reply = guest.ask(**body).reply
                assert hostile.is_refusal((api.SYMBOL[reply.code], reply.sentence.decode()), attack)
            siege.others_go_on()
    finally:
        guest.close()
    assert api.WireClient.enrol(text, "Toch aangemeld", "Toch aangemeld").member


def test_an_invitation_enrols_once_however_often_it_tries(siege):
    text, _ = siege.village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
    keys = hostile.keys_of_invitation(text)
    tries = siege.setting("limits/commands-burst") + 200
    members = len(siege.village.coordinator.list_all("parties"))
    with siege.under("an invitation that enrols on and on") as attack:
        guest = api.WireClient(siege.village.desk.broker, keys)
        try:
            told = []
            for i in range(tries):
                fresh = api.Keys()
                guest.post(command=guest.make(enrol=wire.Enrol(
                    party_name=b"Velen", member_name=b"Velen", curve_key_bytes=fresh.curve_public,
                    sealing_key_bytes=fresh.sealing_public, signing_key_bytes=fresh.signing_public)))
                if i % 50 == 0:
                    guest.pump()
            siege.others_go_on()
            for correlation in range(1, tries + 1):
                reply = guest.wait(correlation).reply
                told.append((api.SYMBOL[reply.code], reply.sentence.decode()))
        finally:
            guest.close()
        codes = [symbol for symbol, _ in told]
        assert codes.count("OK") == 1 and set(codes) == {"OK", "INVITATION_USED", attack.code}
        assert any(hostile.is_refusal(one, attack) for one in told)
    assert len(siege.village.coordinator.list_all("parties")) == members + 1


# ---- who is who

def test_forged_metadata_makes_nobody_somebody_else(siege):
    """User-Id and the like in the handshake of a giver: before, after and beside what the door itself says."""
    giver, operator = siege.village.giver("Zegt maar wat"), siege.village.operator
    forged = [(b"User-Id", b"member:1"), (b"User-Id", b"giver:1"), (b"X-Role", b"operator"), (b"__fd", b"0"),
              (b"Identity", b"member:1"), (b"Peer-Address", b"127.0.0.1"), (b"user-id", b"member:1")]
    with siege.under("forged metadata") as attack, curve.Peer(giver.broker.command) as peer:
        peer.handshake(giver.broker.server_key, giver.keys, forged)
        peer.send(api.VERSION + wire.FromClient(correlation=1, hello=wire.Hello()).SerializeToString())
        welcome = wire.FromBroker.FromString(peer.receive()[1:]).welcome
        assert welcome.member == giver.member != operator.member and welcome.role == wire.ROLE_GIVER
        peer.send(api.VERSION + wire.FromClient(correlation=2, command=operator.make(revoke_member=wire.RevokeMember(
            member=siege.village.desk.member, reason=b"zomaar"))).SerializeToString())
        assert hostile.is_refusal(hostile.reply_in(peer.receive()), attack)
        assert siege.village.desk.ping().now_at_ms > 0


def test_many_connections_with_one_routing_id_serve_none_but_the_first(siege):
    """A name that a peer chose for itself is its own for as long as it is there, and gives it no rights."""
    giver, other = siege.village.giver("Eerst"), siege.village.giver("Kaapt")
    mine, theirs = b"een naam", hostile.ping_frame(7)
    with siege.under("many connections with one routing id"), hostile.sockets() as made:
        first = hostile.dial(giver.broker, giver.keys, routing_id=mine)
        made.append(first)
        first.send(theirs)
        assert first.poll(10000) and first.recv()
        for i in range(60):
            made.append(hostile.dial(other.broker, other.keys, routing_id=mine))
            made[-1].send(theirs)
        siege.others_go_on()
        first.send(hostile.ping_frame(8))
        assert first.poll(10000) and wire.FromBroker.FromString(first.recv()[1:]).correlation == 8
        assert not any(one.poll(0) for one in made[1:])
        for one in made[1:]:  # churn: each comes back under the same name, and goes again
            one.close(linger=0)
        assert other.ping().now_at_ms > 0
