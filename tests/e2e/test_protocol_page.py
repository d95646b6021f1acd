# SPDX-License-Identifier: MPL-2.0
"""proto/PROTOCOL.md says what the schema, the limits and the codes say.

To make a region anew after a change: `/usr/bin/python3 tests/e2e/test_protocol_page.py codes` prints the table of
codes, `buurtbeld --print-states` the lifecycles.
"""
import re
import sys

import programs
from schema import CODES, PROTO, ROOT, wire

PAGE = (PROTO / "PROTOCOL.md").read_text(encoding="utf-8")


def region(name):
    """What stands between two marks."""
    return re.search(rf"<!-- {name}: begin -->\n(.*?)<!-- {name}: end -->", PAGE, re.S).group(1)


def rows(name):
    """The rows of a table in a region, without its head: lists of cells."""
    lines = [line for line in region(name).splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def names(name):
    return [row[0].strip("`") for row in rows(name)]


def limit(name):
    return next(int(row[1]) for row in rows("limits") if row[0] == f"`{name}`")


def codes_table():
    lines = ["| Number | Code | Again | Sentence |", "|---|---|---|---|"]
    for symbol, number, again, sentence in CODES:
        lines.append(f"| {number} | `{symbol}` | {'yes' if again else ''} | {sentence} |")
    return "\n".join(lines) + "\n"


def body_names(message):
    return [field.name for field in message.DESCRIPTOR.oneofs[0].fields]


def test_the_codes_are_those_of_codes_def():
    assert region("codes") == codes_table()


def test_numbers_and_names_of_codes_are_used_once():
    assert len({number for _, number, _, _ in CODES}) == len({symbol for symbol, _, _, _ in CODES}) == len(CODES)


def test_every_command_stands_in_the_table_and_no_other():
    assert sorted(names("commands")) == sorted(body_names(wire.Command))


def test_every_query_stands_in_the_table_and_no_other():
    assert sorted(names("queries")) == sorted(body_names(wire.Query))


def test_the_limits_are_those_of_bounds_h():
    header = (ROOT / "lib" / "bounds.h").read_text(encoding="utf-8")
    for name, limit, _ in rows("limits"):
        found = re.search(rf"\b{name.strip('`')} = ([0-9* ]+),", header)
        assert found, f"{name} is not in bounds.h"
        product = 1
        for factor in found.group(1).split("*"):
            product *= int(factor)
        assert product == int(limit), name


def test_every_code_that_the_page_names_exists():
    symbols = {symbol for symbol, _, _, _ in CODES}
    limits = {name for name in names("limits")}
    for word in re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", PAGE):
        options = {"CURVE_SERVERKEY", "CURVE_PUBLICKEY", "CURVE_SECRETKEY", "HEARTBEAT_IVL", "HANDSHAKE_IVL",
                   "RECONNECT_IVL", "RECONNECT_IVL_MAX", "CONNECT_TIMEOUT", "HANDSHAKE_FAILED_AUTH", "ROUTING_ID"}
        assert word in symbols | limits | options, word


def test_the_example_is_a_ping():
    text = re.sub(r"  +[A-Za-z].*", "", region("example").replace("```", ""))
    frame = bytes.fromhex("".join(re.findall(r"\b[0-9a-f]{2}\b", text)))
    assert frame[0] == 1
    message = wire.FromClient.FromString(frame[1:])
    expected = wire.FromClient(correlation=7)
    expected.ping.cursors.add(channel=0x1122334455667788, epoch=1, seq=42, hash_bytes=bytes(range(0xa0, 0xa8)))
    assert message == expected
    assert frame[1:] == expected.SerializeToString()


def test_the_lifecycles_are_those_of_the_core(logs):
    assert region("states").strip() == programs.run(logs, "buurtbeld", "--print-states").stdout.strip()


if __name__ == "__main__" and sys.argv[1:] == ["codes"]:
    print(codes_table(), end="")
