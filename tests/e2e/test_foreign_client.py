# SPDX-License-Identifier: MPL-2.0
"""A client that was written from proto/PROTOCOL.md alone does a giver's whole work beside people's real programs.

All our clients share one library with the broker, and wire.py grew up with both: what they get wrong together, only
tests/foreign/ can see. So here it is asked by which way a notice came, not only whether it came.
"""
import pathlib
import re
import sys

import pytest

import programs
from village import Planted

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

from foreign import client as abroad, enrol as joining, schema as foreign_schema, seals  # noqa: E402
from foreign.keeper import Keeper  # noqa: E402

PATIENCE = 45 * programs.SLOW
INVITATION_USED, BAD_VALUE, UNKNOWN_ID, PARTY_SUSPENDED, MEMBER_REVOKED, AT_THE_DOOR = 45, 27, 60, 42, 41, 12

message, value, id_text = foreign_schema.message, foreign_schema.value, foreign_schema.id_text


class Abroad:
    """One foreign client with what it told: rows of (kind, thing, way)."""

    def __init__(self, home):
        self.home, self.told, self.client = home, [], None

    def open(self):
        self.client = abroad.Client(self.home, lambda kind, thing, way: self.told.append((kind, thing, way)))
        return self

    def of(self, kind):
        return [(thing, way) for told, thing, way in self.told if told == kind]

    def shown(self, kind):
        """The ids of the requests that were told like this, as people see them."""
        return [id_text(thing.request) for thing, _ in self.of(kind)]

    def snapshots(self):
        """Those that stood for notices, in order."""
        return [page for page, _ in self.of("snapshot") if page.cursor.seq > 0]

    def wait(self, kind, wanted=lambda thing: True):
        """The first thing that was told like this, and by which way."""
        def found():
            return [row for row in self.of(kind) if wanted(row[0])]
        self.client.until(found, PATIENCE)
        return found()[0]

    def wait_request(self, kind, request):
        return self.wait(kind, lambda thing: id_text(thing.request) == request)

    def wait_in_step(self):
        """Until it listens and nothing is left to be repaired."""
        self.client.until(self.in_step, PATIENCE)

    def in_step(self):
        channels = self.client.channels.values()
        return (self.client.ready and len(channels) == 2 and self.client.listener and self.client.listener.connected and
                all(channel.page is None and channel.repair_due is None for channel in channels))

    def answer(self, request, text="Dat doe ik graag"):
        """Offers help; the Reply."""
        given = self.client.give(give_answer=message("wire.GiveAnswer")(
            request=foreign_schema.id_number(request), kind=value("wire.AnswerKind", "ANSWER_OFFER"),
            offer_kind=value("wire.OfferKind", "KIND_DO"), text=text.encode()))
        return self.wait("reply", lambda reply: reply.command_bytes == given)[0]

    def close(self):
        if self.client:
            self.client.close()


class Town:
    """A community whose desk and coordinator are people with our programs."""

    def __init__(self, logs, broker, folder):
        self.broker, self.folder = broker, folder
        self.operator = programs.Person(logs, "buurtbel-ctl", broker.operator_home)
        self.coordinator = programs.Person(logs, "buurtbel-ctl", folder / "coordinator")
        self.coordinator.enrol(self.invite(self.operator, "coordinator"), "Kwartiermakers", "Sanne")
        self.desk = programs.Person(logs, "buurtbel-intake", folder / "desk")
        self.desk.enrol(self.invite(self.coordinator, "desk"), "Balie Centrum", "Noor")
        self.asker = self.desk.do("asker", "add", "--name", Planted.name, "--phone", Planted.phone,
                                  "--heard-of", "school")[-1]["made"]
        self.guests = []

    def invite(self, who, role, *more):
        done = who.run("invite", "--role", role, "--quiet", *more)
        assert done.code == 0, done
        return re.search(r"buurtbel-invitation:[\w-]+", done.stdout).group()

    def guest(self):
        """A foreign client that enrolled with an invitation and is in step."""
        home = self.folder / f"abroad-{len(self.guests)}"
        reply = joining.enrol(home, self.invite(self.coordinator, "giver"), "Fahrradladen Müller", "Jürgen")
        assert reply.state == value("wire.PartyState", "PARTY_ACTIVE")
        guest = Abroad(home).open()
        self.guests.append(guest)
        guest.wait_in_step()
        return guest

    def post(self, text="Wie maakt de fiets van mijn dochter? De band is lek"):
        """Publishes; the request's id."""
        posted = self.desk.do("post", "--asker", self.asker, "--category", "fiets", "--wanted", "time", "--text", text,
                              "--asker-agreed", "--yes")
        return next(line["made"] for line in posted if "made" in line)

    def withdraw(self, request):
        self.desk.do("close", request, "--reason", "no_longer_needed", "--asker-agreed")

    def offers(self, request):
        return self.desk.do("show", request)[-1].get("offers", [])

    def choose_and_release(self, offer):
        self.desk.do("choose", offer, "--asker-agreed")
        released = self.desk.run("release", offer, "--channel", "phone", "--asker-agreed", "--yes")
        assert released.code == 0, released
        return released


