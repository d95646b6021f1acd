# SPDX-License-Identifier: MPL-2.0
#
# What is closed and how it is opened: the boxes of the publish socket, releases, check words. Pure functions.
import hashlib

import nacl.bindings
import nacl.exceptions
import nacl.public
import nacl.signing

from . import schema

CONSONANTS, VOWELS = "bdfghjklmnprstvz", "aiou"


class CannotOpen(Exception):
    """A release that is not what it says it is; nothing of it may be shown."""


def open_notices(published, key):
    """The Batch in a publication, or None."""
    about = (published.boot_bytes + published.epoch.to_bytes(4, "big") + published.channel.to_bytes(8, "big") +
             published.first.to_bytes(8, "big") + published.head.to_bytes(8, "big") +
             published.key_id.to_bytes(4, "big"))
    try:
        plain = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(published.box_bytes, about,
                                                                         published.nonce_bytes, key)
    except nacl.exceptions.CryptoError:
        return None
    batch = schema.Batch.FromString(plain)
    return batch if (batch.channel, batch.epoch) == (published.channel, published.epoch) else None


def open_release(view, member, secret, pinned):
    """The ReleaseLetter in a ReleaseView; `pinned` is the sender's signing key seen before, or None."""
    if pinned is not None and pinned != view.sender_key_bytes:
        raise CannotOpen("the sender's key changed: call and compare")
    key = nacl.public.PrivateKey(secret)
    try:
        padded = nacl.public.SealedBox(key).decrypt(view.box_bytes)
        if len(padded) != 1024:
            raise CannotOpen("not padded to 1024 bytes")
        signed = schema.message("client.SignedLetter").FromString(nacl.bindings.sodium_unpad(padded, 1024))
        nacl.signing.VerifyKey(view.sender_key_bytes).verify(b"buurtbel release 1" + signed.letter_bytes,
                                                             signed.signature_bytes)
    except (nacl.exceptions.CryptoError, nacl.exceptions.ValueError) as error:
        raise CannotOpen(str(error)) from error
    letter = schema.message("client.ReleaseLetter").FromString(signed.letter_bytes)
    for field in ("asker", "request", "offer", "recipient", "sender", "channel"):
        if getattr(letter, field) != getattr(view, field):
            raise CannotOpen(f"the letter is about another {field}")
    if letter.recipient != member or letter.recipient_key_bytes != bytes(key.public_key):
        raise CannotOpen("the letter is for somebody else's key")
    return letter


def check_words(sealing_key):
    digest = hashlib.blake2b(b"buurtbel check words 1" + sealing_key, digest_size=8).digest()
    return "-".join(_proquint(int.from_bytes(digest[at:at + 2], "big")) for at in range(0, 8, 2))


def _proquint(number):
    return (CONSONANTS[number >> 12] + VOWELS[number >> 10 & 3] + CONSONANTS[number >> 6 & 15] +
            VOWELS[number >> 4 & 3] + CONSONANTS[number & 15])
