# SPDX-License-Identifier: MPL-2.0
"""What must be refused is refused, with the code that says why, and the broker goes on.

The tables of rights are read from proto/PROTOCOL.md, so that page and broker cannot say different things.
"""
import os

import pytest
import zmq

import test_protocol_page as page
import wire as api
from schema import CODE, SYMBOL, wire

DAY_MS = 24 * 3600 * 1000
COLUMNS = ["desk", "coordinator", "giver", "operator"]


def command_of(name):
    """An otherwise empty command of this kind: rights come before everything else."""
    command = wire.Command()
    getattr(command, name).SetInParent()
    return {name: getattr(command, name)}


def query_of(name):
    query = wire.Query()
    getattr(query, name).SetInParent()
    return {name: getattr(query, name)}


def refused_commands():
    for row in page.rows("commands"):
        for role, cell in zip(COLUMNS, row[1:5]):
            if cell == "–":
                yield role, row[0].strip("`")


def refused_queries():
    for name, who, _ in page.rows("queries"):
        for role in COLUMNS:
            if role not in who and "all" not in who:
                yield role, name.strip("`")


def code_of(call, *arguments, **fields):
    """The symbol of the code that a call is refused with; OK when it is not."""
    try:
        call(*arguments, **fields)
    except api.Refused as refused:
        return SYMBOL[refused.code]
    return "OK"


@pytest.fixture(scope="module")
def roles(shared_village):
    """One client of each role."""
    return {"desk": shared_village.desk, "coordinator": shared_village.coordinator, "giver": shared_village.giver(),
            "operator": shared_village.operator,
            "reporter": shared_village.member(shared_village.operator, wire.ROLE_REPORTER, "Gemeente", "Onderzoeker")}


# ---- who may

@pytest.mark.parametrize("role, command", list(refused_commands()))
def test_a_command_of_another_role_is_not_allowed(roles, role, command):
    assert code_of(roles[role].command, **command_of(command)) == "NOT_ALLOWED"


@pytest.mark.parametrize("command", [name for name in page.names("commands") if name != "make_invitation"])
def test_reporters_give_no_commands_but_invitations(roles, command):
    assert code_of(roles["reporter"].command, **command_of(command)) == "NOT_ALLOWED"


@pytest.mark.parametrize("role, query", list(refused_queries()))
def test_a_query_of_another_role_is_not_allowed(roles, role, query):
    assert code_of(roles[role].query, **query_of(query)) == "NOT_ALLOWED"


@pytest.mark.parametrize("role", [wire.ROLE_COORDINATOR, wire.ROLE_OPERATOR, wire.ROLE_REPORTER])
def test_a_coordinator_invites_givers_and_desks_only(roles, role):
    assert code_of(roles["coordinator"].invite, role) == "NOT_ALLOWED"


@pytest.mark.parametrize("role", ["desk", "giver", "reporter"])
def test_others_invite_colleagues_only(roles, role):
    assert code_of(roles[role].invite, wire.ROLE_GIVER, wire.CLASS_RESIDENT) == "NOT_ALLOWED"
    assert code_of(roles[role].invite, 0, party=roles["coordinator"].party) == "NOT_ALLOWED"
    assert code_of(roles[role].invite, 0, party=roles[role].party) == "OK"


def test_a_coordinator_revokes_no_operator(roles):
    operator = roles["operator"].member
    assert code_of(roles["coordinator"].command, revoke_member=wire.RevokeMember(member=operator)) == "NOT_ALLOWED"


def test_the_last_operator_stays(roles):
    operator = roles["operator"]
    assert code_of(operator.command, revoke_member=wire.RevokeMember(member=operator.member)) == "LAST_MEMBER"


