# SPDX-License-Identifier: MPL-2.0
"""The wall clock jumps, while the broker runs and over a restart: its own time never runs back, nothing is acted on
twice, and who asks it for the time can go on giving commands.
"""
import time

import pytest

import driver
import wire as api
from schema import CODE, SYMBOL, wire

HOUR, YEAR = 3600, 365 * 24 * 3600


@pytest.fixture
def broken(template, logs, control):
    template.renew()
    made = driver.Broken(logs, template.folder, control)
    assert made.start()
    yield made
    if not made.ended():
        assert made.stop() == 0


@pytest.fixture
def people(template, broken):
    made = {name: api.WireClient(*person) for name, person in template.people.items()}
    yield made
    for client in made.values():
        client.close()


def times(operator):
    """Of all entries, in order."""
    found, from_seq = [], 1
    while True:
        page = operator.query(journal=wire.ReadJournal(from_entry=from_seq, limit=100))
        found += [line.at_ms for line in page.lines]
        if not page.lines or page.lines[-1].entry >= page.head:
            return found
        from_seq = page.lines[-1].entry + 1


def publish(template, desk, id_bytes=None):
    return desk.try_command(id_bytes, publish_request=template.publish)


def restart(broken):
    assert broken.stop() == 0
    assert broken.start(), broken.said()


@pytest.mark.parametrize("over_a_restart", (False, True), ids=("while it runs", "over a restart"))
def test_two_hours_back_its_time_stands_still(template, control, broken, people, over_a_restart):
    desk = people["desk"]
    first = desk.make(publish_request=template.publish)
    reply = desk.ask(command=first).reply
    control.shift_clock(-2 * HOUR)
    if over_a_restart:
        restart(broken)
    now = people["operator"].hello().now_at_ms
    seen = times(people["operator"])
    assert now == seen[-1] and seen == sorted(seen)
    desk.hello()  # its ids are of the broker's time now
    assert publish(template, desk).code == CODE["OK"]
    seen = times(people["operator"])
    assert seen == sorted(seen) and seen[-1] == now
    again = desk.ask(command=first).reply
    assert (again.code, again.made, again.entry) == (reply.code, reply.made, reply.entry)


@pytest.mark.parametrize("over_a_restart", (False, True), ids=("while it runs", "over a restart"))
def test_ten_years_ahead_and_back_it_goes_on_from_the_latest_time(template, control, broken, people, over_a_restart):
    desk = people["desk"]
    old_id = api.command_id(int(time.time() * 1000))
    assert publish(template, desk, old_id).code == CODE["OK"]
    control.shift_clock(10 * YEAR)
    if over_a_restart:
        restart(broken)
    late = publish(template, desk, old_id)
    assert SYMBOL[late.code] == "ID_EXPIRED", "an old command is refused, never done again"
    desk.hello()
    assert publish(template, desk).code == CODE["OK"]
    latest = times(people["operator"])[-1]
    assert latest > (time.time() + 9 * YEAR) * 1000

    control.shift_clock(0)
    if over_a_restart:
        restart(broken)
    assert people["operator"].hello().now_at_ms == latest
    assert SYMBOL[publish(template, desk, old_id).code] == "ID_EXPIRED"
    desk.hello()
    assert publish(template, desk).code == CODE["OK"]
    seen = times(people["operator"])
    assert seen == sorted(seen) and seen[-1] == latest
    assert driver.verify(people["operator"]) == []
