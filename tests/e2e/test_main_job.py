# SPDX-License-Identifier: MPL-2.0
"""The work that Buurtbel is for: a request reaches all who may help, one of them does, and nobody is exposed.

Each test names the scenario of the domain that it plays.
"""
import re
import time

import pytest

import wire as api
from schema import CODE, wire
from village import Planted

PATIENCE = 60  # seconds, for what takes many clients


def closed(request):
    return lambda follower: follower.state(request) == wire.REQUEST_CLOSED


def until_all(followers, happened, timeout=PATIENCE):
    """Lets followers take turns until it happened for each."""
    deadline = time.monotonic() + timeout
    waiting = list(followers)
    while waiting:
        assert time.monotonic() < deadline, f"{len(waiting)} of {len(followers)} still wait after {timeout} s"
        for follower in waiting:
            follower.step(0.001)
        waiting = [follower for follower in waiting if not happened(follower)]


def test_from_a_request_to_help_that_was_given(village):
    """The whole life of a request, with what each side is told."""
    giver = village.giver()
    giver_side, desk_side = village.follow(giver), village.follow(village.desk)
    asker = village.asker(ref="huishouden-één".encode(), card=Planted.card())
    published = village.publish(asker, text="Wie wil mijn fiets repareren? Ik betaal met koffie – één kop ☕")
    request = published.made
    assert published.state == wire.REQUEST_OPEN and published.entry > 0
    giver_side.until(lambda: request in giver_side.alerted)

    offer = village.offer(giver, request)
    desk_side.until(lambda: offer in desk_side.offers())
    told = desk_side.offers()[offer]
    assert told.state == wire.OFFER_OFFERED and told.text == "Dat doe ik graag".encode()
    assert told.sealing_key_bytes == giver.keys.sealing_public

    assert village.choose(offer).state == wire.OFFER_CONFIRMED
    giver_side.until(lambda: giver_side.state(request) == wire.REQUEST_FILLED)
    giver_side.until(lambda: giver_side.offers()[offer].state == wire.OFFER_CONFIRMED)

    village.release(village.desk, told, asker)
    giver_side.until(giver_side.releases)
    letter = api.open_release(giver_side.releases()[-1], giver.keys)
    assert letter.value.decode() == Planted.phone and letter.name.decode() == Planted.name

    assert giver.command(report_done=wire.ReportDone(offer=offer)).state == wire.OFFER_REPORTED_DONE
    done = village.desk.command(confirm_help=wire.ConfirmHelp(offer=offer, given=True, new_contact=wire.ANSWERED_YES))
    assert done.state == wire.OFFER_DONE
    ended = village.desk.command(close_request=wire.CloseRequest(request=request, reason=wire.CLOSE_FULFILLED,
                                                                 asker_agreed=True))
    assert ended.state == wire.REQUEST_CLOSED
    giver_side.until(lambda: giver_side.state(request) == wire.REQUEST_CLOSED)
    assert giver_side.requests[request].text == b""


def test_one_request_reaches_130_givers_of_whom_20_were_away(village):
    """Scenario 1."""
    givers = [village.giver(f"Gever {number}") for number in range(130)]
    followers = [village.follow(giver) for giver in givers]
    away, here = followers[:20], followers[20:]
    for follower in away:
        follower.client.close()
    audience = village.desk.query(audience=wire.AskAudience())
    assert audience.total == 130
    request = village.publish().made
    until_all(here, lambda follower: request in follower.alerted)
    for follower in away:
        follower.client.reconnect()
        follower.start()
        assert request in follower.alerted
    assert all(follower.alerted == [request] for follower in followers), "nobody heard anything else, or twice"


def test_no_name_or_contact_stands_on_wire_or_disk(village):
    """Scenario 3."""
    chosen, other = village.giver("Gekozen gever"), village.giver("Andere gever")
    followers = [village.follow(chosen), village.follow(other)]
    seen = []
    for follower in followers:
        take = follower.client._take_published
        follower.client._take_published = lambda frames, take=take: (seen.append(b"".join(frames)), take(frames))
    asker = village.asker(ref=b"a-1", card=Planted.card())
    request = village.publish(asker, text="Wie gaat er een keer mee koffie drinken?").made
    until_all(followers, lambda follower: request in follower.alerted)
    offer = village.offer(chosen, request)
    village.choose(offer)
    village.release(village.desk, village.offer_view(village.desk, request, offer), asker)
    followers[0].until(followers[0].releases)
    assert api.open_release(followers[0].releases()[0], chosen.keys).value.decode() == Planted.phone
    until_all(followers, lambda follower: follower.state(request) == wire.REQUEST_FILLED)
    # The other one got nothing of it, and cannot open what the chosen one got.
    assert followers[1].releases() == []
    with pytest.raises(Exception):
        api.open_release(followers[0].releases()[0], other.keys)

    planted = [secret.encode() for secret in Planted.all]
    seen.append(village.daemon.metrics().encode())
    held = [b"".join(message.SerializeToString() for message in follower.requests.values()) for follower in followers]
    held += [item.SerializeToString() for item in followers[1].items]
    for secret in planted:
        assert not any(secret in piece for piece in seen + held), f"{secret} was broadcast"
    assert village.daemon.stop() == 0
    for path, content in village.daemon.files():
        for secret in planted:
            assert secret not in content, f"{secret} stands in {path}"


