#!/usr/bin/env python3
# SPDX-License-Identifier: MPL-2.0
"""Measures broker and library against bare libzmq, and prints ratios; holds them against nothing.

Starts a real broker on a store in the build folder, with people whose homes are in /dev/shm, and the roles of
buurtbel-bench as processes. Givers are one process with as many threads as there are cores, and so are the bare
subscribers. Figures are medians of one run; what is compared is measured by turns in that run. All times are of
CLOCK_MONOTONIC, which the processes of one computer share. Writes build/logs/bench.md.
"""
import json
import os
import pathlib
import queue
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import programs  # noqa: E402
import zpl  # noqa: E402

GIVERS = int(os.environ.get("BUURTBEL_BENCH_GIVERS", "1000"))
THREADS = int(os.environ.get("BUURTBEL_BENCH_THREADS", os.cpu_count()))  # of the givers, and of bare subscribers
DESKS = 64
BURST_DESKS = 8
PUBLISHES = 21
BURSTS = 3
BURST_SIZE = 200
LOAD = 1000
NOTICE_SIZE = 300  # topic and body of one publication, about; raw sends the same
TOPIC = "meppel/resident/"
SECONDS_MAX = 240  # of the whole
ANSWER_SECONDS = 60
SETTLE_SECONDS = 2  # after a crowd came or a burst ended
QUIET_SECONDS = 1.3  # after a notice clients report within a second, and a beacon follows: not in the next measurement
BARE_QUIET_SECONDS = 0.1
DESCRIPTORS_PER_GIVER = 14


class Role:
    """A process of buurtbel-bench: orders go in, one JSON object a line comes out."""

    def __init__(self, *arguments):
        self.child = subprocess.Popen([programs.program("buurtbel-bench"), *map(str, arguments)],
                                      stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.name = arguments[0]
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.child.stdout:
            self.lines.put(json.loads(line))
        self.lines.put(None)

    def order(self, *words):
        self.child.stdin.write((" ".join(map(str, words)) + "\n").encode())
        self.child.stdin.flush()

    def next(self):
        try:
            line = self.lines.get(timeout=ANSWER_SECONDS)
        except queue.Empty:
            raise SystemExit(f"bench: {self.name} said nothing for {ANSWER_SECONDS} s") from None
        if line is None:
            raise SystemExit(f"bench: {self.name} ended with {self.child.wait()}")
        return line

    def end(self):
        if self.child.poll() is None:
            self.child.stdin.close()
            try:
                self.child.wait(5)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()


class Table:
    """What came out: what, ours, raw, ratio, aim."""

    HEAD = ("what", "ours", "raw libzmq", "ratio", "aim")

    def __init__(self):
        self.rows = []

    def add(self, what, ours, raw="", ratio="", aim=""):
        self.rows.append((what, ours, raw, ratio, aim))
        beside = f", raw {raw}, ratio {ratio}" if raw else ""
        print(f"{what}: ours {ours}{beside}" + (f" (aim {aim})" if aim else ""), flush=True)

    def markdown(self):
        widths = [max(len(row[i]) for row in [self.HEAD, *self.rows]) for i in range(len(self.HEAD))]
        lines = [self.HEAD, tuple("-" * width for width in widths), *self.rows]
        return "".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |\n"
                       for row in lines)


