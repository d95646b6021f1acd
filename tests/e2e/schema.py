# SPDX-License-Identifier: MPL-2.0
"""The messages of proto/*.proto as Python, made by protoc in a folder that goes away again, and the table of codes.

`wire`, `client` and `stored` are the modules that protoc makes; `CODE` maps a symbol of lib/codes.def to its number.
"""
import atexit
import importlib
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"


def _compile():
    folder = tempfile.mkdtemp(prefix="buurtbel-proto-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    names = ["wire", "client", "stored"]
    files = [str(PROTO / f"{name}.proto") for name in names]
    subprocess.run(["protoc", f"-I{PROTO}", f"--python_out={folder}", *files], check=True, timeout=60)
    sys.path.insert(0, folder)
    return [importlib.import_module(f"{name}_pb2") for name in names]


def _codes():
    """(symbol, number, may be tried again, English sentence) of each line of codes.def."""
    text = (ROOT / "lib" / "codes.def").read_text(encoding="utf-8")
    return [(symbol, int(number), again == "true", sentence) for symbol, number, again, sentence in
            re.findall(r'^X\((\w+), (\d+), (true|false), "((?:[^"\\]|\\.)*)", "', text, re.M)]


wire, client, stored = _compile()
CODES = _codes()
CODE = {symbol: number for symbol, number, _, _ in CODES}
SYMBOL = {number: symbol for symbol, number, _, _ in CODES}
