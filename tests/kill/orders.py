# SPDX-License-Identifier: MPL-2.0
"""What is asked of the broker in one cycle, and what each answer obliges it to.

An `Order` is one command with its answer. `Planner` makes the orders of a cycle out of what was acknowledged so far, so
that publishing, answering, choosing, releasing, closing, enrolling, approving, suspending and revoking are under way at
once. Knows no sockets and kills nobody; life.py does.
"""
import collections

import wire as api
from schema import CODE, SYMBOL, client as sealed, wire

OPEN_MAX = 60       # requests; beyond it they are closed
RACES = {"WRONG_STATE", "SOMEBODY_WAS_FASTER"}  # what two orders of one cycle may do to each other
# What an offer may be told as once it was chosen, reported or confirmed: closing in the same cycle cancels the match.
CHOSEN = (wire.OFFER_CANCELLED, wire.OFFER_CONFIRMED, wire.OFFER_REPORTED_DONE, wire.OFFER_DONE)
REPORTED = (wire.OFFER_CANCELLED, wire.OFFER_REPORTED_DONE, wire.OFFER_DONE)
HELPED = (wire.OFFER_DONE,)
PHONE_BEGIN = "06-9876"  # of every number that is released; it must never stand in a log


class Order:
    """One command of one actor. `then(reply)` is called once, when it was accepted first."""

    def __init__(self, who, name, message, then=None, check=None, fact=None, refusals=RACES):
        self.who, self.name, self.fact = who, name, fact
        self.command = who.make(**{name: message})
        self.then, self.check, self.refusals = then, check, refusals
        self.reply = None       # the answer that it was accepted with
        self.refused = None

    @property
    def settled(self):
        return self.reply is not None or self.refused is not None

    def answered(self, reply):
        """Takes an answer, the first one or that to a repeat."""
        assert reply.command_bytes == self.command.id_bytes, f"{self.name} got the answer to another command"
        if self.reply is not None:
            assert reply == self.reply, f"{self.name} was acknowledged with\n{self.reply}and now gets\n{reply}"
        elif reply.code == CODE["OK"]:
            self.reply = reply
            if self.then:
                self.then(reply)
        else:
            symbol = SYMBOL.get(reply.code, reply.code)
            assert symbol in self.refusals, f"{self.name} is refused: {symbol}"
            self.refused = symbol


class Request:
    def __init__(self, number, text, desk):
        self.number, self.text, self.desk = number, text, desk
        self.offers = {}        # giver: Offer
        self.closed = False


class Offer:
    def __init__(self, number, request, giver):
        self.number, self.request, self.giver = number, request, giver
        self.step = "offered"   # then confirmed, released, reported, done
        self.phone = None


class Newcomer:
    """Somebody who was invited, and all that was acknowledged about it since."""

    def __init__(self, name, invitation):
        self.name, self.invitation, self.keys = name, invitation, api.Keys()
        self.member = self.party = None
        self.state = None       # wire.PARTY_...
        self.revoked = False


class Invitation:
    def __init__(self, text, uses):
        self.text, self.uses, self.given = text, uses, 0
        self.number = None
        self.revoked = False


