# SPDX-License-Identifier: MPL-2.0
"""Two computers and the cable between them, as network namespaces of this kernel.

A host runs our programs through wrappers of its own, so that programs.py needs to know nothing of it: give
`host.programs` as the build. Its clock can be wrong. Everything goes away again in close(), also what an earlier run
that was killed left behind.
"""
import contextlib
import ctypes
import os
import pathlib
import re
import subprocess

import pytest

import programs

PREFIX = "buurtbel"
NAMES = ("buurtbeld", "buurtbel-ctl", "buurtbel-intake", "buurtbel-giver")
NOWHERE = "02:00:00:00:00:99"  # a network card that nobody has
CLONE_NEWNET = 0x40000000


def ip(*arguments):
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, f"ip {' '.join(arguments)}: {done.stderr}"
    return done.stdout


def clock_library(folder):
    made = folder / "wrong_clock.so"
    source = pathlib.Path(__file__).with_name("wrong_clock.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", made, source], check=True, timeout=60)
    return made


class Host:
    def __init__(self, name, address):
        self.name, self.address = name, address
        ip("netns", "add", name)

    def run(self, *command):
        return ip("netns", "exec", self.name, *command)

    def programs(self, folder, build=None, wrong_s=0):
        """A folder with our programs as they run on this host, whose clock is wrong by so many seconds."""
        folder.mkdir()
        # AddressSanitizer wants to be loaded first: a wrong clock needs a build without it.
        wrong = f"env LD_PRELOAD={clock_library(folder)} WRONG_CLOCK_S={wrong_s} " if wrong_s else ""
        for name in NAMES:
            wrapper = folder / name
            command = f"{wrong}{programs.program(name, build)}"
            wrapper.write_text(f'#!/bin/sh\nexec ip netns exec {self.name} {command} "$@"\n', encoding="utf-8")
            wrapper.chmod(0o755)
        return folder

    @contextlib.contextmanager
    def entered(self):
        """Sockets that this thread makes meanwhile are this host's."""
        libc = ctypes.CDLL(None, use_errno=True)
        with open("/proc/thread-self/ns/net", "rb") as home, open(f"/run/netns/{self.name}", "rb") as there:
            assert libc.setns(there.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            try:
                yield
            finally:
                assert libc.setns(home.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())

    def connections(self, *which):
        """How many TCP connections this host takes for alive, such as connections("sport", "=", ":7400")."""
        return len(self.run("ss", "-Htn", "state", "established", *which).splitlines())


class Hosts:
    """`town`, where the broker is, and `field`."""

    def __init__(self):
        self._sweep()
        self.made = []
        try:
            self.town = self._host("town", "10.47.0.1")
            self.field = self._host("field", "10.47.0.2")
            ip("-n", self.town.name, "link", "add", "eth0", "type", "veth", "peer", "eth0", "netns", self.field.name)
            for host in self.made:
                ip("-n", host.name, "address", "add", f"{host.address}/24", "dev", "eth0")
                for device in ("lo", "eth0"):
                    ip("-n", host.name, "link", "set", device, "up")
        except AssertionError as error:
            self.close()
            if "not permitted" in str(error) or "ermission denied" in str(error):
                pytest.skip(f"this kernel lets nobody make network namespaces here: {error}")
            raise

    def _host(self, name, address):
        host = Host(f"{PREFIX}-{os.getpid()}-{name}", address)
        self.made.append(host)
        return host

    def cut(self):
        """From now on what one side sends reaches nobody, and neither side is told."""
        self._each_way("replace", "lladdr", NOWHERE, "nud", "permanent")

    def join(self):
        self._each_way("del")

    def _each_way(self, verb, *how):
        for here, there in ((self.town, self.field), (self.field, self.town)):
            ip("-n", here.name, "neighbour", verb, there.address, "dev", "eth0", *how)

    def close(self):
        for host in getattr(self, "made", []):
            subprocess.run(["ip", "netns", "delete", host.name], capture_output=True, timeout=20, check=False)

    @staticmethod
    def _sweep():
        for name in re.findall(rf"^{PREFIX}-(\d+)-(\w+)", ip("netns", "list"), re.M):
            if not pathlib.Path("/proc", name[0]).exists():
                ip("netns", "delete", "-".join((PREFIX, *name)))
