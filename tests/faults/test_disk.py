# SPDX-License-Identifier: MPL-2.0
"""Each n-th call on a file of the broker fails, for each n of a scenario (rule 7); see driver.py for what must hold.

$BUURTBEL_FAULTS_EVERY: 1 tries each n, 7 each seventh. Prints how many faults were tried and what became of them.
"""
import collections
import os
import random

import pytest

import driver

EVERY = int(os.environ.get("BUURTBEL_FAULTS_EVERY", "7"))
MUST_STOP = ("write", "sync", "truncate")  # after an error of the disk in one of these nobody knows what is on it


def sampled(count):
    """The n to try; a sample begins elsewhere in each run."""
    return range(random.randint(1, EVERY), count + 1, EVERY)


def one_life(template, logs, control, calls, error, n, **more):
    """A broker in which the n-th of these calls fails, and the same one after it without faults."""
    template.renew()
    broken = driver.Broken(logs, template.folder, control, **more)
    cycle = driver.Cycle(template, broken)
    control.fail(calls, driver.ERRORS[error], n)
    code = cycle.run()
    hit = control.hit()
    refused = cycle.judge_end(code, must_stop=error == "EIO" and hit in MUST_STOP)
    cycle.judge_rest()
    return hit, "stopped" if code else "refused" if refused else "went on"


def calls_of_a_life(template, logs, control, calls, **more):
    """How many of these calls the scenario makes when nothing fails."""
    template.renew()
    cycle = driver.Cycle(template, driver.Broken(logs, template.folder, control, **more))
    control.count(calls)
    assert cycle.run() == 0
    assert len(cycle.acknowledged()) == len(cycle.commands)
    return control.get("seen")


FAULTS = {
    "EIO": driver.ALL_FILE_CALLS,
    "ENOSPC": ["open", "write", "truncate", "rename"],
    "short": ["write"],
    "ENOMEM": ["mmap", "open"],
}


@pytest.mark.parametrize("error", FAULTS)
def test_whatever_call_on_a_file_fails_nothing_acknowledged_is_lost(template, logs, control, error):
    calls = FAULTS[error]
    total = calls_of_a_life(template, logs, control, calls)
    outcomes = collections.Counter(one_life(template, logs, control, calls, error, n) for n in sampled(total))
    print(f"\n{error}: {sum(outcomes.values())} of {total} calls failed one by one: {dict(outcomes)}")
    assert any(hit for hit, _ in outcomes), "no fault reached the broker"


@pytest.mark.parametrize("error", FAULTS)
def test_whatever_fails_at_the_founding_the_next_start_founds(template, logs, control, error):
    calls = FAULTS[error]
    broken = driver.Broken(logs, template.folder, control)
    template.renew(founded=False)
    control.count(calls)
    founded = broken.start()
    total = control.get("seen")
    assert founded and broken.stop() == 0
    for n in sampled(total):
        template.renew(founded=False)
        control.fail(calls, driver.ERRORS[error], n)
        ready, code = broken.start(), broken.stop()
        driver.Cycle(template, broken).judge_end(code, must_stop=error == "EIO" and control.hit() in MUST_STOP)
        assert ready or code != 0
        control.mend()
        driver.founds(template, broken)
    print(f"\n{error}: {len(sampled(total))} of {total} calls of a founding failed one by one")