def test_the_text_and_names_on_disk_are_encrypted(village):
    """Scenario 3, and erasure by key: no free text of a fact stands in the store in clear."""
    giver = village.giver("Naam Die Niet Leesbaar Is")
    request = village.publish(text="Zin die nergens leesbaar mag staan").made
    village.offer(giver, request, text="Antwoord dat nergens leesbaar mag staan")
    assert village.daemon.stop() == 0
    for path, content in village.daemon.files():
        for text in (b"nergens leesbaar", b"Niet Leesbaar"):
            assert text not in content, f"{text} stands in {path}"


def test_what_is_not_allowed_is_told_to_the_coordinator_alone(village):
    """Scenario 4, as far as the wire."""
    food_bank = village.giver("Voedselbank", wire.CLASS_INSTITUTION)
    coordinator_side = village.follow(village.coordinator)
    request = village.publish().made
    rule = "De landelijke norm staat dit niet toe"
    village.offer(food_bank, request, kind=wire.ANSWER_NOT_ALLOWED, text=rule)
    told = village.view(village.coordinator, request).offers
    assert [(row.state, row.text.decode()) for row in told] == [(wire.OFFER_NOT_ALLOWED, rule)]
    coordinator_side.until(lambda: any(row.text.decode() == rule for row in coordinator_side.offers().values()))
    desk_side = village.follow(village.desk)
    seen_by_desk = village.view(village.desk, request).SerializeToString()
    seen_by_desk += b"".join(item.SerializeToString() for item in desk_side.items)
    assert rule.encode() not in seen_by_desk, "the asker's side sees no refusal"
    assert village.view(village.desk, request).state == wire.REQUEST_OPEN


def test_pausing_costs_nothing_and_shows_nothing_stale_afterwards(village):
    """Scenario 6."""
    giver = village.giver()
    side = village.follow(giver)
    shown = village.publish().made
    side.until(lambda: shown in side.alerted)
    giver.command(pause=wire.Pause())
    assert giver.hello().paused
    assert village.desk.query(audience=wire.AskAudience()).total == 0
    stale, fresh = village.publish().made, village.publish().made
    for request in (shown, stale):
        village.desk.command(close_request=wire.CloseRequest(request=request, reason=wire.CLOSE_NO_LONGER_NEEDED,
                                                             asker_agreed=True))
    giver.command(resume=wire.Resume())
    assert not giver.hello().paused
    side.start()
    side.until(lambda: fresh in side.alerted)
    side.until(lambda: side.state(shown) == wire.REQUEST_CLOSED)
    assert side.state(stale) in (None, wire.REQUEST_CLOSED)
    assert village.desk.query(audience=wire.AskAudience()).total == 1


def test_a_publish_that_was_answered_survives_kill_9_and_is_delivered(village):
    """Scenario 8."""
    giver = village.giver()
    side = village.follow(giver)
    asker = village.asker()
    request = village.publish(asker).made
    village.daemon.kill9()
    village.daemon.restart()
    side.until(lambda: request in side.alerted, timeout=PATIENCE)
    village.desk.hello()
    assert [row.request for row in village.desk.list_all("requests")] == [request]


def test_a_withdrawn_request_is_taken_away_from_everybody(village):
    """Scenario 9: those who were offline too, and those who had not heard of it do not hear of it now."""
    here, offline, never = (village.follow(village.giver(name)) for name in ("Hier", "Weg", "Nooit"))
    never.client.close()
    request = village.publish().made
    until_all([here, offline], lambda follower: request in follower.alerted)
    offline.client.close()
    village.desk.command(close_request=wire.CloseRequest(request=request, reason=wire.CLOSE_NO_LONGER_NEEDED,
                                                         asker_agreed=True))
    until_all([here], closed(request))
    for follower in (offline, never):
        follower.client.reconnect()
        follower.start()
    assert closed(request)(offline)
    assert request not in never.alerted
    assert never.state(request) in (None, wire.REQUEST_CLOSED)


@pytest.mark.parametrize("large", [True, False])
def test_large_and_unknown_requests_reach_coordinators_only(village, large):
    """Scenario 10."""
    giver = village.giver()
    giver_side, coordinator_side = village.follow(giver), village.follow(village.coordinator)
    fields = {"size": wire.SIZE_LARGE} if large else {"category": village.category(coordinators_only=True)}
    published = village.publish(**fields)
    assert published.state == wire.REQUEST_REFERRED
    coordinator_side.until(lambda: published.made in coordinator_side.mailbox_requests())
    # A later request that does reach the giver shows that the first one did not.
    later = village.publish().made
    giver_side.until(lambda: later in giver_side.alerted)
    assert giver_side.alerted == [later]
    assert published.made not in [row.request for row in giver.list_all("requests")]
    opened = village.coordinator.command(open_referred=wire.OpenReferred(request=published.made))
    assert opened.state == wire.REQUEST_OPEN
    giver_side.until(lambda: published.made in giver_side.alerted)