def rss_anon_kb(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    raise SystemExit("bench: /proc does not tell RssAnon")


def cpu_seconds(pid):
    """User and system time of a process and all its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def milliseconds(microseconds):
    return f"{microseconds / 1000:.1f} ms"


class Bench:
    def __init__(self, folder, homes):
        self.folder, self.homes = folder, homes
        self.roles = []
        self.table = Table()
        settings = {"store/map-size": "1G", "limits/handshakes-per-second": 100000,
                    "limits/handshakes-burst": 1000000, "limits/commands-per-second": 100000,
                    "limits/commands-burst": 1000000}
        logs = programs.Logs(folder)
        self.daemon = programs.Daemon(logs, folder / "broker", settings=settings)

    def start(self, *arguments):
        role = Role(*arguments)
        self.roles.append(role)
        return role

    def end(self):
        for role in self.roles:
            role.end()
        self.daemon.end()

    def pid(self):
        return self.daemon.process.child.pid

    def metric(self, name):
        for line in self.daemon.metrics().splitlines():
            if line.startswith(f"buurtbel_{name} "):
                return int(line.split()[1])
        raise SystemExit(f"bench: the broker does not tell {name}")

    # ---- parts

    def enrol(self):
        """A village of givers and desks, on a broker that starts afresh afterwards."""
        self.daemon.start()
        self.table.add("broker at rest, fresh: RssAnon", f"{rss_anon_kb(self.pid()) / 1024:.1f} MB", aim="<= 30 MB")
        began = time.monotonic()
        crowd = self.start("enrol", self.daemon.operator_home, self.homes, GIVERS, DESKS)
        crowd.next()
        print(f"enrolled {GIVERS} givers and {DESKS} desks in {time.monotonic() - began:.1f} s", flush=True)
        self.daemon.stop()
        self.daemon.restart()

    def connect(self):
        """Desks first, then givers, so that what the broker grows by is the givers'."""
        self.desks = self.start("desks", self.homes, BURST_DESKS)
        self.desks.next()
        time.sleep(SETTLE_SECONDS)
        self.rss_before_kb = rss_anon_kb(self.pid())
        began = time.monotonic()
        self.givers = self.start("givers", self.homes, GIVERS, THREADS)
        self.givers.next()
        print(f"{GIVERS} givers connected and complete in {time.monotonic() - began:.1f} s", flush=True)
        time.sleep(SETTLE_SECONDS)
        self.table.add("broker per connected giver, fresh", self._rss_per_giver(), aim="<= 100 KB")

    def _rss_per_giver(self):
        return f"{(rss_anon_kb(self.pid()) - self.rss_before_kb) / GIVERS:.0f} KB"

    def connect_raw(self):
        endpoint = f"tcp://127.0.0.1:{programs.free_ports(1)[0]}"
        self.publisher = self.start("publisher", endpoint, TOPIC, NOTICE_SIZE - len(TOPIC))
        key = self.publisher.next()["key"]
        self.subscribers = self.start("subscribers", endpoint, key, TOPIC, GIVERS, THREADS, "-")

        def all_subscribed():
            self.publisher.order("subscriptions")
            return self.publisher.next()["subscriptions"] == GIVERS
        programs.wait_until(all_subscribed, ANSWER_SECONDS, "raw subscribers are connected")

    def raw_burst(self, count):
        """Microseconds from the first send to the last delivery."""
        self.subscribers.order("expect", count)
        self.subscribers.next()
        self.publisher.order("publish", count)
        sent_us = self.publisher.next()["sent_us"]
        return self.subscribers.next()["last_us"] - sent_us

    def burst(self, count, under_way):
        """Microseconds from the first command, and from the last reply, to the last giver's event."""
        self.desks.order("publish", count, under_way)
        reply = self.desks.next()
        last_us = max(self.givers.next()["last_us"] for _ in range(count))
        return last_us - reply["sent_us"], last_us - reply["replied_us"]

    def fan_out(self):
        ours, from_reply, raw = [], [], []
        for _ in range(PUBLISHES):
            raw.append(self.raw_burst(1))
            total, after_reply = self.burst(1, 1)
            ours.append(total)
            from_reply.append(after_reply)
            time.sleep(QUIET_SECONDS)
        ours_us, raw_us = statistics.median(ours), statistics.median(raw)
        self.table.add(f"1 publish to {GIVERS} givers, command sent to last event", milliseconds(ours_us),
                       milliseconds(raw_us), f"{ours_us / raw_us:.2f}", "<= 1.5")
        reply_us = statistics.median(from_reply)
        self.table.add("the same from the reply", milliseconds(reply_us), milliseconds(raw_us),
                       f"{reply_us / raw_us:.2f}")

    def bulk(self):
        ours, raw = [], []
        deliveries = BURST_SIZE * GIVERS
        for _ in range(BURSTS):
            raw.append(deliveries / self.raw_burst(BURST_SIZE))
            time.sleep(SETTLE_SECONDS)
            publications = self.metric("publications_total")
            used = [cpu_seconds(pid) for pid in (self.pid(), self.givers.child.pid)]
            ours.append(deliveries / self.burst(BURST_SIZE, BURST_SIZE // BURST_DESKS)[0])
            used = [cpu_seconds(pid) - was for pid, was in zip((self.pid(), self.givers.child.pid), used)]
            print(f"burst: {self.metric('publications_total') - publications} publications, "
                  f"CPU broker {used[0]:.2f} s, givers {used[1]:.2f} s", flush=True)
            time.sleep(SETTLE_SECONDS)
        a, b = statistics.median(ours), statistics.median(raw)
        self.table.add(f"deliveries/s, {BURST_SIZE} requests in a burst to {GIVERS} givers", f"{a * 1e6:,.0f}",
                       f"{b * 1e6:,.0f}", f"{a / b:.2f}", ">= 0.6")
        missed = self.metric("catch_up_notices_total")
        self.table.add("notices that givers had to fetch", f"{missed:,}")
        notices = PUBLISHES + BURSTS * BURST_SIZE
        self.table.add(f"broker per connected giver, after {notices} notices each", self._rss_per_giver())

    def bare_fan_out(self):
        """Bare SUBs with the givers' keys in place of the givers: what the broker alone takes."""
        self.givers.end()
        identities = [zpl.read(self.homes / f"giver-{i}" / "identity.zpl") for i in range(GIVERS)]
        keys = self.homes / "keys"
        keys.write_text("".join(f"{one['curve']['public-key']} {one['curve']['secret-key']}\n" for one in identities))
        before = self.metric("subscriptions_total")
        broker = identities[0]["broker"]
        bare = self.start("subscribers", broker["publish"], broker["server-key"], TOPIC, GIVERS, THREADS, keys)
        programs.wait_until(lambda: self.metric("subscriptions_total") >= before + GIVERS, ANSWER_SECONDS,
                            "bare subscribers are connected")
        time.sleep(SETTLE_SECONDS)
        ours, raw = [], []
        for _ in range(PUBLISHES):
            raw.append(self.raw_burst(1))
            bare.order("expect", 1)
            bare.next()
            self.desks.order("publish", 1, 1)
            sent_us = self.desks.next()["sent_us"]
            heard = bare.next()
            ours.append(heard["last_us"] - sent_us)
            time.sleep(BARE_QUIET_SECONDS)
        bare.end()
        ours_us, raw_us = statistics.median(ours), statistics.median(raw)
        self.table.add(f"the same to {GIVERS} bare SUBs of our broker ({heard['body_size'] + len(TOPIC)} bytes)",
                       milliseconds(ours_us), milliseconds(raw_us), f"{ours_us / raw_us:.2f}")

    def commits(self):
        """Without givers: nothing slows the turns down, so that few commands share one."""
        for role in (self.publisher, self.subscribers, self.desks):
            role.end()
        self.daemon.stop()
        self.daemon.restart()
        self.desks = self.start("desks", self.homes, DESKS)
        self.desks.next()
        for under_way in (1, 8):
            before = self.metric("turns_total")
            self.desks.order("publish", LOAD, under_way)
            done = self.desks.next()
            turns = self.metric("turns_total") - before
            seconds = (done["replied_us"] - done["sent_us"]) / 1e6
            self.table.add(f"commits per 1,000 publishes, {DESKS} desks, {under_way} under way each",
                           f"{turns * 1000 / LOAD:.0f} ({LOAD / seconds:,.0f}/s)", aim="<= 50")

    def run(self):
        self.enrol()
        self.connect()
        self.connect_raw()
        self.fan_out()
        self.bulk()
        self.bare_fan_out()
        self.commits()


def check_descriptors():
    """The roles raise the limit themselves, up to the hard one."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    need = GIVERS * DESCRIPTORS_PER_GIVER + 100
    if hard != resource.RLIM_INFINITY and hard < need:
        raise SystemExit(f"bench: {GIVERS} givers need {need} open files a process, the hard limit is {hard}: "
                         f"raise it (ulimit -Hn), or set BUURTBEL_BENCH_GIVERS lower")


def too_late(*_):
    raise SystemExit(f"bench: not done after {SECONDS_MAX} s")


def main():
    check_descriptors()
    signal.signal(signal.SIGALRM, too_late)
    signal.signal(signal.SIGTERM, too_late)
    signal.alarm(SECONDS_MAX)
    build = ROOT / "build"
    (build / "logs").mkdir(parents=True, exist_ok=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="bench-", dir=build))
    homes = pathlib.Path(tempfile.mkdtemp(prefix="buurtbel-bench-", dir="/dev/shm"))
    bench = None
    try:
        bench = Bench(folder, homes)
        bench.run()
    finally:
        if bench:
            bench.end()
        shutil.rmtree(homes, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)
    (build / "logs" / "bench.md").write_text(bench.table.markdown())
    print(bench.table.markdown(), end="")


if __name__ == "__main__":
    main()