def test_another_desks_request_and_offer_are_not_yours(shared_village, roles):
    request = shared_village.publish().made
    offer = shared_village.offer(roles["giver"], request)
    other = shared_village.second_desk()
    close = wire.CloseRequest(request=request, reason=wire.CLOSE_DUPLICATE, asker_agreed=True)
    assert code_of(other.command, close_request=close) == "NOT_YOURS"
    assert code_of(shared_village.choose, offer, other) == "NOT_YOURS"
    assert code_of(other.command, decline_offer=wire.DeclineOffer(offer=offer, asker_agreed=True)) == "NOT_YOURS"
    asker = shared_village.view(shared_village.desk, request).asker
    assert code_of(other.command, publish_request=shared_village.request(asker)) == "NOT_YOURS"
    seen = shared_village.view(other, request)
    assert not seen.asker and not seen.ref and not seen.offers and not seen.own


def test_another_givers_offer_is_not_yours(shared_village, roles):
    request = shared_village.publish().made
    offer = shared_village.offer(roles["giver"], request)
    other = shared_village.giver("Een ander")
    assert code_of(other.command, withdraw_offer=wire.WithdrawOffer(offer=offer)) == "NOT_YOURS"
    assert code_of(other.command, report_done=wire.ReportDone(offer=offer)) == "NOT_YOURS"
    assert code_of(other.command, cancel_offer=wire.CancelOffer(offer=offer, reason=b"zomaar")) == "NOT_YOURS"
    assert offer not in [row.offer for row in other.list_all("offers")]


def test_a_giver_sees_the_public_part_of_a_request_only(shared_village, roles):
    request = shared_village.publish(ref=b"geheim-kenmerk").made
    seen = shared_village.view(roles["giver"], request)
    assert not seen.asker and not seen.ref and not seen.offers and not seen.releases
    assert seen.text


def test_an_id_of_nothing_is_unknown(shared_village, roles):
    assert code_of(shared_village.choose, 0x0123456789abcdef) == "UNKNOWN_ID"
    request = shared_village.publish().made
    assert code_of(shared_village.choose, request) == "UNKNOWN_ID", "a request's id is no offer's"


# ---- at the door

