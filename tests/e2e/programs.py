# SPDX-License-Identifier: MPL-2.0
"""Our programs as processes: where they were built, the broker with its folder, and the clients of people.

Everything that is started here has a time-out, keeps its standard error in a file, and is ended by its own process id.
"""
import json
import os
import pathlib
import queue
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import zpl
from schema import ROOT
from wire import Timeout

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))

import plants  # noqa: E402

SLOW = float(os.environ.get("BUURTBEL_E2E_SLOW", "1"))  # multiplies the time-outs, for valgrind and the like
RUN_TIMEOUT = 30 * SLOW
READY_TIMEOUT = 30 * SLOW
STOP_TIMEOUT = 20 * SLOW
POLL_SECONDS = 0.02


def build_folder():
    return pathlib.Path(os.environ.get("BUURTBEL_BUILD", ROOT / "build" / "dev"))


def program(name, build=None):
    """The path of a program in a build folder."""
    folder = pathlib.Path(build) if build else build_folder()
    found = sorted(path for path in folder.rglob(name) if path.is_file() and os.access(path, os.X_OK))
    assert found, f"there is no {name} in {folder}; set BUURTBEL_BUILD"
    return found[0]


def free_ports(count):
    """Ports that nobody listens on, below those that the system gives to outgoing connections."""
    ports = []
    while len(ports) < count:
        port = random.randint(20000, 30000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in ports:
            ports.append(port)
    return ports


def wait_until(happened, timeout, what):
    """Looks every few milliseconds; for signs that cannot be waited for in any other way."""
    deadline = time.monotonic() + timeout
    while not happened():
        if time.monotonic() > deadline:
            raise Timeout(f"{what}: not within {timeout} s")
        time.sleep(POLL_SECONDS)


class Logs:
    """The files of standard error of one test, and what must never stand in them: what is planted, and secret keys.

    A broker says no name either; a person's own program may say to that person with whom it deals.
    """

    TROUBLE = ("AddressSanitizer", "LeakSanitizer", "UndefinedBehavior", "ThreadSanitizer", "runtime error:")

    def __init__(self, folder):
        self.folder = folder
        self.secrets = set()
        self.count = 0
        self.listeners = []  # in the background; whoever made these logs ends them

    def open(self, name):
        self.count += 1
        return open(self.folder / f"stderr-{self.count:03}-{name}", "wb")

    def end_listeners(self):
        """Also after a test that failed half-way."""
        for listener in self.listeners:
            if listener.process.running():
                listener.process.kill9()

    def problems(self):
        for path in sorted(self.folder.glob("stderr-*")):
            text = path.read_text(encoding="utf-8", errors="replace")
            for word in self.TROUBLE:
                if word in text:
                    yield f"{path.name}: {text[max(0, text.index(word) - 200):][:3000]}"
                    break
            told = plants.load("contact") + (plants.load("name") if path.name.endswith("-buurtbeld") else [])
            for what in plants.found_in(text, told):
                yield f"{path.name}: {what} stands in it"
            if any(secret in text for secret in (*self.secrets, *plants.secret_keys(self.folder))):
                yield f"{path.name}: a secret of this test stands in it"


class Finished:
    """What came out of a program that ended."""

    def __init__(self, code, stdout, stderr):
        self.code, self.stdout, self.stderr = code, stdout, stderr

    def json(self):
        """Its lines of JSON."""
        return [json.loads(line) for line in self.stdout.splitlines() if line.strip()]

    def __repr__(self):
        return f"exit {self.code}\n{self.stdout}\n{self.stderr}"


def run(logs, name, *arguments, stdin="", timeout=RUN_TIMEOUT, build=None):
    """Runs a program to its end."""
    environment = dict(os.environ, LC_ALL="C.UTF-8", LANGUAGE="en")
    done = subprocess.run([program(name, build), *map(str, arguments)], input=stdin.encode(), capture_output=True,
                          timeout=timeout, env=environment)
    with logs.open(name) as log:
        log.write(done.stderr)
    return Finished(done.returncode, done.stdout.decode(), done.stderr.decode(errors="replace"))


class Process:
    """A program that goes on until it is stopped."""

    def __init__(self, logs, name, *arguments, stdout=subprocess.DEVNULL, build=None):
        self.name = name
        with logs.open(name) as log:
            self.log = pathlib.Path(log.name)
            environment = dict(os.environ, LC_ALL="C.UTF-8", LANGUAGE="en")
            self.child = subprocess.Popen([program(name, build), *map(str, arguments)], stdin=subprocess.DEVNULL,
                                          stdout=stdout, stderr=log, env=environment)

    def running(self):
        return self.child.poll() is None

    def stderr(self):
        return self.log.read_text(encoding="utf-8", errors="replace")

    def wait(self, timeout=STOP_TIMEOUT):
        """Its exit code."""
        return self.child.wait(timeout)

    def stop(self, timeout=STOP_TIMEOUT):
        """Asks it to end; gives its exit code."""
        if self.running():
            self.child.send_signal(signal.SIGTERM)
        return self.wait(timeout)

    def kill9(self):
        if self.running():
            self.child.send_signal(signal.SIGKILL)
        return self.wait()


class Daemon:
    """A broker in a folder of its own: `buurtbel-ctl init`, then buurtbeld on that folder."""

    def __init__(self, logs, folder, build=None, settings=None):
        self.logs, self.folder, self.build = logs, folder, build
        self.process = None
        command, publish, self.http_port = free_ports(3)
        done = run(logs, "buurtbel-ctl", "init", folder, "--community", "meppel", "--map-size", "256M",
                   "--command", f"tcp://127.0.0.1:{command}", "--publish", f"tcp://127.0.0.1:{publish}",
                   "--http", f"127.0.0.1:{self.http_port}", build=build)
        assert done.code == 0, f"init: {done}"
        self.config = folder / "buurtbeld.zpl"
        self.operator_home = folder / "operator"
        # Tests dial and ask much faster than people do; test_refusals sets its own rates where it tests them.
        zpl.change(self.config, {
            "store/preallocate": 0,
            "limits/handshakes-per-second": 1000, "limits/handshakes-burst": 10000,
            "limits/key-handshakes-per-second": 100, "limits/key-handshakes-burst": 1000,
            "limits/commands-per-second": 10000, "limits/commands-burst": 10000, **(settings or {})})

    def start(self):
        self.process = Process(self.logs, "buurtbeld", self.config, build=self.build)
        self.wait_ready()
        return self

    def is_ready(self):
        assert self.process.running(), f"buurtbeld ended with {self.process.wait()}:\n{self.process.stderr()}"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/ready", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def wait_ready(self, timeout=READY_TIMEOUT):
        wait_until(self.is_ready, timeout, "buurtbeld is ready")

    def metrics(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}/metrics", timeout=5) as answer:
            return answer.read().decode()

    def metric(self, name):
        return next(int(line.split()[1]) for line in self.metrics().splitlines() if line.startswith(name + " "))

    def wait_for_metric(self, name, least, timeout=15.0):
        deadline = time.monotonic() + timeout
        while self.metric(name) < least:
            assert time.monotonic() < deadline, f"{name} is {self.metric(name)} after {timeout} s"
            time.sleep(0.02)

    def stop(self):
        """SIGTERM; gives the exit code."""
        return self.process.stop()

    def kill9(self):
        return self.process.kill9()

    def restart(self):
        """Starts it again after stop or kill9."""
        assert not self.process.running(), "stop it first"
        return self.start()

    def end(self):
        """For the end of a test: stopped gently, or else by force."""
        if self.process is None or not self.process.running():
            return
        try:
            code = self.process.stop()
        except subprocess.TimeoutExpired:
            self.process.kill9()
            raise AssertionError("buurtbeld did not end after SIGTERM") from None
        assert code == 0, f"buurtbeld ended with {code}:\n{self.process.stderr()}"

    def files(self):
        """Every file in the broker's folder, with its bytes."""
        for path in sorted(self.folder.rglob("*")):
            if path.is_file():
                yield path, path.read_bytes()


class Person:
    """Somebody at a computer: one program with one home."""

    def __init__(self, logs, name, home, build=None):
        self.logs, self.name, self.home, self.build = logs, name, home, build

    def run(self, *arguments, stdin="", timeout=RUN_TIMEOUT):
        return run(self.logs, self.name, "--home", self.home, "--language", "en", "--json", *arguments, stdin=stdin,
                   timeout=timeout, build=self.build)

    def do(self, *arguments, stdin="", timeout=RUN_TIMEOUT):
        """Runs it, expects that it worked, and gives its lines of JSON."""
        done = self.run(*arguments, stdin=stdin, timeout=timeout)
        assert done.code == 0, f"{self.name} {arguments}: {done}"
        return done.json()

    def enrol(self, invitation, name, member=None):
        more = ("--member", member) if member else ()
        return self.do("enrol", "-", "--name", name, *more, stdin=invitation)[-1]

    def listen(self):
        listener = Listener(self)
        self.logs.listeners.append(listener)
        return listener


class Listener:
    """`listen --json` in the background; its lines are kept in order."""

    def __init__(self, person):
        self.process = Process(person.logs, person.name, "--home", person.home, "--language", "en", "--json", "listen",
                               stdout=subprocess.PIPE, build=person.build)
        self.lines, self.queue = [], queue.Queue()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.child.stdout:
            self.queue.put(json.loads(line))
        self.queue.put(None)

    def take(self, timeout=0.0):
        """Takes the lines that came; False when the program ended."""
        try:
            line = self.queue.get(timeout=timeout) if timeout > 0 else self.queue.get_nowait()
            while line is not None:
                self.lines.append(line)
                line = self.queue.get_nowait()
        except queue.Empty:
            return True
        return False

    def wait_for(self, wanted, timeout=RUN_TIMEOUT):
        """The first line for which wanted(line) holds, also of those that came before."""
        deadline, looked_at = time.monotonic() + timeout, 0
        while True:
            for line in self.lines[looked_at:]:
                if wanted(line):
                    return line
            looked_at = len(self.lines)
            left = deadline - time.monotonic()
            if left <= 0:
                raise Timeout(f"no such line in {timeout} s; the last were {self.lines[-5:]}")
            if not self.take(min(left, 0.5)) and looked_at == len(self.lines):
                raise AssertionError(f"{self.process.name} ended:\n{self.process.stderr()}")

    def end(self):
        code = self.process.stop()
        self.reader.join(timeout=10)
        self.process.child.stdout.close()
        return code
