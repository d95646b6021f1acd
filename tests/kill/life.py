# SPDX-License-Identifier: MPL-2.0
"""The life of one community whose broker is killed in each cycle, at a random moment of a burst of commands.

A cycle: the burst goes out, the broker dies, what it had sent is read to the end, it starts again, every command of the
burst is given again under its own id, and what was acknowledged is looked for where it must be seen: by the followers,
at the door, in a mailbox. A share of the cycles kills people's programs too. The end of a life looks at all of it.
"""
import collections
import pathlib
import shutil
import signal
import tempfile
import time

import zmq

import people
import programs
import wire as api
from actors import Actor, Witness, retried
from judge import Judge
from orders import PHONE_BEGIN, Planner
from schema import client as sealed, wire

GIVERS = 3
ASK_AGAIN_SECONDS = 0.5
ANSWER_SECONDS = 30
WAIT_MS = 1
SPIN_SECONDS = 0.002    # before the moment of a kill; a wait is not that exact
LOOK_EVERY = 16         # commands between two looks at the answers
REPEATS = 6             # of commands of earlier cycles, in each
PEOPLE_EVERY = 5        # in one cycle of so many, a person's program is killed too
VERIFY_EVERY = 500
BEGIN_SECONDS = 0.02    # a first guess of how long a burst takes


