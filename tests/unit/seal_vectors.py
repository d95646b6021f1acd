#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Computes what is sealed once more, with PyNaCl and a few lines of protobuf, and prints it as C: seal_vectors.h.

    tests/unit/seal_vectors.py > tests/unit/seal_vectors.h

Written from proto/PROTOCOL.md and the schemas, without our library. All keys are counted up, nothing is random, so the
header is the same each time; test_sources.py holds it to this script.
"""
import hashlib
import sys
import textwrap

from nacl import bindings

CONTACT_SIZE, RELEASE_SIZE = 512, 1024
MEMBER, ASKER, REQUEST, OFFER, SENDER = 0x1122334455667788, 21, 22, 23, 24
NAME, PHONE, EMAIL = "Zoë Vraagaldóór".encode(), b"06-98765401", b"zoe@voorbeeld.invalid"
ADDRESS = "Nergensplantsoen 4711, 9999 ZZ Nergenshuizen".encode()
SLOT, TEXT = 2, "Wie helpt één middag?".encode()


def counted(first, size=32):
    return bytes((first + i) % 256 for i in range(size))


def varint(number):
    out = b""
    while number > 127:
        out, number = out + bytes([number % 128 + 128]), number // 128
    return out + bytes([number])


def field(number, value):
    """bytes, or ("fixed64", n), or a number."""
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    if isinstance(value, tuple):
        return varint(number << 3 | 1) + value[1].to_bytes(8, "little")
    return varint(number << 3) + varint(value)


def message(*values):
    return b"".join(field(number, value) for number, value in enumerate(values, 1))


def fixed(number):
    return ("fixed64", number)


def sealed_box(plain, to, ephemeral_secret):
    """crypto_box_seal, with an ephemeral key of our choice."""
    ephemeral = bindings.crypto_scalarmult_base(ephemeral_secret)
    nonce = hashlib.blake2b(ephemeral + to, digest_size=24).digest()
    return ephemeral + bindings.crypto_box(plain, nonce, to, ephemeral_secret)


def contact(to):
    key, nonce = counted(64), counted(128, 24)
    card = bindings.sodium_pad(message(NAME, PHONE, EMAIL, ADDRESS), CONTACT_SIZE)
    return {"contact_nonce": nonce, "contact_box": bindings.crypto_secretbox(card, nonce, key),
            "wrapped_key": sealed_box(key, to, counted(200))}


def release(to, signing_secret):
    letter = message(fixed(ASKER), fixed(REQUEST), fixed(OFFER), fixed(MEMBER), to, fixed(SENDER), 1, NAME, PHONE,
                     1793000000000)
    signature = bindings.crypto_sign(b"buurtbel release 1" + letter, signing_secret)[:64]
    return sealed_box(bindings.sodium_pad(message(letter, signature), RELEASE_SIZE), to, counted(210))


def keyring(keys):
    """The whole file: a header, then a slot for each key."""
    def stamped(block):
        return block + hashlib.blake2b(block, digest_size=16).digest()
    number = len(keys).to_bytes(8, "big")
    header = b"BBKEYRNG" + (1).to_bytes(4, "big") + (64).to_bytes(4, "big") + number + bytes(24)
    slots = [bytes([1]) + bytes(7) + slot.to_bytes(8, "big") + key for slot, key in enumerate(keys, 1)]
    return b"".join(stamped(block) for block in [header, *slots])


def vectors():
    secret = counted(1)
    public = bindings.crypto_scalarmult_base(secret)
    signing_public, signing_secret = bindings.crypto_sign_seed_keypair(counted(33))
    slot_keys, nonce = [counted(90), counted(91)], counted(140, 24)
    yield from {"sealing_public": public, "sealing_secret": secret, "signing_public": signing_public}.items()
    yield from contact(public).items()
    yield "release_box", release(public, signing_secret)
    yield "keyring_file", keyring(slot_keys)
    yield "text_nonce", nonce
    yield "text_box", bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(TEXT, SLOT.to_bytes(8, "big"), nonce,
                                                                          slot_keys[SLOT - 1])


def main():
    print("// SPDX-License-Identifier: MPL-2.0")
    print("// Made by seal_vectors.py; do not edit. What is sealed, computed apart from our code.")
    print("#ifndef BUURTBEL_TESTS_SEAL_VECTORS_H\n#define BUURTBEL_TESTS_SEAL_VECTORS_H\n\n#include <stdint.h>\n")
    print("// clang-format off")
    for name, value in vectors():
        print(f"static const uint8_t {name}[{len(value)}] = {{")
        print("\n".join(textwrap.wrap(", ".join(f"{byte:#04x}" for byte in value), 116)), end="};\n")
    print("// clang-format on\n\n#endif")


if __name__ == "__main__":
    sys.exit(main())