def refused_at_the_door(broker, keys):
    client = api.WireClient(broker, keys)
    try:
        client.wait_event(zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        return True
    except api.Timeout:
        return False
    finally:
        client.close()


def test_an_unknown_key_is_refused_at_the_handshake(shared_village):
    assert refused_at_the_door(shared_village.desk.broker, api.Keys())


def test_a_used_up_invitation_says_so_in_a_sentence(shared_village):
    """The key of a used invitation still gets in until it expires, to be told what happened and what to do."""
    text, _ = shared_village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
    shared_village._join(api.WireClient.enrol(text, "Een", "Een"))
    assert code_of(api.WireClient.enrol, text, "Twee", "Twee") == "INVITATION_USED"


def test_a_revoked_invitation_is_refused(shared_village):
    text, invitation = shared_village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
    shared_village.coordinator.command(revoke_invitation=wire.RevokeInvitation(invitation=invitation))
    admission = api.read_invitation(text)
    keys = api.Keys()
    keys.curve_public, keys.curve_secret = admission.admission_public_bytes, admission.admission_secret_bytes
    assert refused_at_the_door(shared_village.desk.broker, keys)


def test_an_invitation_lets_nobody_at_the_publish_socket(shared_village):
    text, _ = shared_village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
    admission = api.read_invitation(text)
    keys = api.Keys()
    keys.curve_public, keys.curve_secret = admission.admission_public_bytes, admission.admission_secret_bytes
    assert api.subscriber_is_refused(shared_village.desk.broker, keys)


def test_only_active_givers_are_let_in_at_the_publish_socket(shared_village):
    giver = shared_village.giver("Open deur")
    broker = giver.broker
    assert not api.subscriber_is_refused(broker, giver.keys)
    assert api.subscriber_is_refused(broker, shared_village.desk.keys)
    assert api.subscriber_is_refused(broker, shared_village.coordinator.keys)
    shared_village.coordinator.command(suspend_party=wire.SuspendParty(party=giver.party, reason=b"test"))
    assert api.subscriber_is_refused(broker, giver.keys)
    shared_village.coordinator.command(reinstate_party=wire.ReinstateParty(party=giver.party))
    assert not api.subscriber_is_refused(broker, giver.keys)


def test_a_flood_of_subscriptions_is_counted_and_its_key_not_let_in_again(shared_village):
    giver = shared_village.giver("Te veel onderwerpen")
    giver.subscribe()
    for number in range(page.limit("SUBSCRIPTIONS_BURST") + 50):
        giver.sub.subscribe(b"flood/%d" % number)
    shared_village.daemon.wait_for_metric("buurtbel_subscription_floods_total", 1)
    assert api.subscriber_is_refused(giver.broker, giver.keys)
    assert shared_village.desk.ping().now_at_ms > 0


def test_an_invitee_may_only_enrol(shared_village):
    text, _ = shared_village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
    admission = api.read_invitation(text)
    keys = api.Keys()
    keys.curve_public, keys.curve_secret = admission.admission_public_bytes, admission.admission_secret_bytes
    door = api.WireClient(shared_village.desk.broker, keys)
    try:
        assert code_of(door.command, pause=wire.Pause()) == "NOT_ALLOWED"
        assert code_of(door.query, requests=wire.ListRequests()) == "NOT_ALLOWED"
        assert door.ping().now_at_ms > 0
    finally:
        door.close()


def test_a_key_is_enrolled_once(shared_village):
    member = shared_village.giver("Dubbel")
    text, _ = shared_village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
    assert code_of(api.WireClient.enrol, text, "Dubbel", "Dubbel", member.keys) == "KEY_KNOWN"


def test_a_revoked_member_is_refused_at_once_and_at_the_door(shared_village):
    member = shared_village.colleague(shared_village.desk)
    member.hello()
    shared_village.coordinator.command(revoke_member=wire.RevokeMember(member=member.member, reason=b"Kwijtgeraakt"))
    assert code_of(member.query, requests=wire.ListRequests()) == "MEMBER_REVOKED"
    assert code_of(member.command, add_asker=wire.AddAsker(heard_of=wire.HEARD_OTHER)) == "MEMBER_REVOKED"
    assert refused_at_the_door(member.broker, member.keys)


def test_a_suspended_party_gives_no_answers(shared_village):
    giver = shared_village.giver("Staat stil")
    request = shared_village.publish().made
    shared_village.coordinator.command(suspend_party=wire.SuspendParty(party=giver.party, reason=b"Even overleggen"))
    assert code_of(shared_village.offer, giver, request) == "PARTY_SUSPENDED"
    assert code_of(giver.query, requests=wire.ListRequests()) == "PARTY_SUSPENDED"
    assert code_of(giver.query, offers=wire.ListOffers()) == "OK"
    shared_village.coordinator.command(reinstate_party=wire.ReinstateParty(party=giver.party))
    assert code_of(shared_village.offer, giver, request) == "OK"


def test_a_waiting_party_gives_no_answers(shared_village):
    text, _ = shared_village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT, standing=True, uses=1)
    giver = shared_village._join(api.WireClient.enrol(text, "Wacht", "Wacht"))
    request = shared_village.publish().made
    assert code_of(shared_village.offer, giver, request) == "PARTY_WAITING"


# ---- messages

def reply_to(client, frame, correlation=0):
    return SYMBOL[client.raw(frame, correlation).code]


def packed(correlation, **body):
    return wire.FromClient(correlation=correlation, **body).SerializeToString()