class Life:
    """Use as a context; `cycle()` as often as wanted, then `finish()`."""

    def __init__(self, build, rng):
        self.build, self.rng = build, rng
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="buurtbel-kill-"))
        self.logs = programs.Logs(self.folder)
        self.logs.secrets.add(PHONE_BEGIN)
        self.daemon = self.giver_home = self.desk_home = None
        self.poller, self.at_socket = zmq.Poller(), {}
        self.actors, self.witnesses, self.told = [], {}, {}
        self.accepted = []
        self.burst_seconds = BEGIN_SECONDS
        self.cycles = 0
        self.tally = collections.Counter()

    def __enter__(self):
        try:
            self.found()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for home in (self.giver_home, self.desk_home):
            if home is not None:
                home.strike()
        for actor in self.actors:
            actor.close()
        if self.daemon and self.daemon.process and self.daemon.process.running():
            self.daemon.kill9()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- founding

    def found(self):
        self.daemon = programs.Daemon(self.logs, self.folder / "broker", self.build, settings={
            "limits/handshakes-per-second": 10000, "limits/handshakes-burst": 100000})
        self.daemon.start()
        self.operator = self._join(Actor.from_home(self.daemon.operator_home))
        self.operator.hello()
        self.coordinator = self._member(self.operator, wire.ROLE_COORDINATOR, "Buurtwerk")
        north = self._member(self.coordinator, wire.ROLE_DESK, "Balie Noord")
        colleague = self._member(north, wire.ROLE_DESK, "Balie Noord", party=north.party)
        south = self._member(self.coordinator, wire.ROLE_DESK, "Balie Zuid")
        givers = [self._member(self.coordinator, wire.ROLE_GIVER, f"Gever {letter}", wire.CLASS_RESIDENT)
                  for letter in "ABC"[:GIVERS]]
        self.giver_home = self._giver_at_home()
        givers.append(self._join(Actor.from_home(self.giver_home.person.home)))
        self.desk_home = self._desk_at_home()
        self.askers = {desk.party: self._asker(desk) for desk in (north, south)}
        for actor in (self.coordinator, north, south, *givers):
            self.witnesses[actor.party] = Witness(actor, self.told).start()
        self.plan = Planner(self.rng, [north, colleague, south], givers, self.coordinator, self._ask)
        self.giver_home.start()
        self.giver_home.wait_complete()
        self.judge = Judge(self)

    def _join(self, actor):
        self.actors.append(actor)
        self.at_socket[actor.dealer] = actor
        self.poller.register(actor.dealer, zmq.POLLIN)
        return actor

    def _leave(self, actor):
        self.actors.remove(actor)
        del self.at_socket[actor.dealer]
        self.poller.unregister(actor.dealer)
        actor.close()

    def _member(self, inviter, role, name, audience_class=0, party=0):
        text, _ = inviter.invite(role, audience_class, party=party)
        actor = self._join(Actor.enrol(text, name, name))
        assert not actor.is_refused(), f"{name} was enrolled and is refused at the door"
        actor.hello()
        return actor

    def _giver_at_home(self):
        person = programs.Person(self.logs, "buurtbel-giver", self.folder / "giver", self.build)
        text, _ = self.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)
        person.enrol(text, "Gever thuis")
        return people.GiverAtHome(person)

    def _desk_at_home(self):
        person = programs.Person(self.logs, "buurtbel-intake", self.folder / "intake", self.build)
        text, _ = self.coordinator.invite(wire.ROLE_DESK)
        person.enrol(text, "Balie thuis", "Noor")
        desk = Actor.from_home(person.home)
        desk.hello()
        asker = self._asker(desk)
        desk.close()
        return people.DeskAtHome(person, asker)

    def _asker(self, desk):
        members = [(row.member, row.sealing_key_bytes) for row in desk.list_all("members") if not row.revoked]
        contact = api.seal_contact(sealed.ContactCard(name=b"Iemand"), members, desk.welcome.recovery_key_bytes)
        return desk.command(add_asker=wire.AddAsker(contact=contact, heard_of=wire.HEARD_SCHOOL)).made

    def _ask(self, desk, text):
        return wire.PublishRequest(asker=self.askers[desk.party], text=text.encode(), category=b"fiets",
                                   size=wire.SIZE_SMALL, wanted=wire.WANTED_TIME, priority=wire.PRIORITY_NORMAL,
                                   asker_agreed=True)

    # ---- one cycle

    def cycle(self):
        self.cycles += 1
        admissions = self._admissions()
        burst = self.plan.orders()
        for newcomer, admission in admissions:
            burst.insert(self.rng.randint(0, len(burst)), self.plan.enrolment(admission, newcomer))
        struck = self._people_of_this_cycle()
        self._kill_in(burst, struck)
        for home in struck:
            home.bury()
        self._restart()
        self._settle(burst)
        self._settle(self._earlier())
        self._look_for(burst)
        for _, admission in admissions:
            self._leave(admission)
        self._remember(burst)
        if self.cycles % VERIFY_EVERY == 0:
            self.judge.verify()

    def _admissions(self):
        """Connections of people who are about to enrol."""
        found = []
        for newcomer in self.plan.to_enrol():
            admission = self._join(Actor(self.coordinator.broker, newcomer.invitation.keys))
            admission.come_back()
            found.append((newcomer, admission))
        return found

    def _earlier(self):
        """Some of what was accepted in other cycles, to be given once more; an invitation's connection is gone."""
        some = self.rng.sample(self.accepted, min(REPEATS, len(self.accepted)))
        return [order for order in some if order.who in self.actors]

    def _people_of_this_cycle(self):
        """Whose programs die in this cycle; they are at work when the burst begins."""
        self.desk_home.reap()
        struck = []
        if self.rng.randrange(PEOPLE_EVERY) == 0:
            if self.giver_home.program is None:
                self.giver_home.start()
                self.giver_home.wait_complete()
                self.giver_home.judge(self.witnesses[self.plan.givers[-1].party])
            struck.append(self.giver_home)
        if self.rng.randrange(PEOPLE_EVERY) == 0:
            self.desk_home.post()
            if self.rng.random() < 0.5:
                self.desk_home.start_watch()
            if self.rng.random() < 0.5:
                struck.append(self.desk_home)
        return struck

    def _kill_in(self, burst, struck):
        """Sends the burst, and kills the broker and those people at moments of their own."""
        strikes = [(self.rng.uniform(0, 1.3 * self.burst_seconds), home) for home in struck]
        under_way, kill_at, all_answered = self._send_until(self._moment(len(burst)), burst, strikes)
        self.daemon.process.child.send_signal(signal.SIGKILL)
        for _, home in strikes:
            home.strike()
        self.daemon.process.wait()
        for actor in self.actors:
            actor.read_to_the_end()
            self._take_answers(actor, under_way)
        for witness in self.witnesses.values():
            witness.take_all()
        self.tally["answered before the kill"] += len(burst) - len(under_way)
        self._measure(all_answered, kill_at)

    def _moment(self, count):
        """When to kill, whichever comes first of: after so many seconds; at so many answers; with the first word that
        comes once so many commands were sent, before it is read. The next commit, its notices and its replies are then
        close."""
        seconds, kind = 1.15 * self.burst_seconds, self.rng.randrange(3)
        if kind == 0:
            return self.rng.uniform(0, seconds), count + 1, count + 1
        if kind == 1:
            return 3 * seconds, self.rng.randint(1, max(1, count // 2)), count + 1
        return 3 * seconds, count + 1, self.rng.randint(1, count)

    def _send_until(self, moment, burst, strikes):
        """Gives what is not answered, after how long, and after how long everything was answered, if it was."""
        seconds, answers, word_after = moment
        frames = [(order.who, *order.who.frame(order.command)) for order in burst]
        under_way = {(who, correlation): order for (who, correlation, _), order in zip(frames, burst)}
        began, sent, all_answered = time.monotonic(), 0, None
        while (now := time.monotonic() - began) < seconds and len(burst) - len(under_way) < answers:
            self._strike_due(strikes, now)
            if sent < len(frames):
                who, _, frame = frames[sent]
                who.dealer.send(frame)
                sent += 1
            if sent >= word_after and self.poller.poll(0):
                break
            if sent == len(frames) or sent % LOOK_EVERY == 0:
                idle = sent == len(frames) < word_after and not strikes and seconds - now > SPIN_SECONDS
                self._hear(under_way, WAIT_MS if idle else 0)
            if all_answered is None and not under_way:
                all_answered = time.monotonic() - began
        return under_way, now, all_answered

    def _strike_due(self, strikes, now):
        """Kills whose moment has come; and the giver, where it was to come yet, in the midst of what it prints."""
        for strike in list(strikes):
            at, home = strike
            if now >= at or (home is self.giver_home and at > self.burst_seconds / 2 and home.has_printed()):
                home.strike()
                strikes.remove(strike)

    def _measure(self, all_answered, kill_at):
        """How long a burst takes: what is seen of it, or longer where the kill came late and before the end."""
        if all_answered is not None:
            self.burst_seconds += (all_answered - self.burst_seconds) / 8
        elif kill_at > self.burst_seconds:
            self.burst_seconds *= 1.1

    def _hear(self, under_way, wait_ms=0):
        """Takes the answers that came, of any actor."""
        for socket, _ in self.poller.poll(wait_ms):
            self.at_socket[socket].pump()
            self._take_answers(self.at_socket[socket], under_way)

    def _take_answers(self, actor, under_way):
        for correlation in [row for row in actor.answers if (actor, row) in under_way]:
            self._answer(under_way.pop((actor, correlation)), actor.answers.pop(correlation))

    def _answer(self, order, message):
        """The Reply to an order; one that says nothing about it leaves it open."""
        assert message.WhichOneof("body") == "reply", f"{order.name} was answered by {message}"
        if not retried(message.reply.code):
            order.answered(message.reply)

    def _restart(self):
        self.daemon.process = programs.Process(self.logs, "buurtbeld", self.daemon.config, build=self.build)
        self._come_back()

    def _come_back(self):
        for actor in self.actors:
            actor.come_back()
        for witness in self.witnesses.values():
            witness.start()
        for actor in self.actors:
            actor.answers.clear()

    def _settle(self, orders):
        """Gives each order, again and again, until it is answered for good."""
        deadline = time.monotonic() + ANSWER_SECONDS
        left = [order for order in orders if order.refused is None]
        while left:
            assert time.monotonic() < deadline, f"{left[0].name} is not answered"
            under_way = {}
            for order in left:
                correlation, frame = order.who.frame(order.command)
                order.who.send_frames([frame])
                under_way[order.who, correlation] = order
            again_at = time.monotonic() + ASK_AGAIN_SECONDS
            before = set(under_way.values())
            while under_way and time.monotonic() < again_at:
                self._hear(under_way, WAIT_MS)
            left = list(under_way.values()) + [order for order in before if not order.settled]
        self.tally["repeats"] += len(orders)

    def _look_for(self, burst):
        """What was accepted is seen where it must be seen."""
        for witness in self.witnesses.values():
            witness.catch_up()
        self.desk_home.look(self.witnesses[self.plan.givers[-1].party])
        for order in burst:
            if order.reply is not None and order.check:
                order.check(self.judge, order.reply)
        if self.plan.newcomers:
            self.judge.meets(self.rng.choice(self.plan.newcomers))

    def _remember(self, burst):
        for order in burst:
            self.tally[order.name, order.reply is not None] += 1
            if order.reply is None:
                continue
            order.check = order.then = None
            self.accepted.append(order)

    # ---- the end

    def finish(self):
        """What only the end can tell, of everything that was ever acknowledged."""
        self._finish_people()
        for witness in self.witnesses.values():
            witness.catch_up()
        giver = self.witnesses[self.plan.givers[-1].party]
        self.giver_home.judge(giver)
        self.desk_home.judge(giver)
        self.judge.history(giver)
        self.judge.lists(giver)
        for newcomer in self.plan.newcomers[-50:]:
            self.judge.meets(newcomer)
        self.judge.verify()
        self.giver_home.end()
        code = self.daemon.stop()
        assert code == 0, f"buurtbeld ended with {code}"
        assert not (problems := list(self.logs.problems())), problems

    def _finish_people(self):
        """The listener comes into step; what lies in the outbox is sent."""
        if self.giver_home.program is not None:
            self.giver_home.strike()
            self.giver_home.bury()
        self.desk_home.bury()
        self.desk_home.start_watch()
        deadline = time.monotonic() + ANSWER_SECONDS
        while self.desk_home.outbox():
            assert time.monotonic() < deadline, f"still in the outbox: {self.desk_home.outbox()}"
            time.sleep(0.01)
        self.desk_home.watch.child.terminate()
        code = self.desk_home.watch.child.wait(ANSWER_SECONDS)
        assert code in (0, -signal.SIGTERM), f"buurtbel-intake ended with {code}"  # told before it listened to signals
        self.giver_home.start()
        self.giver_home.wait_complete()
        self.tally["giver killed"], self.tally["shown again"] = self.giver_home.kills, self.giver_home.repeats
        self.tally["intake killed"], self.tally["kept for later"] = self.desk_home.kills, self.desk_home.kept