def test_of_two_offers_chosen_at_once_one_is_confirmed(village):
    """Scenario 11."""
    first, second = village.giver("Eerste"), village.giver("Tweede")
    request = village.publish().made
    offers = {village.offer(giver, request): village.follow(giver) for giver in (first, second)}
    workstations = village.desk, village.colleague(village.desk)
    asked = [(desk, desk.post(command=desk.make(choose_offer=wire.ChooseOffer(offer=offer, asker_agreed=True))), offer)
             for desk, offer in zip(workstations, offers)]
    replies = {offer: desk.wait(correlation).reply for desk, correlation, offer in asked}
    assert sorted(reply.code for reply in replies.values()) == [CODE["OK"], CODE["SOMEBODY_WAS_FASTER"]]
    for offer, reply in replies.items():
        chosen = reply.code == CODE["OK"]
        expected = wire.OFFER_CONFIRMED if chosen else wire.OFFER_WAITING
        side = offers[offer]
        side.until(lambda: side.offers().get(offer) is not None and side.offers()[offer].state == expected)
    view = village.view(village.desk, request)
    assert (view.taken, view.needed, view.state) == (1, 1, wire.REQUEST_FILLED)
    # The match falls through: the other one is back, and the request is open again.
    confirmed, waiting = sorted(offers, key=lambda offer: replies[offer].code)
    village.desk.command(cancel_offer=wire.CancelOffer(offer=confirmed, reason=b"Kan toch niet"))
    assert village.view(village.desk, request).state == wire.REQUEST_OPEN
    assert village.offer_view(village.desk, request, waiting).state == wire.OFFER_OFFERED
    assert village.choose(waiting).state == wire.OFFER_CONFIRMED


def test_a_suspended_giver_reads_nothing_more(village):
    """Scenario 12."""
    out, stays = village.giver("Eruit"), village.giver("Blijft")
    out_side, stays_side = village.follow(out), village.follow(stays)
    before = village.publish().made
    until_all([out_side, stays_side], lambda follower: before in follower.alerted)
    old_keys = [state.key_bytes for state in out.welcome.channels if state.topic]
    assert old_keys
    village.coordinator.command(suspend_party=wire.SuspendParty(party=out.party, reason=b"Even overleggen"))
    after = village.publish(text="Dit is voor anderen").made
    stays_side.until(lambda: after in stays_side.alerted)
    # The suspended one still holds its subscription: the bytes arrive, but none of its keys opens them.
    out.published.clear()
    after_all = village.publish(text="Dit ook").made
    stays_side.until(lambda: after_all in stays_side.alerted)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and not any(seen.first for seen in out.published):
        out.pump(0.2)
    boxes = [seen for seen in out.published if seen.first]
    assert boxes, "the test has to see a box to know that it cannot be opened"
    assert all(api.open_box(seen, key) is None for seen in boxes for key in old_keys)
    welcome = out.hello()
    assert welcome.party_state == wire.PARTY_SUSPENDED
    assert not any(state.key_bytes for state in welcome.channels)
    for channel in [state.channel for state in stays.welcome.channels if state.topic]:
        with pytest.raises(api.Refused):
            out.sync(channel)
    with pytest.raises(api.Refused) as refused:
        out.query(requests=wire.ListRequests())
    assert refused.value.code == CODE["PARTY_SUSPENDED"]
    with pytest.raises(api.Refused):
        village.offer(out, after)


def test_a_standing_invitation_waits_for_a_yes(village):
    """Anyone may register; the coordinator says yes, and the giver hears of it."""
    coordinator_side = village.follow(village.coordinator)
    text, _ = village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT, standing=True, uses=2)
    giver = village._join(api.WireClient.enrol(text, "Nieuwe gever", "Nieuwe gever"))
    assert giver.party_state == wire.PARTY_WAITING
    side = village.follow(giver)
    coordinator_side.until(lambda: any(row.party == giver.party for row in coordinator_side.parties()))
    missed = village.publish().made
    village.coordinator.command(approve_party=wire.ApproveParty(party=giver.party))
    side.until(lambda: any(row.state == wire.PARTY_ACTIVE for row in side.parties()))
    side.start()
    side.until(lambda: missed in side.alerted)


def test_a_repeat_of_the_same_reference_posts_once(village):
    """Sending a file twice posts once."""
    asker = village.asker()
    first = village.publish(asker, ref="brief-één".encode())
    again = village.publish(asker, ref="brief-één".encode())
    assert again.made == first.made
    assert len(village.desk.list_all("requests")) == 1
    with pytest.raises(api.Refused) as refused:
        village.publish(asker, text="Een andere tekst", ref="brief-één".encode())
    assert refused.value.code == CODE["REF_USED"]


def test_ids_on_the_wire_tell_nothing_about_numbers(village):
    """Public ids are opaque: two that follow each other are far apart."""
    made = [village.publish().made for _ in range(4)]
    assert len(set(made)) == 4
    assert all(abs(a - b) > 1000 for a, b in zip(made, made[1:]))
    assert all(re.fullmatch("[0-9a-z]{13}", api.id_text(number)) for number in made)
