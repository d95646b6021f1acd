# SPDX-License-Identifier: MPL-2.0
#
# The messages of proto/*.proto, made by protoc at the first import into a folder that ends with the program; the frame
# around them; public ids as people read them; command ids; invitations.
import base64
import hashlib
import pathlib
import secrets
import subprocess
import sys
import tempfile

PROTO = pathlib.Path(__file__).resolve().parents[2] / "proto"
VERSION = 1
FRAME_TO_BROKER_MAX = 16384
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


def _messages():
    folder = tempfile.TemporaryDirectory(prefix="foreign-proto-")
    # Names of their own, so that another client in the same process may hold the same schema: the pool of Python's
    # protobuf knows a file by its name only.
    subprocess.run(["protoc", f"--descriptor_set_out={folder.name}/set", "--include_imports", f"-I{PROTO}",
                    "wire.proto", "client.proto"], check=True)
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
    files = descriptor_pb2.FileDescriptorSet.FromString(pathlib.Path(folder.name, "set").read_bytes())
    folder.cleanup()
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    factory = message_factory.MessageFactory(pool)
    return pool, lambda name: factory.GetPrototype(pool.FindMessageTypeByName(name))


_pool, message = _messages()


def value(enum, name):
    """The number of an enum's value: value("wire.RequestState", "REQUEST_OPEN")."""
    return _pool.FindEnumTypeByName(enum).values_by_name[name].number


FromClient, FromBroker = message("wire.FromClient"), message("wire.FromBroker")
Published, Batch = message("wire.Published"), message("wire.Batch")


def pack(body):
    frame = bytes([VERSION]) + body.SerializeToString()
    if len(frame) > FRAME_TO_BROKER_MAX:
        raise ValueError("longer than a frame may be: make it shorter")
    return frame


def unpack(kind, frame):
    """The message in a frame, or None for one that another version of the protocol wrote."""
    if not frame or frame[0] != VERSION:
        return None
    return kind.FromString(frame[1:])


def id_text(number):
    return "".join(ALPHABET[number >> shift & 31] for shift in range(60, -1, -5))


def id_number(text):
    number = 0
    for letter in text.lower().replace("-", "").replace(" ", "").translate(str.maketrans("ilo", "110")):
        number = number << 5 | ALPHABET.index(letter)
    return number


def command_id(now_ms):
    """A UUID of version 7, from the broker's time."""
    random = secrets.randbits(74)
    number = now_ms << 80 | 7 << 76 | (random >> 62) << 64 | 2 << 62 | (random & (1 << 62) - 1)
    return number.to_bytes(16, "big")


def read_invitation(text):
    """The client.Invitation in a text; ValueError when the text was not copied whole."""
    prefix, _, packed = "".join(text.split()).partition(":")
    if prefix != "buurtbel-invitation":
        raise ValueError("not an invitation")
    invitation = message("client.Invitation").FromString(base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)))
    bare = message("client.Invitation")()
    bare.CopyFrom(invitation)
    bare.ClearField("checksum_bytes")
    sum_of_it = hashlib.blake2b(bare.SerializeToString(), digest_size=32).digest()[:4]
    if invitation.version != 1 or sum_of_it != invitation.checksum_bytes:
        raise ValueError("the invitation was not copied whole, or is of a newer version")
    return invitation