@pytest.mark.parametrize("frame, expected", [
    (b"\x01", "UNKNOWN_COMMAND"),
    (b"\x00\x08\x07", "MALFORMED"),
    (b"\x01\xff\xff\xff\xff\xff", "MALFORMED"),
    (b"\x02\x08\x07", "VERSION_UNKNOWN"),
    (b"\xff", "VERSION_UNKNOWN"),
], ids=["no body", "version 0", "garbage", "future version", "version 255"])
def test_a_frame_that_cannot_be_read_is_told_so(shared_village, frame, expected):
    assert reply_to(shared_village.desk, frame) == expected
    assert shared_village.desk.ping().now_at_ms > 0


def test_an_empty_frame_is_malformed(shared_village):
    assert reply_to(shared_village.desk, b"") == "MALFORMED"


def test_every_truncation_of_a_command_is_answered(shared_village):
    """No prefix of a message stops the broker; each is answered somehow."""
    desk = shared_village.desk
    whole = api.VERSION + packed(1, command=desk.make(pause=wire.Pause()))
    for size in range(1, len(whole)):
        try:
            wire.FromClient.FromString(whole[1:size])
        except Exception:
            assert reply_to(desk, whole[:size]) == "MALFORMED", size
    assert desk.ping().now_at_ms > 0


def frame_of(size):
    """A hello of this many bytes with correlation 77."""
    def hello(filler):
        return b"\x01" + packed(77, hello=wire.Hello(software=b"e" * filler))
    return hello(size - (len(hello(size - 20)) - (size - 20)))


def test_a_frame_at_the_limit_is_read(shared_village):
    frame = frame_of(page.limit("COMMAND_FRAME_SIZE_MAX"))
    assert len(frame) == page.limit("COMMAND_FRAME_SIZE_MAX")
    shared_village.desk.send_frames([frame])
    assert shared_village.desk.wait(77).WhichOneof("body") == "welcome"


def test_a_frame_past_the_limit_is_not_read(shared_village):
    member = shared_village.giver("Iets te groot")
    member.send_frames([frame_of(page.limit("COMMAND_FRAME_SIZE_MAX") + 1)])
    assert SYMBOL[member.wait(0).reply.code] == "TOO_LARGE"


def test_an_oversized_frame_costs_the_sender_its_connection_only(shared_village):
    member = shared_village.giver("Te groot")
    member.send_frames([b"\x01" + b"\x00" * (64 * 1024)])
    member.wait_event(zmq.EVENT_DISCONNECTED)
    member.reconnect()
    assert member.hello().member == member.member
    assert shared_village.desk.ping().now_at_ms > 0


@pytest.mark.parametrize("text", [b"\xff\xfe", b"a\x00b", b"\xc0\xaf", b"\xed\xa0\x80"],
                         ids=["no UTF-8", "NUL", "overlong", "surrogate"])
def test_a_text_that_is_no_text_is_refused(shared_village, text):
    asker = shared_village.asker()
    request = shared_village.request(asker)
    request.text = text
    assert code_of(shared_village.desk.command, publish_request=request) == "BAD_TEXT"


def test_a_message_of_two_frames_is_malformed(shared_village):
    client = shared_village.desk
    client.answers.pop(0, None)
    client.send_frames([b"\x01", b"\x01"])
    assert SYMBOL[client.wait(0).reply.code] == "MALFORMED"


def test_an_unknown_command_is_told_so(shared_village):
    """A command of a later version: field 999 of Command."""
    client = shared_village.desk
    command = wire.Command(id_bytes=api.command_id()).SerializeToString() + b"\xba\x3e\x00"
    body = b"\x22" + bytes([len(command)]) + command
    assert reply_to(client, b"\x01\x08\x63" + body, 0x63) == "UNKNOWN_COMMAND"


def test_an_unknown_query_is_told_so(shared_village):
    assert reply_to(shared_village.desk, b"\x01\x08\x63\x2a\x03\xba\x3e\x00", 0x63) == "UNKNOWN_COMMAND"


def test_unknown_fields_are_skipped(shared_village):
    body = packed(99, ping=wire.Ping()) + b"\xba\x3e\x03abc"
    client = shared_village.desk
    client.send_frames([api.VERSION + body])
    assert client.wait(99).WhichOneof("body") == "pong"