@pytest.fixture
def town(logs, broker, tmp_path):
    made = Town(logs, broker, tmp_path)
    yield made
    for guest in made.guests:
        guest.close()


def lose_publications(guest, wanted=lambda published: published.first != 0):
    """Loses what the publish socket brings; the numbers of the notices that were lost."""
    lost, listener = [], guest.client.listener
    arriving = listener.frames

    def frames():
        for parts in arriving():
            published = foreign_schema.unpack(foreign_schema.Published, parts[1])
            if wanted(published):
                lost.append(published.first)
            else:
                yield parts
    listener.frames = frames
    return lost


def hear_again(guest):
    del guest.client.listener.frames


def test_a_foreign_client_does_a_givers_whole_work(town):
    guest = town.guest()
    request = town.post()
    alert, way = guest.wait_request("alert", request)
    assert way == "publication", "it opens the boxes of the publish socket"
    assert alert.text.decode().startswith("Wie maakt de fiets")
    reply = guest.answer(request)
    assert reply.code == 0 and reply.state == value("wire.OfferState", "OFFER_OFFERED")
    offer = id_text(reply.made)
    assert [row["offer"] for row in town.offers(request)] == [offer]

    released = town.choose_and_release(offer)
    chosen, way = guest.wait("offer", lambda view: view.state == value("wire.OfferState", "OFFER_CONFIRMED"))
    assert (id_text(chosen.offer), way) == (offer, "push")
    assert guest.wait_request("update", request)[1] == "publication"
    view, way = guest.wait("release")
    letter = guest.client.open_release(view)
    assert (letter.name.decode(), letter.value.decode(), way) == (Planted.name, Planted.phone, "push")
    assert guest.client.check_words() in released.stderr, "both ends see the same words"

    given = guest.client.give(report_done=message("wire.ReportDone")(offer=reply.made))
    assert guest.wait("reply", lambda told: told.command_bytes == given)[0].code == 0
    town.desk.do("confirm", offer, "--given")
    town.desk.do("close", request, "--reason", "fulfilled", "--asker-agreed")
    assert guest.wait_request("cancel", request)[1] == "publication"
    assert guest.client.unopened == 0


def test_a_release_for_another_key_or_with_another_content_is_not_opened(town):
    guest, other = town.guest(), town.guest()
    request = town.post()
    guest.wait_request("alert", request)
    town.choose_and_release(id_text(guest.answer(request).made))
    view = guest.wait("release")[0]
    with pytest.raises(seals.CannotOpen):
        other.client.open_release(view)
    for field in ("asker", "request", "offer", "recipient", "sender", "channel"):
        changed = message("wire.ReleaseView")()
        changed.CopyFrom(view)
        setattr(changed, field, 1 if field == "channel" and view.channel != 1 else 2)
        with pytest.raises(seals.CannotOpen):
            guest.client.open_release(changed)
    assert guest.client.open_release(view).value.decode() == Planted.phone
    view.sender_key_bytes = bytes(32)
    with pytest.raises(seals.CannotOpen, match="changed"):
        guest.client.open_release(view)


def test_a_lost_publication_is_missed_and_fetched(town):
    """First the last one, which only a beacon shows to be missing; then one that a later one shows."""
    guest = town.guest()
    lost = lose_publications(guest)
    last = town.post("Wie wil een keer mee koffie drinken?")
    assert guest.wait_request("alert", last)[1] == "page"
    assert lost, "one was lost on purpose"
    hear_again(guest)
    guest.wait_in_step()

    lost = lose_publications(guest, lambda published: published.first == 0 or not lost)
    first = town.post("Wie helpt met een brief van de gemeente?")
    guest.client.until(lambda: lost, PATIENCE)
    second = town.post("Wie heeft een ladder te leen?")
    assert guest.wait_request("alert", first)[1] == "page"
    guest.wait_request("alert", second)
    assert sorted(guest.shown("alert")) == sorted([last, first, second]), "each once"
    assert guest.client.unopened == 0


def test_it_outlives_a_kill_of_the_broker(town):
    """What it was told stays told once, and a command whose answer was lost is done once."""
    guest = town.guest()
    request = town.post()
    guest.wait_request("alert", request)
    boot = guest.client.welcome.boot_bytes
    guest.client.speaker.frames = lambda: iter(())  # what is answered now, it does not hear
    given = guest.client.give(give_answer=message("wire.GiveAnswer")(
        request=foreign_schema.id_number(request), kind=value("wire.AnswerKind", "ANSWER_OFFER"),
        offer_kind=value("wire.OfferKind", "KIND_DO")))
    guest.client.until(lambda: town.offers(request), PATIENCE)
    town.broker.kill9()
    guest.client.until(lambda: not guest.client.ready, PATIENCE)
    del guest.client.speaker.frames
    town.broker.restart()
    reply = guest.wait("reply", lambda told: told.command_bytes == given)[0]
    assert reply.code == 0
    assert [row["offer"] for row in town.offers(request)] == [id_text(reply.made)]
    guest.wait_in_step()
    assert guest.client.welcome.boot_bytes != boot
    after = town.post("Wie heeft een ladder te leen?")
    assert guest.wait_request("alert", after)[1] == "publication", "it has the key of the new boot"
    assert guest.shown("alert") == [request, after]
    assert guest.client.unopened == 0


