#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Slow and frozen subscribers beside many who read: what these wait for a notice, with and without the others.

    tests/hostile/slow.py [--subscribers 2000] [--slow-percent 10] [--publishes 50] [--rounds 3]

A real broker and the roles of buurtbel-bench. By turns, in one run: only those who read; then those and the slow ones,
half of them in a process that is stopped (SIGSTOP), half in one that lives and never reads. Before it is measured the
slow ones are sent so much that nothing more goes out to them. Fails when the 99th percentile from a desk's command to
each delivery is more than twice that without them, when a delivery is missing, or when the broker grew by more than
MEMORY_BASE_KB and MEMORY_KB for each slow one. --no-judging leaves out the ratio, for a computer that does other things too.
Set BUURTBEL_BUILD to a release build.
"""
import argparse
import os
import pathlib
import shutil
import signal
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
sys.path.insert(0, str(ROOT / "tests" / "bench"))

import bench  # noqa: E402
import programs  # noqa: E402
import zpl  # noqa: E402

RATIO_MAX = 2.0
# Any connection takes 160 KB once it was sent hundreds of messages; what is queued are references to shared messages.
MEMORY_BASE_KB, MEMORY_KB = 16 * 1024, 256
SUBSCRIBERS_PER_KEY = 20  # in each round, so that no key floods
SECONDS_MAX = 280
DESKS = 8
FILL = 200  # requests at a time
BURSTS = 8  # where nobody is slow; about as many as it takes until all slow ones are stuck
BURST_UNDER_WAY = 16  # of each desk, when bytes matter: a turn's notices travel as one message
STUCK_BYTES = 16 * 1024  # the kernel holds more than this for who does not read
HWM = 256  # of the publish socket: so many more than the kernel takes are queued, then dropped


def percentile(values, percent):
    values = sorted(values)
    return values[min(len(values) - 1, len(values) * percent // 100)]


def send_queues(port):
    """Bytes that the kernel holds for each connection of a local port, of /proc/net/tcp."""
    for line in pathlib.Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
        fields = line.split()
        if int(fields[1].rpartition(":")[2], 16) == port and fields[3] == "01":
            yield int(fields[4].partition(":")[0], 16)


class Load(bench.Bench):
    def __init__(self, folder, homes, options):
        self.options = options
        self.slow_count = options.subscribers * options.slow_percent // 100
        self.reading_count = options.subscribers - self.slow_count
        super().__init__(folder, homes)

    def prepare(self):
        keys_count = -(-self.options.subscribers // SUBSCRIBERS_PER_KEY)
        self.daemon.start()
        self.start("enrol", self.daemon.operator_home, self.homes, keys_count, DESKS).next()
        identities = [zpl.read(self.homes / f"giver-{i}" / "identity.zpl") for i in range(keys_count)]
        self.broker = identities[0]["broker"]
        lines = [f"{one['curve']['public-key']} {one['curve']['secret-key']}\n" for one in identities]
        lines = [line for line in lines for _ in range(SUBSCRIBERS_PER_KEY)]
        parts = {"reading": self.reading_count, "frozen": self.slow_count // 2,
                 "deaf": self.slow_count - self.slow_count // 2}
        for name, count in parts.items():
            (self.homes / name).write_text("".join(lines[:count]))
            del lines[:count]
        self.desks = self.start("desks", self.homes, DESKS)
        self.desks.next()
        self.reading = self.listen("subscribers", "reading", self.reading_count, os.cpu_count())

    def listen(self, role, keys, count, *threads):
        before = self.metric("subscriptions_total")
        made = self.start(role, self.broker["publish"], self.broker["server-key"], bench.TOPIC, count, *threads,
                          self.homes / keys)
        programs.wait_until(lambda: self.metric("subscriptions_total") >= before + count, bench.ANSWER_SECONDS,
                            f"{count} {keys} subscribers are connected")
        return made

    # ---- publishing

    def measure(self):
        """Microseconds from each command to each of its deliveries."""
        took = []
        for _ in range(self.options.publishes):
            self.reading.order("expect", 1)
            self.reading.next()
            self.desks.order("publish", 1, 1)
            sent_us = self.desks.next()["sent_us"]
            self.reading.next()
            self.reading.order("times")
            took += [at_us - sent_us for at_us in self.reading.next()["taken_us"]]
        return took

    def fill(self, under_way=1):
        """Publishes a few hundred requests and waits until all who read have all of them; gives the publications."""
        before = self.metric("publications_total")
        self.reading.order("expect", 1000000)
        self.reading.next()
        self.desks.order("publish", FILL, under_way)
        self.desks.next()
        sent = self.metric("publications_total") - before

        def all_taken():
            self.reading.order("taken")
            return self.reading.next()["taken"] == sent * self.reading_count
        programs.wait_until(all_taken, bench.ANSWER_SECONDS, "those who read have everything")
        return sent

    def go_beyond(self):
        """So many publications that those who read none drop them."""
        published = 0
        while published < 2 * HWM:
            published += self.fill()

    # ---- the slow ones

    def stuck(self):
        port = int(self.broker["publish"].rpartition(":")[2])
        return sum(size > STUCK_BYTES for size in send_queues(port))

    def with_slow_ones(self):
        frozen = self.listen("subscribers", "frozen", self.slow_count // 2, 1)
        deaf = self.listen("deaf", "deaf", self.slow_count - self.slow_count // 2)
        memory = bench.rss_anon_kb(self.pid())
        frozen.child.send_signal(signal.SIGSTOP)
        try:
            while self.stuck() < self.slow_count:
                self.fill(BURST_UNDER_WAY)
            self.go_beyond()
            took = self.measure()
            if self.stuck() < self.slow_count and not self.options.no_judging:
                raise SystemExit("slow: libzmq's heartbeats cut the slow ones off, after half a minute, before all was "
                                 "measured: the computer is too busy for this")
            return took, bench.rss_anon_kb(self.pid()) - memory
        finally:
            frozen.child.send_signal(signal.SIGCONT)
            frozen.end()
            deaf.end()

    def without_slow_ones(self):
        """As much goes before."""
        for _ in range(BURSTS):
            self.fill(BURST_UNDER_WAY)
        self.go_beyond()
        return self.measure()

    def run(self):
        self.prepare()
        without, beside, memory_kb = [], [], []
        for number in range(self.options.rounds):
            without += self.without_slow_ones()
            took, grown_kb = self.with_slow_ones()
            beside += took
            memory_kb.append(grown_kb)
            print(f"round {number + 1}: p99 {percentile(took, 99) / 1000:.1f} ms, the broker grew by {grown_kb} KB",
                  flush=True)
        return self.judge(without, beside, max(memory_kb))

    def judge(self, without, beside, memory_kb):
        ratio = percentile(beside, 99) / percentile(without, 99)
        for name, took in (("without slow ones", without), ("beside slow ones", beside)):
            print(f"{name}: {len(took)} deliveries, p50 {percentile(took, 50) / 1000:.1f} ms, "
                  f"p99 {percentile(took, 99) / 1000:.1f} ms")
        bound_kb = MEMORY_BASE_KB + self.slow_count * MEMORY_KB
        print(f"ratio of p99: {ratio:.2f} (at most {RATIO_MAX}); grew by {memory_kb} KB (at most {bound_kb})")
        return memory_kb <= bound_kb and (self.options.no_judging or ratio <= RATIO_MAX)


def too_late(*_):
    raise SystemExit(f"slow: not done after {SECONDS_MAX} s")


def main():
    parser = argparse.ArgumentParser(description="Slow and frozen subscribers beside many who read.")
    parser.add_argument("--subscribers", type=int, default=2000)
    parser.add_argument("--slow-percent", type=int, default=10)
    parser.add_argument("--publishes", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-judging", action="store_true")
    options = parser.parse_args()
    signal.signal(signal.SIGALRM, too_late)
    signal.signal(signal.SIGTERM, too_late)
    signal.alarm(SECONDS_MAX)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="buurtbel-slow-"))
    homes = pathlib.Path(tempfile.mkdtemp(prefix="buurtbel-slow-", dir="/dev/shm"))
    load = Load(folder, homes, options)
    try:
        good = load.run()
    finally:
        load.end()
        shutil.rmtree(homes, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