def test_text_limits_hold_to_the_byte(shared_village):
    asker = shared_village.asker()
    fits, past = "é" * 250, "é" * 250 + "x"
    assert code_of(shared_village.publish, asker, text=fits) == "OK"
    assert code_of(shared_village.publish, asker, text=past) == "TOO_LONG"


@pytest.mark.parametrize("field, value, expected", [
    ("text", b"", "MISSING"),
    ("category", b"bestaat-niet", "UNKNOWN_CATEGORY"),
    ("asker", 0x1122334455667788, "UNKNOWN_ID"),
    ("asker_agreed", False, "ASKER_MUST_AGREE"),
    ("needed", 51, "BAD_VALUE"),
    ("size", 99, "BAD_VALUE"),
    ("text", "Bel mij op 06-12345678".encode(), "HAS_PHONE"),
    ("text", "Mail naar iemand@voorbeeld.nl".encode(), "HAS_EMAIL"),
    ("text", "Geld op NL91 ABNA 0417 1643 00".encode(), "HAS_IBAN"),
    ("text", "Kom langs op 7941 AB 12".encode(), "HAS_ADDRESS"),
])
def test_a_request_that_is_not_right_is_refused(shared_village, field, value, expected):
    request = shared_village.request(shared_village.asker())
    setattr(request, field, value)
    assert code_of(shared_village.desk.command, publish_request=request) == expected


def test_a_request_that_reaches_no_kind_of_giver_is_refused(shared_village):
    every = [value.number for value in wire.AudienceClass.DESCRIPTOR.values if value.number]
    assert code_of(shared_village.publish, excluded_classes=every) == "NOBODY_LEFT"


def test_a_release_goes_to_who_answered_only(shared_village, roles):
    asker = shared_village.asker()
    request = shared_village.publish(asker).made
    offer = shared_village.offer(roles["giver"], request)
    view = shared_village.offer_view(shared_village.desk, request, offer)
    assert code_of(shared_village.release, shared_village.desk, view, asker) == "WRONG_STATE", "not chosen yet"
    shared_village.choose(offer)
    other = shared_village.giver("Niet gekozen")
    view.member, view.sealing_key_bytes = other.member, other.keys.sealing_public
    assert code_of(shared_village.release, shared_village.desk, view, asker) == "WRONG_RECIPIENT"


def test_a_tip_needs_no_release(shared_village, roles):
    asker = shared_village.asker()
    request = shared_village.publish(asker, wanted=wire.WANTED_TIP).made
    offer = shared_village.offer(roles["giver"], request, offer_kind=wire.KIND_TIP)
    view = shared_village.offer_view(shared_village.desk, request, offer)
    if view.state != wire.OFFER_CONFIRMED:
        shared_village.choose(offer)
    assert code_of(shared_village.release, shared_village.desk, view, asker) == "NO_RELEASE_FOR_TIPS"


def test_fulfilled_needs_the_askers_side(shared_village):
    request = shared_village.publish().made
    close = wire.CloseRequest(request=request, reason=wire.CLOSE_FULFILLED, asker_agreed=False)
    assert code_of(shared_village.desk.command, close_request=close) == "NEEDS_ASKERS_SIDE"


def test_closed_is_final(shared_village, roles):
    request = shared_village.publish().made
    offer = shared_village.offer(roles["giver"], request)
    close = wire.CloseRequest(request=request, reason=wire.CLOSE_DONE_BY_OTHERS, asker_agreed=True)
    shared_village.desk.command(close_request=close)
    assert code_of(shared_village.desk.command, close_request=close) == "WRONG_STATE"
    assert code_of(shared_village.choose, offer) == "WRONG_STATE"
    assert code_of(shared_village.offer, shared_village.giver("Te laat"), request) == "WRONG_STATE"
    assert shared_village.offer_view(shared_village.desk, request, offer).state == wire.OFFER_SUPERSEDED


