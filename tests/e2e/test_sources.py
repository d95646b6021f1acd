# SPDX-License-Identifier: MPL-2.0
"""What must never stand in the sources, because it once cost something (proto, libzmq, LMDB), and who may include whom."""
import pathlib
import re
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def sources(*folders, endings=(".c", ".h", ".def")):
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in endings:
                yield path, path.read_text(encoding="utf-8")


def hits(pattern, *folders):
    found = []
    for path, text in sources(*folders):
        for number, line in enumerate(text.splitlines(), 1):
            code = line.split("//")[0]
            if re.search(pattern, code):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    return found


@pytest.mark.parametrize("pattern", [
    r"ZMQ_XPUB_MANUAL",                                  # use after free in libzmq 4.3.4
    r"ZMQ_XPUB_NODROP",                                  # one slow subscriber would stop everybody
    r"ZMQ_ROUTER_HANDOVER",                              # a stranger could take over a session
    r"zmq_setsockopt\([^,]+,\s*(71|98)\b",               # the same as XPUB_MANUAL, by number
    r"MDB_(NOSYNC|NOMETASYNC|WRITEMAP|MAPASYNC|NOLOCK|DUPSORT)",
    r"\bzmsg_decode\b|\bzauth_",                         # never on peer data; our own handler decides
    r"\b(strcat|sprintf|gets|strtok)\s*\(",
])
def test_what_is_dangerous_here_is_not_used(pattern):
    assert hits(pattern, "daemon", "lib", "clients") == []


def test_clients_use_nothing_of_ours_but_the_public_header_and_their_own_rooms():
    own = {path.name for path, _ in sources("clients")}
    foreign = []
    for path, text in sources("clients"):
        for name in re.findall(r'^#include "([^"]+)"', text, re.MULTILINE):
            if name != "buurtbel.h" and pathlib.PurePath(name).name not in own:
                foreign.append(f"{path.relative_to(ROOT)}: {name}")
    assert foreign == []


def test_the_core_includes_no_header_of_the_outside_world():
    allowed = {"protobuf-c/protobuf-c.h", "sodium.h", "stdbool.h", "stddef.h", "stdint.h", "string.h"}
    foreign = []
    for path, text in sources("daemon/core"):
        for name in re.findall(r"^#include <([^>]+)>", text, re.MULTILINE):
            if name not in allowed:
                foreign.append(f"{path.relative_to(ROOT)}: <{name}>")
    assert foreign == []


def test_every_source_names_its_licence_and_says_what_it_is():
    bare = []
    for path, text in sources("daemon", "lib", "clients", "tests", endings=(".c", ".h")):
        lines = text.splitlines()
        if lines[0] != "// SPDX-License-Identifier: MPL-2.0" or not lines[1].startswith("// "):
            bare.append(str(path.relative_to(ROOT)))
    assert bare == []


# What is compared in a time that depends on the bytes: public keys, checksums that anybody can make, names. A comparison of
# something secret is sodium_memcmp's or libsodium's own; whoever adds a line here says why its bytes are no secret.
NOT_SECRET = (
    "made, pair->public_key", "public_key, identity->signing_public", "made, public_key.data",  # public halves
    "derived, config->server_public_key", "identity->admission_public, enrolment", "known.data, told.data",
    "table->places[at].key, key", "all[i].key, record->key",
    "sum, invitation->checksum_bytes", "sum, bytes + 1", "sum, block + summed", "sum, record + CHECKSUM_OFFSET",
    "row.hash, JOURNAL_HASH_SIZE", "payload_hash_bytes.data, hash",                              # of bytes on our own disk
    "COMMAND_ID_SIZE",                                                                           # looked up per member
    "key->mv_data", "key->bytes, key->size", "counters[i].name", "config_keys[i].key", "before, it->key",  # names of rows
    "category->key.data", "fields[i].key", 'key, "heard_of"', "header, MAGIC",
)
SOUNDS_SECRET = r"\b(memcmp|bcmp|strn?cmp)\s*\(.*(secret|seed|key|hash|sum|mac|tag|token|admission|signature|told)"


def timed_comparisons(*folders):
    return [hit for hit in hits(SOUNDS_SECRET, *folders) if not any(known in hit for known in NOT_SECRET)]


def test_nothing_secret_is_compared_byte_by_byte():
    assert timed_comparisons("daemon", "lib", "clients") == []


def test_a_comparison_of_something_secret_is_noticed(tmp_path, monkeypatch):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "planted.c").write_text("if (memcmp(given, identity->curve.secret_key, KEY_SIZE) == 0)\n"
                                                "if (strcmp(text, token) == 0)\nif (sodium_memcmp(mac, made, 16) == 0)\n")
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    assert [hit.split(":")[1] for hit in timed_comparisons("lib")] == ["1", "2"]
