# SPDX-License-Identifier: MPL-2.0
"""What must be seen of that which was acknowledged; each method fails where it is not.

The orders of a cycle name what to look for (`told_...`, `meets`); the end of a life looks at the whole history and at
all lists. Looks at one life and changes nothing in it. Used by life.py and orders.py.
"""
import collections

import programs
import wire as api
from actors import Actor
from schema import CODE, wire

VERIFY_SECONDS = 60     # for one slice, on a machine that is busy
JOURNAL_ENTRIES = 4     # in one question; a page has at most 500 lines


class Judge:
    def __init__(self, life):
        self.life = life
        self.baseline = self.journal()  # what had happened before the first cycle

    def told_request(self, text, made):
        for witness in self.life.witnesses.values():
            if witness.client in self.life.plan.givers:
                assert witness.one_request(text) == made, f"“{text}” was acknowledged and does not stand with a giver"

    def told_offer(self, actor, number, states):
        seen = self.life.witnesses[actor.party].states.get(number)
        assert seen, "an answer was acknowledged and never told"
        assert states is None or set(states) & set(seen), f"an offer was told as {seen}, never as {states}"

    def told_release(self, giver, number, phone):
        found = [release for release in self.life.witnesses[giver.party].releases() if release.release == number]
        assert len(found) == 1, f"a release was told {len(found)} times"
        opened = api.open_release(found[0], giver.keys).value.decode()
        assert opened == phone, "a release opens to something else"

    def told_closed(self, number):
        for witness in self.life.witnesses.values():
            if witness.client in self.life.plan.givers:
                assert witness.state(number) == wire.REQUEST_CLOSED, "a request was closed and still stands"

    def told_pause(self, giver, paused):
        assert giver.hello().paused == paused, f"{'pausing' if paused else 'resuming'} was acknowledged and is undone"

    def meets(self, newcomer):
        """A newcomer comes with its own key and is what was acknowledged last."""
        if newcomer.member is None:
            return
        actor = Actor(self.life.coordinator.broker, newcomer.keys)
        try:
            assert actor.is_refused() == newcomer.revoked, \
                f"{newcomer.name} is {'let in though revoked' if newcomer.revoked else 'refused though admitted'}"
            if newcomer.revoked:
                return
            welcome = actor.hello()
            assert (welcome.member, welcome.party, welcome.party_state) == \
                (newcomer.member, newcomer.party, newcomer.state), f"{newcomer.name} is another: {welcome}"
            active = newcomer.state == wire.PARTY_ACTIVE
            assert (actor.class_channel() is not None) == active, f"{newcomer.name} has the wrong channels"
            if newcomer.state == wire.PARTY_SUSPENDED:
                code = actor.try_command(pause=wire.Pause()).code
                assert code == CODE["PARTY_SUSPENDED"], f"{newcomer.name} is suspended and gets {code}"
        finally:
            actor.close()

    # ---- the whole

    def verify(self):
        home = self.life.daemon.operator_home
        done = programs.run(self.life.logs, "buurtbel-ctl", "--home", home, "--timeout", VERIFY_SECONDS, "verify",
                            timeout=2 * VERIFY_SECONDS, build=self.life.build)
        assert done.code == 0, f"verify: {done}"
        self.life.tally["verified"] += 1

    def journal(self):
        """Every line of the history."""
        lines, entry, fact = [], 1, 0
        while entry:
            page = self.life.operator.query(
                journal=wire.ReadJournal(from_entry=entry, from_fact=fact, limit=JOURNAL_ENTRIES))
            lines += page.lines
            entry, fact = page.next_entry, page.next_fact
        return lines

    def history(self, giver):
        """Of each accepted command the history has its facts, and it has no others."""
        lines = self.journal()[len(self.baseline):]
        kinds = collections.Counter(line.fact.decode() for line in lines)
        expected = self.life.plan.facts(self.life.accepted)
        expected["request_entered"] = sum(len(found) for found in giver.requests_of.values())
        for kind, count in expected.items():
            assert kinds[kind] == count, f"{count} times {kind} was acknowledged, and it happened {kinds[kind]} times"
        made = collections.Counter((line.fact, line.subject) for line in lines)
        for kind in (b"request_entered", b"contact_released", b"member_joined", b"member_revoked", b"invitation_made"):
            assert all(count == 1 for (fact, _), count in made.items() if fact == kind), f"{kind} happened twice"
        commits = collections.Counter(order.reply.entry for order in self.life.accepted)
        self.life.tally["commits of several commands"] += sum(count > 1 for count in commits.values())
        entries = {(line.entry, line.subject) for line in lines}
        lost = [order.name for order in self.life.accepted if (order.reply.entry, order.reply.made) not in entries]
        assert not lost, f"acknowledged and not in the history: {collections.Counter(lost)}"

    def lists(self, giver):
        """What the store lists is what the givers know, and what was used of the invitations."""
        north = self.life.plan.desks[0]
        rows = north.list_all("requests")
        listed = {row.request: row.text.decode() for row in rows}
        assert len(listed) == len(rows), "a request is listed twice"
        there = {number for number, request in giver.requests.items() if request.state != wire.REQUEST_CLOSED}
        assert set(listed) == there, "the store and the givers know different requests"
        used = {row.invitation: row.uses_left for row in self.life.coordinator.list_all("invitations")}
        joined = collections.Counter(newcomer.invitation.number for newcomer in self.life.plan.newcomers)
        for invitation in self.life.plan.invitations:
            assert used[invitation.number] == invitation.uses - joined[invitation.number], "uses of an invitation"
