# SPDX-License-Identifier: MPL-2.0
"""The Python client of the other tests keeps to the formats of the page where these need no broker."""
import pytest
from nacl.exceptions import CryptoError

import wire as api
from schema import client as sealed, wire


def release_of(letter, keys, sender):
    return wire.ReleaseView(asker=letter.asker, request=letter.request, offer=letter.offer, recipient=letter.recipient,
                            sender=letter.sender, sender_key_bytes=sender.signing_public, channel=letter.channel,
                            box_bytes=api.seal_release(letter, sender.signing_secret))


def test_an_id_is_spelled_as_the_page_says():
    assert api.id_text(0) == "0000000000000"
    assert api.id_text(2**64 - 1) == "fzzzzzzzzzzzz"
    assert api.id_text(33) == "0000000000011"


def test_a_command_id_carries_its_time():
    made = api.command_id(0x0123456789ab)
    assert made[:6].hex() == "0123456789ab" and made[6] >> 4 == 7 and made[8] >> 6 == 2


def test_an_invitation_that_was_cut_is_found_out():
    text = api.write_invitation(sealed.Invitation(version=1, community=b"meppel"))
    assert api.read_invitation(text[:30] + "\n" + text[30:]).community == b"meppel"
    with pytest.raises(Exception):
        api.read_invitation(text[:-4])


def test_check_words_are_four_words():
    words = api.check_words(bytes(32)).split("-")
    assert [len(word) for word in words] == [5, 5, 5, 5]
    assert words != api.check_words(b"\1" + bytes(31)).split("-")


def test_a_contact_opens_for_a_member_and_the_recovery_key():
    member, paper = api.Keys(), api.Keys()
    contact = api.seal_contact(sealed.ContactCard(name=b"Iemand", phone=b"1"), [(5, member.sealing_public)],
                               paper.sealing_public)
    assert len(contact.box_bytes) == 512 + 16
    assert api.open_contact(contact, 5, member).phone == b"1"
    assert api.open_contact(contact, 0, paper).name == b"Iemand"


def test_a_release_that_was_swapped_does_not_open():
    giver, desk = api.Keys(), api.Keys()
    letter = sealed.ReleaseLetter(asker=1, request=2, offer=3, recipient=4, recipient_key_bytes=giver.sealing_public,
                                  sender=5, channel=wire.CONTACT_PHONE, name=b"Iemand", value=b"1", written_at_ms=6)
    release = release_of(letter, giver, desk)
    assert len(release.box_bytes) == 1024 + 48
    assert api.open_release(release, giver).value == b"1"
    release.request = 9
    with pytest.raises(AssertionError):
        api.open_release(release, giver)
    with pytest.raises(CryptoError):
        api.open_release(release_of(letter, giver, desk), desk)
