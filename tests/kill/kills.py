# SPDX-License-Identifier: MPL-2.0
"""Kills the broker, and people's programs, so many times: `kills.py --cycles 10000 [--seed N] [--seconds N]`.

Ends with 0 when nothing that was acknowledged was lost, doubled or undone. A failure prints seed and cycle. Each life
has its own seed, drawn from the first; moments are the machine's own, so a seed brings back a plan, not a race.
"""
import argparse
import collections
import os
import pathlib
import random
import signal
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

from life import Life  # noqa: E402

LIFE_CYCLES = 500


def live(build, seed, cycles, deadline, tell=print):
    """One community for so many cycles, or until the deadline; gives its tally."""
    began = time.monotonic()
    life = Life(build, random.Random(seed))
    try:
        with life:
            while life.cycles < cycles and time.monotonic() < deadline:
                life.cycle()
            life.finish()
    except BaseException:
        tell(f"FAILED in cycle {life.cycles} of the life with seed {seed}: kills.py --life {seed}")
        raise
    life.tally["cycles"] = life.cycles
    seconds = time.monotonic() - began
    tell(f"seed {seed}: {life.cycles} cycles in {seconds:.0f} s ({life.cycles / seconds:.1f}/s)")
    return life.tally


def kill(build, cycles, seed, seconds, tell=print):
    """So many cycles in lives of at most LIFE_CYCLES; gives the tally of all."""
    draw, tally = random.Random(seed), collections.Counter()
    deadline = time.monotonic() + seconds
    while tally["cycles"] < cycles and time.monotonic() < deadline:
        tally += live(build, draw.getrandbits(32), min(LIFE_CYCLES, cycles - tally["cycles"]), deadline, tell)
    return tally


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().getrandbits(32))
    parser.add_argument("--life", type=int, help="only the life with this seed")
    parser.add_argument("--seconds", type=float, default=3600)
    chosen = parser.parse_args()
    build = pathlib.Path(os.environ.get("BUURTBEL_BUILD_RELEASE") or os.environ["BUURTBEL_BUILD"]) / "bin"
    sys.stdout.reconfigure(line_buffering=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(4))  # by way of Life, which ends what it started
    if chosen.life is not None:
        tally = live(build, chosen.life, chosen.cycles, time.monotonic() + chosen.seconds)
    else:
        print(f"seed {chosen.seed}")
        tally = kill(build, chosen.cycles, chosen.seed, chosen.seconds)
    for name, count in sorted(tally.items(), key=str):
        print(f"  {name}: {count}")
    print(f"{tally['cycles']} cycles")
    return 0 if tally["cycles"] >= chosen.cycles else 3


if __name__ == "__main__":
    sys.exit(main())