def test_a_sync_of_somebody_elses_mailbox_is_not_allowed(shared_village, roles):
    mailbox = shared_village.desk.mailbox().channel
    with pytest.raises(api.Refused) as refused:
        roles["giver"].sync(mailbox)
    assert SYMBOL[refused.value.code] == "NOT_ALLOWED"


# ---- command ids

def test_a_repeat_gets_the_same_answer_and_changes_nothing(shared_village):
    desk = shared_village.desk
    asker = shared_village.asker()
    before = len(desk.list_all("requests"))
    command = desk.make(publish_request=shared_village.request(asker, text="Een keer, niet twee keer"))
    replies = [desk.ask(command=command).reply for _ in range(3)]
    assert replies[0].code == CODE["OK"]
    assert replies[1] == replies[0] and replies[2] == replies[0]
    assert len(desk.list_all("requests")) == before + 1


def test_a_repeat_tells_the_state_of_the_first_time(shared_village, roles):
    giver = roles["giver"]
    request = shared_village.publish().made
    command = giver.make(give_answer=wire.GiveAnswer(request=request, kind=wire.ANSWER_OFFER, offer_kind=wire.KIND_DO))
    first = giver.ask(command=command).reply
    giver.command(withdraw_offer=wire.WithdrawOffer(offer=first.made))
    again = giver.ask(command=command).reply
    assert again == first and again.state == wire.OFFER_OFFERED


def test_an_id_with_other_content_is_refused(shared_village):
    desk = shared_village.desk
    asker = shared_village.asker()
    made = api.command_id(desk.now_ms())
    assert code_of(desk.command, made, publish_request=shared_village.request(asker)) == "OK"
    other = shared_village.request(asker, text="Iets anders")
    assert code_of(desk.command, made, publish_request=other) == "ID_REUSED"


def test_the_same_id_of_another_member_is_another_command(shared_village):
    first, second = shared_village.desk, shared_village.second_desk()
    made = api.command_id(first.now_ms())
    replies = [desk.command(made, add_asker=shared_village.registration(desk)) for desk in (first, second)]
    assert replies[0].made != replies[1].made


def test_a_refused_command_stays_refused_and_a_new_one_is_judged_anew(shared_village):
    desk = shared_village.desk
    request = shared_village.request(shared_village.asker(), asker_agreed=False)
    made = api.command_id(desk.now_ms())
    assert code_of(desk.command, made, publish_request=request) == "ASKER_MUST_AGREE"
    request.asker_agreed = True
    assert code_of(desk.command, made, publish_request=request) == "ASKER_MUST_AGREE"
    assert code_of(desk.command, api.command_id(desk.now_ms()), publish_request=request) == "OK"


@pytest.mark.parametrize("age_ms, expected", [
    (91 * DAY_MS, "ID_EXPIRED"),
    (89 * DAY_MS, "OK"),
    (-61 * 60 * 1000, "ID_TOO_NEW"),
    (-59 * 60 * 1000, "OK"),
], ids=["too old", "old", "too new", "new"])
def test_the_time_in_an_id_has_limits(shared_village, age_ms, expected):
    desk = shared_village.desk
    made = api.command_id(desk.now_ms() - age_ms)
    assert code_of(desk.command, made, add_asker=shared_village.registration(desk)) == expected


@pytest.mark.parametrize("made", [b"", bytes(16), os.urandom(15), b"\xff" * 17],
                         ids=["empty", "zeros", "short", "long"])
def test_an_id_that_is_none_is_malformed(shared_village, made):
    desk = shared_village.desk
    command = wire.Command(id_bytes=made, add_asker=wire.AddAsker(heard_of=wire.HEARD_OTHER))
    assert SYMBOL[desk.ask(command=command).reply.code] == "MALFORMED"
