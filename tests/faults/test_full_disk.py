# SPDX-License-Identifier: MPL-2.0
"""A full disk at each stage: no file grows any more, until there is room again. What ends things still works where the
store was preallocated, and nothing but a sentence is needed to know what to do.
"""
import hashlib
import os
import struct

import pytest

import driver
import wire as api
import zpl
from schema import CODE, SYMBOL, wire


@pytest.fixture
def broken(template, logs, control):
    template.renew()
    made = driver.Broken(logs, template.folder, control)
    yield made
    if made.child and not made.ended():
        made.kill()


@pytest.fixture
def people(template):
    made = {name: api.WireClient(*person) for name, person in template.people.items()}
    yield made
    for client in made.values():
        client.close()


def publish(template, people):
    return people["desk"].try_command(publish_request=template.publish)


def preallocate(template, folder):
    zpl.change(folder / "buurtbeld.zpl", {"store/preallocate": 1})


def cut_keyring(folder, slots):
    """Leaves this many slots in the keyring that are not given out: the file as it is when it was not filled for long."""
    path = folder / "keyring"
    header = bytearray(path.read_bytes()[:64])
    header[16:24] = struct.pack(">Q", slots)
    header[48:64] = hashlib.blake2b(header[:48], digest_size=16).digest()
    with open(path, "r+b") as file:
        file.write(header)
        file.truncate(64 * (slots + 1))


def test_a_founding_on_a_full_disk_says_so_and_works_when_there_is_room(template, control, logs):
    broken = driver.Broken(logs, template.folder, control)
    template.renew(founded=False)
    control.fill_disk()
    assert not broken.start() and broken.wait() != 0
    assert "No space left" in broken.said() or "STORE_FULL" in broken.said()
    control.mend()
    driver.founds(template, broken)


def test_when_the_disk_is_full_new_things_are_refused_until_there_is_room(template, control, broken, people):
    assert broken.start()
    control.fill_disk()
    codes = [publish(template, people).code for _ in range(100)]
    assert set(codes) <= {CODE["OK"], CODE["STORE_FULL"]} and codes[-1] == CODE["STORE_FULL"], codes
    assert people["desk"].list_all("requests"), "questions are answered"
    control.mend()
    assert publish(template, people).code == CODE["OK"]
    assert driver.verify(people["operator"]) == []
    assert broken.stop() == 0


def test_a_store_that_was_preallocated_goes_on_and_starts_again_on_a_full_disk(template, control, broken, people):
    preallocate(template, template.folder)
    assert broken.start()
    control.fill_disk()
    for _ in range(100):
        assert publish(template, people).code == CODE["OK"]
    assert broken.stop() == 0
    assert broken.start(), broken.said()
    for who, command in template.commands():
        assert people[who].ask(command=command).reply.code == CODE["OK"]
    assert broken.stop() == 0


def test_a_keyring_that_cannot_grow_stops_new_texts_only(template, control, broken, people):
    preallocate(template, template.folder)
    assert broken.start() and broken.stop() == 0
    used = 0
    cut_keyring(template.folder, 40)
    control.fill_disk()
    assert broken.start(), broken.said()
    while (reply := publish(template, people)).code == CODE["OK"]:
        used += 1
        assert used < 60
    assert SYMBOL[reply.code] == "BUSY" and used > 0
    assert broken.said().count("event=keyring_not_filled code=STORE_FULL") == 1, broken.said()
    for who, command in template.commands()[2:]:  # choose, close, suspend, revoke
        assert people[who].ask(command=command).reply.code == CODE["OK"]
    control.mend()
    people["coordinator"].command(make_invitation=wire.MakeInvitation(
        role=wire.ROLE_DESK, uses=1, expires_at_ms=people["coordinator"].now_ms() + 3600000,
        admission_key_bytes=os.urandom(32)))  # any turn tries again
    assert publish(template, people).code == CODE["OK"]
    assert broken.stop() == 0


def test_a_log_that_cannot_be_written_stops_nothing(template, logs, control, people):
    template.renew()
    broker = driver.Broken(logs, template.folder, control)
    with open("/dev/full", "wb") as full:
        broker.launch(stderr=full)
    try:
        assert publish(template, people).code == CODE["OK"]
    finally:
        assert broker.stop() == 0
