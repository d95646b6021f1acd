# SPDX-License-Identifier: MPL-2.0
"""Each n-th allocation of the broker fails, for each n of a scenario: it stops with a sentence, or refuses and goes on.

What counts is asked for by our own executable, and by protobuf-c and LMDB, whose failures we have to handle. libzmq and
czmq stop the process themselves when they get no memory; that is out of our hands. $BUURTBEL_FAULTS_EVERY as in
test_disk.py.
"""
import collections

import pytest

import driver
from test_disk import calls_of_a_life, one_life, sampled

OURS = {"own": "", "lmdb and protobuf-c": "liblmdb libprotobuf-c"}


@pytest.mark.parametrize("modules", OURS.values(), ids=OURS.keys())
def test_whatever_allocation_fails_it_refuses_or_stops_with_a_sentence(template, logs, control, modules):
    more = {"shim": "faults_shim_memory", "modules": modules}
    total = calls_of_a_life(template, logs, control, ["malloc"], **more)
    outcomes = collections.Counter(one_life(template, logs, control, ["malloc"], "ENOMEM", n, **more)
                                   for n in sampled(total))
    print(f"\n{sum(outcomes.values())} of {total} allocations failed one by one: {dict(outcomes)}")
    assert any(hit for hit, _ in outcomes), "no fault reached the broker"
