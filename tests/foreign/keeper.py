# SPDX-License-Identifier: MPL-2.0
#
# What a client keeps: who it is, how far it came, which alerts it showed, which commands are open, whose keys it saw.
# One JSON file of mode 0600, replaced whole and synced to the disk at each save. It knows nothing of sockets.
import json
import os
import pathlib

import nacl.public
import nacl.signing
import zmq
import zmq.utils.z85

from . import schema


class Keeper:
    def __init__(self, home):
        self.path = pathlib.Path(home) / "foreign.json"
        self.rows = json.loads(self.path.read_text())

    @classmethod
    def make(cls, home, text):
        """A fresh identity for an invitation: three pairs of keys that never leave this folder."""
        invitation = schema.read_invitation(text)
        home = pathlib.Path(home)
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        public, secret = zmq.curve_keypair()
        rows = {"invitation": invitation.SerializeToString().hex(),
                "curve": [zmq.utils.z85.decode(key).hex() for key in (public, secret)],
                "sealing": bytes(nacl.public.PrivateKey.generate()).hex(),
                "signing": bytes(nacl.signing.SigningKey.generate()).hex(),
                "member": 0, "offset_ms": 0, "cursors": {}, "requests": {}, "revisions": {}, "outbox": {}, "pins": {}}
        keeper = cls.__new__(cls)
        keeper.path, keeper.rows = home / "foreign.json", rows
        keeper.save()
        return keeper

    def save(self):
        fresh = self.path.with_suffix(".new")
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            json.dump(self.rows, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)

    @property
    def invitation(self):
        return schema.message("client.Invitation").FromString(bytes.fromhex(self.rows["invitation"]))

    @property
    def curve(self):
        return tuple(bytes.fromhex(key) for key in self.rows["curve"])

    @property
    def sealing(self):
        return nacl.public.PrivateKey(bytes.fromhex(self.rows["sealing"]))

    @property
    def signing(self):
        return nacl.signing.SigningKey(bytes.fromhex(self.rows["signing"]))

    def cursor(self, channel):
        """The wire.Cursor of a channel, or None for a channel in which nothing was taken yet."""
        row = self.rows["cursors"].get(str(channel))
        return schema.message("wire.Cursor").FromString(bytes.fromhex(row)) if row else None

    def set_cursor(self, cursor):
        self.rows["cursors"][str(cursor.channel)] = cursor.SerializeToString().hex()

    def forget_cursor(self, channel):
        self.rows["cursors"].pop(str(channel), None)

    def open_commands(self):
        """The commands without a final answer, by the hexadecimal of their ids, as they were first given."""
        return {key: schema.message("wire.Command").FromString(bytes.fromhex(row))
                for key, row in self.rows["outbox"].items()}

    def add_command(self, command):
        self.rows["outbox"][command.id_bytes.hex()] = command.SerializeToString().hex()
        self.save()

    def end_command(self, key):
        self.rows["outbox"].pop(key, None)
        self.save()
