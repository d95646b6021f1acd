#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Searches logs for what tests planted (plants.txt) and for secrets.

    tests/plants.py FILE...      says each file and line where something stands that may not; exit status 1 then

These are the logs of whole parts, in which people's own programs speak too: names they may say, contact details nobody.
What was found is said by its line in plants.txt and not in full, so that a log of this search holds nothing either.
programs.py uses the functions, for the logs of single programs.
"""
import pathlib
import re
import sys

LIST = pathlib.Path(__file__).with_name("plants.txt")
# A text of an invitation, and lines of key files: who logs these logs a secret.
SHAPES = re.compile(r"buurtbel-invitation:[\w-]{40}|secret-(?:key|seed) = \"")
KEY_FILES = ("identity.zpl", "identity.pending.zpl", "server.zpl", "recovery-key.txt")


def load(kind):
    """The plants of one kind: (line in the list, text)."""
    lines = enumerate(LIST.read_text(encoding="utf-8").splitlines(), 1)
    words = ((number, line.split(" ", 1)) for number, line in lines if line and not line.startswith("#"))
    return [(number, word[1]) for number, word in words if word[0] == kind]


def secret_keys(folder):
    """Every secret key in files below a folder, as it stands there and in hexadecimal."""
    for name in KEY_FILES:
        for path in folder.rglob(name):
            text = path.read_text(encoding="utf-8", errors="replace")
            yield from re.findall(r'secret-(?:key|seed) = "(.{40})"', text)
            yield from re.findall(r"secret, (?:Z85|hex): +(\S{40,64})", text)


def found_in(text, plants):
    """What of the plants, and of all that looks like a secret, stands in a text."""
    for number, plant in plants:
        if plant in text:
            yield f"what line {number} of plants.txt plants"
    if SHAPES.search(text):
        yield "an invitation or a key file"


def main(paths):
    plants = load("contact")
    problems = []
    for path in map(pathlib.Path, paths):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        problems += [f"{path}:{number}: here stands {what}" for number, line in enumerate(lines, 1)
                     for what in found_in(line, plants)]
    print("\n".join(problems) or f"nothing planted and no secret stands in {len(paths)} logs")
    return 1 if problems or not paths else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
