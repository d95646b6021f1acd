# SPDX-License-Identifier: MPL-2.0
"""File descriptors used up by idle connections: who is connected goes on, the broker says what is wrong, newcomers wait
at the door, and all are served when there are descriptors again.
"""
import pathlib
import resource
import socket
import time

import pytest

import driver
import programs
import wire as api
import zpl
from schema import CODE

DESCRIPTORS, IDLE = 64, 100
CLOCK_TICKS = 100


def limited():
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))


@pytest.fixture
def broken(template, logs, control):
    template.renew()
    made = driver.Broken(logs, template.folder, control)
    assert made.start(before=limited)
    yield made
    if not made.ended():
        assert made.stop() == 0


def processor_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / CLOCK_TICKS


def connect_idle(endpoint):
    """A connection that says nothing. The system takes it into the backlog even when the broker cannot."""
    host, port = endpoint.removeprefix("tcp://").split(":")
    made = socket.create_connection((host, int(port)), timeout=5)
    made.setblocking(False)
    return made


def open_count(process):
    return len(list(pathlib.Path(f"/proc/{process.pid}/fd").iterdir()))


def test_without_descriptors_it_says_so_and_serves_again(template, broken):
    endpoint = zpl.read(template.folder / "buurtbeld.zpl")["server"]["command"]
    desk = api.WireClient(*template.people["desk"])
    newcomer, idle = None, []
    try:
        assert desk.hello()
        idle = [connect_idle(endpoint) for _ in range(IDLE)]
        programs.wait_until(lambda: open_count(broken.child) >= DESCRIPTORS, 10, "no descriptor is left")
        programs.wait_until(lambda: "event=descriptors_used_up" in broken.said(), 10, "it says so")
        before, began = processor_seconds(broken.child), time.monotonic()
        for _ in range(20):
            assert desk.try_command(publish_request=template.publish).code == CODE["OK"]
        while time.monotonic() < began + 1:
            desk.pump(0.1)
        spent = (processor_seconds(broken.child) - before) / (time.monotonic() - began)
        print(f"\nwith no descriptor left it uses {spent:.0%} of a processor")

        newcomer = api.WireClient(*template.people["coordinator"])
        for connection in idle:
            connection.close()
        assert newcomer.hello(timeout=60), "a newcomer is let in when the others left"
        assert desk.try_command(publish_request=template.publish).code == CODE["OK"]
        programs.wait_until(lambda: "event=descriptors_free_again" in broken.said(), 10, "it says so again")
    finally:
        for client in (desk, newcomer):
            if client:
                client.close()
        for connection in idle:
            connection.close()
    assert broken.stop() == 0
