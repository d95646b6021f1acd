# SPDX-License-Identifier: MPL-2.0
"""Memory and logs keep what they are told: no core dumps, no contact details in a broker, no secret in any log."""
import os
import pathlib
import re
import resource
import shutil
import signal
import subprocess
import tempfile

import pytest

import programs
from schema import ROOT, wire
from village import Planted

NOBODY = 65534
PLAIN_USER = NOBODY if os.geteuid() == 0 else os.geteuid()
# AddressSanitizer forbids core dumps itself, and takes the signals.
BUILD = os.environ.get("BUURTBEL_BUILD_RELEASE")


@pytest.fixture
def open_folder():
    """A folder in which anybody can leave a core."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="buurtbel-core-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def start(command, folder):
    """As a plain user, in a folder where a core may be written; it waits for its standard input."""
    def prepare():
        hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
        resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(PLAIN_USER)
            os.setuid(PLAIN_USER)
    return subprocess.Popen(list(map(str, command)), cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, preexec_fn=prepare)


def end(child, number):
    """Ends it by a signal; did it leave a core?"""
    child.send_signal(number)
    _, status = os.waitpid(child.pid, 0)
    child.returncode = -os.WTERMSIG(status)
    if child.stdin:
        child.stdin.close()
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == number
    return os.WCOREDUMP(status)


def is_closed(pid):
    """Its memory belongs to the system and not to the user whose program it is; and it may write no core."""
    limits = pathlib.Path(f"/proc/{pid}/limits").read_text()
    none = re.search(r"Max core file size\s+0\s+0\s", limits) is not None
    return none and PLAIN_USER != 0 and pathlib.Path(f"/proc/{pid}/mem").stat().st_uid == 0


@pytest.mark.skipif(not BUILD or PLAIN_USER == 0, reason="needs the release build (BUURTBEL_BUILD_RELEASE)")
@pytest.mark.parametrize("name", ["buurtbel-ctl", "buurtbel-intake", "buurtbel-giver"])
@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT])
def test_a_persons_program_leaves_no_core_and_nobody_can_look_into_it(name, number, open_folder):
    other = start(["/bin/cat"], open_folder)  # so that it is seen that a core is possible here, and what "closed" means
    assert not is_closed(other.pid)
    dumps = end(other, number)
    child = start([programs.program(name, BUILD), "enrol", "-"], open_folder)
    programs.wait_until(lambda: is_closed(child.pid) or child.poll() is not None, 10, f"{name} closes its memory")
    assert not end(child, number)
    if not dumps:
        pytest.skip("this system writes no cores at all; limits and owner were seen")


@pytest.mark.skipif(not BUILD, reason="needs the release build (BUURTBEL_BUILD_RELEASE)")
def test_a_broker_leaves_no_core_and_nobody_can_look_into_it(logs, tmp_path):
    daemon = programs.Daemon(logs, tmp_path / "broker", build=BUILD).start()
    assert is_closed(daemon.process.child.pid)
    assert not end(daemon.process.child, signal.SIGSEGV)


# ---- what stands in memory

def memory_of(pid):
    """All that a process can write to, piece by piece. The kernel shows it to root."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        for line in maps:
            where, rights = line.split()[:2]
            first, last = (int(end, 16) for end in where.split("-"))
            if not rights.startswith("rw") or last - first > 1 << 30 or "[vvar]" in line:
                continue
            memory.seek(first)
            try:
                yield memory.read(last - first)
            except OSError:
                pass


def stands_in_memory(pid, texts):
    pieces = list(memory_of(pid))
    assert sum(map(len, pieces)) > 1 << 20, "nothing was looked at"
    return [text for text in texts if any(text.encode() in piece for piece in pieces)]


def release_to_one_of_two(village, desk, chosen, other):
    """The main job, with people's programs; gives the listeners of the two givers and the text of the request."""
    desk.enrol(village.operator.invite(wire.ROLE_DESK)[0], "Intakebalie Oost", "Balie drie")
    for giver, name in ((chosen, "Fietsenmaker Zadel"), (other, "Fietsenmaker Bel")):
        giver.enrol(village.coordinator.invite(wire.ROLE_GIVER, wire.CLASS_RESIDENT)[0], name)
    listeners = chosen.listen(), other.listen()
    asker = desk.do("asker", "add", "--name", Planted.name, "--phone", Planted.phone, "--email", Planted.email,
                    "--address", Planted.address, "--heard-of", "school")[-1]["made"]
    text = "Wie kan mijn fiets maken? De band is lek"
    posted = desk.do("post", "--asker", asker, "--category", village.category().decode(), "--text", text,
                     "--asker-agreed", "--yes")
    request = next(line["made"] for line in posted if "made" in line)
    offers = [giver.do("answer", request, "offer", "Ik kom langs")[-1]["made"] for giver in (chosen, other)]
    desk.do("choose", offers[0], "--asker-agreed")
    desk.do("release", offers[0], "--channel", "phone", "--asker-agreed", "--yes")
    listeners[0].wait_for(lambda line: line["event"] == "item" and "release" in line["item"])
    listeners[1].wait_for(lambda line: line["event"] == "update")
    assert Planted.phone in chosen.run("inbox").stdout
    assert Planted.phone not in other.run("inbox").stdout
    return listeners, text


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into the memory of another process")
def test_neither_the_brokers_memory_nor_a_listening_givers_holds_contact_details(village, giver_program, intake_program):
    listeners, text = release_to_one_of_two(village, intake_program, giver_program(1), giver_program(2))
    for listener in listeners:
        heard = listener.process.child.pid
        assert stands_in_memory(heard, [text]) == [text], "what it may hold is found"
        assert stands_in_memory(heard, Planted.all) == []
    assert stands_in_memory(village.daemon.process.child.pid, Planted.all) == []
    assert [listener.end() for listener in listeners] == [0, 0]