def test_it_is_the_same_giver_when_it_is_opened_again(town):
    guest = town.guest()
    known, gone = town.post(), town.post("Wie heeft een ladder te leen?")
    guest.wait_request("alert", gone)
    guest.wait_in_step()
    guest.close()
    town.withdraw(gone)
    fresh = town.post("Wie wil een keer mee koffie drinken?")
    guest.open().wait_request("alert", fresh)
    guest.wait_request("cancel", gone)
    assert guest.shown("alert") == [known, gone, fresh] and guest.shown("cancel") == [gone]
    assert all(way == "page" for kind, _, way in guest.told if kind == "cancel")
    assert not guest.snapshots(), "a newcomer's were empty, and who comes back gets a replay"


@pytest.mark.parametrize("history", ["another hash", "another epoch", "beyond the head"])
def test_a_cursor_of_another_history_gets_a_snapshot_that_replaces(town, history):
    guest = town.guest()
    known, gone = town.post(), town.post("Wie heeft een ladder te leen?")
    guest.wait_request("alert", gone)
    guest.wait_in_step()
    guest.close()
    town.withdraw(gone)
    keeper = Keeper(guest.home)
    number, = (int(key) for key in keeper.rows["cursors"] if keeper.cursor(key).seq == 2)
    cursor = keeper.cursor(number)
    changes = {"another hash": ("hash_bytes", bytes(8)), "another epoch": ("epoch", cursor.epoch + 1),
               "beyond the head": ("seq", 1000)}
    setattr(cursor, *changes[history])
    keeper.set_cursor(cursor)
    keeper.save()
    guest.open().wait_request("cancel", gone)
    guest.wait_in_step()
    assert len(guest.snapshots()) == 1
    assert guest.shown("cancel") == [gone], "what is still open stays"
    fresh = town.post("Wie wil een keer mee koffie drinken?")
    assert guest.wait_request("alert", fresh)[1] == "publication"
    assert guest.shown("alert") == [known, gone, fresh]


def test_an_enrolment_whose_answer_was_lost_is_taken_up(town, monkeypatch):
    """Over the admission key, and when that was taken back, with the key of its own."""
    text, home = town.invite(town.coordinator, "giver"), town.folder / "interrupted"
    arriving = joining.Line.frames

    def frames(line):
        for parts in arriving(line):
            if foreign_schema.unpack(foreign_schema.FromBroker, parts[0]).WhichOneof("body") == "reply":
                raise ConnectionError("the computer was switched off")
            yield parts
    monkeypatch.setattr(joining.Line, "frames", frames)
    with pytest.raises(ConnectionError):
        joining.enrol(home, text, "Winkel", "Ans")
    monkeypatch.undo()
    command, = Keeper(home).open_commands().values()
    first = joining.enrol_again(home)
    assert first.code == 0 and first.command_bytes == command.id_bytes

    Keeper(home).add_command(command)
    invitation = town.coordinator.do("invitation", "list")[0]
    town.coordinator.do("invitation", "revoke", invitation["invitation"])
    second = joining.enrol_again(home)
    assert (second.made, second.party, second.state) == (first.made, first.party, first.state)


def test_refusals_are_understood(town):
    text = town.invite(town.coordinator, "giver")
    with pytest.raises(ValueError):
        foreign_schema.read_invitation(text[:-5])
    joining.enrol(town.folder / "first", f" {text[:40]}\n{text[40:]}\n", "Winkel", "Ans")
    with pytest.raises(abroad.Refused) as used:
        joining.enrol(town.folder / "second", text, "Winkel", "Ans")
    assert used.value.code == INVITATION_USED and str(used.value)

    guest = town.guest()
    request = town.post()
    guest.wait_request("alert", request)
    assert guest.answer(id_text(1)).code == UNKNOWN_ID
    assert guest.client.keeper.rows["outbox"] == {}, "a refusal is an answer"
    party = id_text(guest.client.welcome.party)
    town.coordinator.do("party", "suspend", party, "--reason", "Even overleggen")
    guest.wait_request("cancel", request)
    assert guest.answer(request).code == PARTY_SUSPENDED
    town.coordinator.do("party", "reinstate", party, "--reason", "Overlegd")
    guest.wait_in_step()
    assert guest.shown("alert") == [request, request], "back in a snapshot, and shown anew"

    member = id_text(guest.client.welcome.member)
    town.operator.do("member", "revoke", member, "--reason", "Apparaat kwijt")
    with pytest.raises(abroad.Refused) as revoked:
        guest.client.until(lambda: False, PATIENCE)
    assert revoked.value.code == MEMBER_REVOKED
    with pytest.raises(abroad.Refused) as unknown:
        guest.open().client.until(lambda: False, PATIENCE)
    assert unknown.value.code == AT_THE_DOOR