class Planner:
    """The community as its acknowledgements tell it."""

    def __init__(self, rng, desks, givers, coordinator, ask):
        """`ask(desk, text)` gives a PublishRequest."""
        self.rng, self.desks, self.givers, self.coordinator, self.ask = rng, desks, givers, coordinator, ask
        self.requests, self.newcomers, self.invitations = [], [], []
        self.offers = {}        # number: Offer
        self.paused = set()
        self.count = 0

    def number(self):
        self.count += 1
        return self.count

    def orders(self):
        """Those of one cycle but for the enrolments, in an order of their own."""
        found = [order for desk in self.desks for order in self._publishes(desk)]
        found += self._answers() + self._steps() + self._closings() + self._invitations() + self._people()
        found += self._pauses()
        self.rng.shuffle(found)
        return found

    def open_requests(self):
        return [request for request in self.requests if not request.closed]

    # ---- requests

    def _publishes(self, desk):
        def make():
            text = f"Vraag {self.number()}"

            def then(reply):
                self.requests.append(Request(reply.made, text, desk))
            return Order(desk, "publish_request", self.ask(desk, text), then,
                         lambda judge, reply: judge.told_request(text, reply.made), "request_entered", set())
        return [make() for _ in range(self.rng.randint(1, 5))]

    def _answers(self):
        found = []
        for giver in self.givers:
            free = [request for request in self.open_requests()[-20:] if giver not in request.offers]
            for request in self.rng.sample(free, min(len(free), self.rng.randint(0, 2))):
                found.append(self._answer(giver, request))
        return found

    def _answer(self, giver, request):
        def then(reply):
            offer = Offer(reply.made, request, giver)
            request.offers[giver] = self.offers[reply.made] = offer
        message = wire.GiveAnswer(request=request.number, kind=wire.ANSWER_OFFER, offer_kind=wire.KIND_DO,
                                  text=b"Dat doe ik graag")
        return Order(giver, "give_answer", message, then,
                     lambda judge, reply: judge.told_offer(request.desk, reply.made, None), "answer_given")

    def _steps(self):
        """Choices (also two at once for one request), releases, reports and confirmations."""
        found = []
        offers = [offer for request in self.open_requests() for offer in request.offers.values()]
        for offer in self.rng.sample(offers, min(len(offers), 8)):
            make = {"offered": self._withdraw if self.rng.random() < 0.15 else self._choose, "confirmed": self._release,
                    "released": self._report, "reported": self._confirm}.get(offer.step)
            if make:
                found.append(make(offer))
        return found

    def _step(self, offer, who, name, message, step, told, fact):
        def then(_reply):
            offer.step = step
        return Order(who, name, message, then, lambda judge, reply: told(judge, offer), fact)

    def _choose(self, offer):
        return self._step(offer, offer.request.desk, "choose_offer",
                          wire.ChooseOffer(offer=offer.number, asker_agreed=True), "confirmed",
                          lambda judge, offer: judge.told_offer(offer.giver, offer.number, CHOSEN), None)

    def _withdraw(self, offer):
        return self._step(offer, offer.giver, "withdraw_offer", wire.WithdrawOffer(offer=offer.number), "withdrawn",
                          lambda judge, offer: judge.told_offer(offer.request.desk, offer.number,
                                                              (wire.OFFER_WITHDRAWN,)), None)

    def _report(self, offer):
        return self._step(offer, offer.giver, "report_done", wire.ReportDone(offer=offer.number), "reported",
                          lambda judge, offer: judge.told_offer(offer.request.desk, offer.number, REPORTED), None)

    def _confirm(self, offer):
        return self._step(offer, offer.request.desk, "confirm_help",
                          wire.ConfirmHelp(offer=offer.number, given=True, new_contact=wire.ANSWERED_YES), "done",
                          lambda judge, offer: judge.told_offer(offer.giver, offer.number, HELPED), None)

    def _release(self, offer):
        desk, giver, phone = offer.request.desk, offer.giver, f"{PHONE_BEGIN}{self.number() % 10000:04}"
        asker = self.ask(desk, "").asker
        letter = sealed.ReleaseLetter(
            asker=asker, request=offer.request.number, offer=offer.number, recipient=giver.member,
            recipient_key_bytes=giver.keys.sealing_public, sender=desk.member, channel=wire.CONTACT_PHONE,
            name=b"Iemand", value=phone.encode(), written_at_ms=desk.now_ms())
        message = wire.Release(offer=offer.number, recipient=giver.member, channel=wire.CONTACT_PHONE,
                               asker_agreed=True, box_bytes=api.seal_release(letter, desk.keys.signing_secret))

        def then(_reply):
            offer.step, offer.phone = "released", phone
        return Order(desk, "release", message, then,
                     lambda judge, reply: judge.told_release(giver, reply.made, phone), "contact_released")

    def _closings(self):
        still = self.open_requests()
        ready = [request for request in still if any(offer.step == "done" for offer in request.offers.values())]
        some = set(still[:max(0, len(still) - OPEN_MAX)]) | set(ready[:5]) | set(still[:self.rng.randint(0, 1)])
        return [self._close(request) for request in sorted(some, key=lambda request: request.number)]

    def _close(self, request):
        def then(_reply):
            request.closed = True
        message = wire.CloseRequest(request=request.number, reason=wire.CLOSE_NO_LONGER_NEEDED, asker_agreed=True)
        return Order(request.desk, "close_request", message, then,
                     lambda judge, reply: judge.told_closed(request.number))

    # ---- people

    def _invitations(self):
        standing = self.rng.random() < 0.3
        keys = api.Keys()
        uses = self.rng.randint(2, 4) if standing else 1
        expires_at_ms = self.coordinator.now_ms() + 7 * 24 * 3600 * 1000
        invitation = Invitation(None, uses)
        message = wire.MakeInvitation(role=wire.ROLE_GIVER, audience_class=wire.CLASS_RESIDENT, standing=standing,
                                      uses=uses, expires_at_ms=expires_at_ms, admission_key_bytes=keys.curve_public)

        def then(reply):
            invitation.number, invitation.keys = reply.made, keys
            self.invitations.append(invitation)
        return [Order(self.coordinator, "make_invitation", message, then, None, "invitation_made", set())]

    def enrolment(self, admission, newcomer):
        """Through the admission connection of an invitation that was acknowledged."""
        def then(reply):
            newcomer.member, newcomer.party, newcomer.state = reply.made, reply.party, reply.state
            self.newcomers.append(newcomer)
        message = wire.Enrol(
            party_name=newcomer.name.encode(), member_name=newcomer.name.encode(),
            curve_key_bytes=newcomer.keys.curve_public, sealing_key_bytes=newcomer.keys.sealing_public,
            signing_key_bytes=newcomer.keys.signing_public)
        return Order(admission, "enrol", message, then, lambda judge, reply: judge.meets(newcomer), "member_joined",
                     {"INVITATION_USED"} if newcomer.invitation.given > newcomer.invitation.uses else set())

    def to_enrol(self):
        """Newcomers of this cycle; now and then one more than an invitation is good for."""
        found = []
        for invitation in [row for row in self.invitations if row.given < row.uses + (row.uses > 1)][:2]:
            invitation.given += 1
            found.append(Newcomer(f"Gever {self.number()}", invitation))
        return found

    def _people(self):
        """One step for a few of the newcomers, each into a state that was not there before."""
        found = []
        here = [newcomer for newcomer in self.newcomers[-30:] if not newcomer.revoked]
        for newcomer in self.rng.sample(here, min(len(here), 3)):
            if newcomer.state == wire.PARTY_WAITING:
                found.append(self._party(newcomer, "approve_party", wire.ApproveParty(party=newcomer.party)))
            elif newcomer.state == wire.PARTY_ACTIVE and self.rng.random() < 0.5:
                found.append(self._party(newcomer, "suspend_party",
                                         wire.SuspendParty(party=newcomer.party, reason=b"x")))
            elif newcomer.state == wire.PARTY_ACTIVE:
                found.append(self._revoke(newcomer))
            elif self.rng.random() < 0.3:
                found.append(self._party(newcomer, "reinstate_party",
                                         wire.ReinstateParty(party=newcomer.party, reason=b"x")))
        return found

    def _party(self, newcomer, name, message):
        def then(reply):
            newcomer.state = reply.state
        return Order(self.coordinator, name, message, then, lambda judge, reply: judge.meets(newcomer),
                     "party_state_changed", set())

    def _revoke(self, newcomer):
        def then(_reply):
            newcomer.revoked = True
        return Order(self.coordinator, "revoke_member", wire.RevokeMember(member=newcomer.member, reason=b"x"), then,
                     lambda judge, reply: judge.meets(newcomer), "member_revoked", set())

    def _pauses(self):
        if self.rng.random() > 0.2:
            return []
        giver = self.rng.choice(self.givers[:-1])  # the last is at home, and is to be shown everything
        pause = giver not in self.paused

        def then(_reply):
            (self.paused.add if pause else self.paused.discard)(giver)
        message = wire.Pause() if pause else wire.Resume()
        return [Order(giver, "pause" if pause else "resume", message, then,
                      lambda judge, reply: judge.told_pause(giver, pause), "party_paused", set())]

    def facts(self, accepted):
        """How many facts of each kind the accepted orders stand for."""
        return collections.Counter(order.fact for order in accepted if order.fact)