# ---- what stands on disks

def contents(*folders):
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    assert files
    return {path: path.read_bytes() for path in files}


def test_no_disk_holds_contact_details_and_no_store_tombstone_or_backup_a_name(village, giver_program, intake_program,
                                                                               logs, tmp_path):
    """Scenario 3, on every disk: broker, tombstones, backups, the desk, the giver who was chosen and who was not."""
    daemon, chosen, other = village.daemon, giver_program(1), giver_program(2)
    listeners, text = release_to_one_of_two(village, intake_program, chosen, other)
    parties = {row.name.decode(): row for row in village.operator.list_all("parties")}
    village.coordinator.command(suspend_party=wire.SuspendParty(party=parties["Fietsenmaker Bel"].party, reason=b"Rust"))
    colleague = village.colleague(village.desk)
    village.operator.command(revoke_member=wire.RevokeMember(member=colleague.member, reason=b"Weg"))
    backups = tmp_path / "backups"
    backups.mkdir()
    for option, name in (("--backup", "store"), ("--backup-keyring", "keyring")):
        done = programs.run(logs, "buurtbeld", option, backups / name, daemon.config)
        assert done.code == 0, done
    assert [listener.end() for listener in listeners] == [0, 0]
    assert daemon.stop() == 0

    brokers = contents(daemon.folder, backups)
    homes = contents(chosen.home, other.home, intake_program.home)
    assert {"tombstones", "data.mdb", "keyring"} <= {path.name for path in brokers}
    assert (daemon.folder / "tombstones").stat().st_size > 0
    assert any(text.encode() in content for content in homes.values()), "what a client may keep is found"
    for path, content in (brokers | homes).items():
        assert not any(planted.encode() in content for planted in Planted.all), path
    for path, content in brokers.items():
        for name in (text, "Fietsenmaker", "Intakebalie", "Balie drie", "Ik kom langs"):
            assert name.encode() not in content, f"{name} stands in {path}"


# ---- what stands in logs and sources

def test_what_is_planted_is_found_in_logs(logs, tmp_path):
    """The search that every other test relies on."""
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "identity.zpl").write_text(f'curve\n    secret-key = "{"k3y" * 13}!"\n')
    with logs.open("buurtbel-giver") as log:
        log.write(b"the giver is Fietsenmaker Het Wiel")
    assert list(logs.problems()) == []
    for said, name in ((Planted.name, "buurtbel-giver"), ("Fietsenmaker Het Wiel", "buurtbeld"),
                       (f"key={'k3y' * 13}!", "buurtbeld"), ("buurtbel-invitation:" + "A" * 50, "buurtbel-ctl")):
        with logs.open(name) as log:
            log.write(f"level=info {said}".encode())
        problems = list(logs.problems())
        assert problems and not any(said in problem for problem in problems)
        pathlib.Path(log.name).unlink()


def test_the_search_of_all_logs_says_where_something_stands_and_not_what(tmp_path):
    clean, dirty = tmp_path / "clean.log", tmp_path / "dirty.log"
    clean.write_text("level=info event=ready\n")
    dirty.write_text(f"level=info event=ready\nlevel=info name={Planted.name}\n")
    search = [ROOT / "tests" / "plants.py"]
    assert subprocess.run([*search, clean], check=False, capture_output=True).returncode == 0
    done = subprocess.run([*search, clean, dirty], check=False, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"{dirty}:2:" in done.stdout and Planted.name not in done.stdout and str(clean) not in done.stdout
    assert subprocess.run(search, check=False, capture_output=True).returncode == 1, "no log at all is no success"


def test_whoever_is_planted_stands_in_the_list():
    planted = Planted.all
    for text in (Planted.name, Planted.phone, Planted.email, Planted.address):
        assert any(word in text for word in planted), text
    village = (ROOT / "tests/village/people.c").read_text(encoding="utf-8")
    for field in re.findall(r'snprintf\(out->(?:name|phone|email|address), [^"]*"([^"]*)"', village):
        assert any(word in field for word in planted), field
    assert any(word in (ROOT / "tests/kill/orders.py").read_text(encoding="utf-8") for word in planted)


def test_the_vectors_are_those_that_the_script_computes():
    script = ROOT / "tests/unit/seal_vectors.py"
    made = subprocess.run([script], check=True, capture_output=True, text=True).stdout
    assert made == (ROOT / "tests/unit/seal_vectors.h").read_text(encoding="utf-8")
