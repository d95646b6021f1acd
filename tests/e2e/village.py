# SPDX-License-Identifier: MPL-2.0
"""A community to play scenarios in: a broker, an operator, a coordinator, desks and givers, all of them WireClients.

The names, telephone numbers and addresses here are planted: invented, and never to be found where they do not belong.
"""
import programs
import wire as api
from schema import client as sealed, wire

RESIDENT = wire.CLASS_RESIDENT


class Planted:
    """An asker who must stay unknown. Nobody has this name or number."""

    name = "Xantippe Vraagaldóór"
    phone = "06-98765401"
    email = "xantippe.vraagaldoor@voorbeeld.invalid"
    address = "Nergensplantsoen 4711, 9999 ZZ Nergenshuizen"
    all = tuple(text for _, text in programs.plants.load("contact"))

    @classmethod
    def card(cls):
        return sealed.ContactCard(name=cls.name.encode(), phone=cls.phone.encode(), email=cls.email.encode(),
                                  address=cls.address.encode())


class Village:
    def __init__(self, daemon):
        self.daemon = daemon
        self.clients = []
        self.operator = self._join(api.WireClient.from_home(daemon.operator_home))
        self.operator.hello()
        self.coordinator = self.member(self.operator, wire.ROLE_COORDINATOR, "Buurtwerk", "Kwartiermaker")
        self.desk = self.member(self.coordinator, wire.ROLE_DESK, "Intakebalie Noord", "Balie één")

    def _join(self, client):
        self.clients.append(client)
        return client

    def member(self, inviter, role, party_name, member_name, audience_class=0, party=0):
        """Invites, enrols and says hello."""
        text, _ = inviter.invite(role, audience_class, party=party)
        client = self._join(api.WireClient.enrol(text, party_name, member_name))
        client.hello()
        return client

    def giver(self, name="Fietsenmaker Het Wiel", audience_class=RESIDENT):
        return self.member(self.coordinator, wire.ROLE_GIVER, name, name, audience_class)

    def second_desk(self):
        return self.member(self.coordinator, wire.ROLE_DESK, "Intakebalie Zuid", "Balie twee")

    def colleague(self, client, role=wire.ROLE_DESK):
        """A further member of a party."""
        return self.member(client, role, "", "Collega", party=client.party)

    def follow(self, client):
        return api.Follower(client).start()

    def close(self):
        for client in self.clients:
            client.close()

    # ---- what a desk does

    def category(self, coordinators_only=False):
        return next(row.key for row in self.desk.welcome.categories if row.coordinators_only == coordinators_only)

    def registration(self, desk, ref=b"", card=None):
        """An AddAsker whose contact is sealed for the desk's members."""
        members = [(row.member, row.sealing_key_bytes) for row in desk.list_all("members") if not row.revoked]
        contact = api.seal_contact(card or sealed.ContactCard(name=b"Iemand"), members, desk.welcome.recovery_key_bytes)
        return wire.AddAsker(ref=ref, contact=contact, heard_of=wire.HEARD_SCHOOL)

    def asker(self, desk=None, ref=b"", card=None):
        """Registers an asker; gives its id."""
        desk = desk or self.desk
        return desk.command(add_asker=self.registration(desk, ref, card)).made

    def request(self, asker, text="Wie repareert de fiets van mijn dochter?", **fields):
        """A PublishRequest with all that it needs."""
        fields = {"category": self.category(), "size": wire.SIZE_SMALL, "wanted": wire.WANTED_TIME,
                  "priority": wire.PRIORITY_NORMAL, "asker_agreed": True, **fields}
        return wire.PublishRequest(asker=asker, text=text.encode(), **fields)

    def publish(self, asker=None, desk=None, **fields):
        """Publishes as the desk; gives the Reply."""
        desk = desk or self.desk
        return desk.command(publish_request=self.request(asker or self.asker(desk), **fields))

    def offer(self, giver, request, kind=wire.ANSWER_OFFER, text="Dat doe ik graag", offer_kind=wire.KIND_DO):
        """Answers as a giver; gives the offer's id."""
        if kind not in (wire.ANSWER_OFFER, wire.ANSWER_OFFER_WITH_CONDITIONS):
            offer_kind = wire.KIND_UNSET
        return giver.command(give_answer=wire.GiveAnswer(request=request, kind=kind, offer_kind=offer_kind,
                                                         text=text.encode())).made

    def choose(self, offer, desk=None):
        return (desk or self.desk).command(choose_offer=wire.ChooseOffer(offer=offer, asker_agreed=True))

    def letter(self, desk, offer_view, asker, channel, value, name):
        """The ReleaseLetter for who made an offer."""
        return sealed.ReleaseLetter(
            asker=asker, request=offer_view.request, offer=offer_view.offer, recipient=offer_view.member,
            recipient_key_bytes=offer_view.sealing_key_bytes, sender=desk.member, channel=channel, name=name.encode(),
            value=value.encode(), written_at_ms=desk.now_ms())

    def release(self, desk, offer_view, asker, card=None):
        """Releases the telephone number of an asker to who made the offer; gives the Reply."""
        card = card or Planted.card()
        letter = self.letter(desk, offer_view, asker, wire.CONTACT_PHONE, card.phone.decode(), card.name.decode())
        return desk.command(release=wire.Release(
            offer=offer_view.offer, recipient=offer_view.member, channel=wire.CONTACT_PHONE, asker_agreed=True,
            box_bytes=api.seal_release(letter, desk.keys.signing_secret)))

    def view(self, client, request):
        return client.query(request=wire.ShowRequest(request=request))

    def offer_view(self, client, request, offer):
        return next(row for row in self.view(client, request).offers if row.offer == offer)
