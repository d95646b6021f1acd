#!/usr/bin/python3
# SPDX-License-Identifier: MPL-2.0
"""Makes the first inputs of the fuzz targets from the schemas, one file each: corpus/<target>/seed-<name>.

    tests/fuzz/seeds.py

What each target takes in front of a message stands at the top of its .c file. The files are the same each time, so that
`git diff` shows what a change of a schema did to them. Beside them lie found-* (what fuzzing found that reaches further),
crash-* (what once broke a promise) and mutant-* (what notices one of tests/mutants).
"""
import base64
import hashlib
import pathlib
import struct
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
from schema import client, stored, wire  # noqa: E402

VERSION = b"\x01"
SECRET = bytes(range(1, 33))
PUBLIC = bytes.fromhex("07a37cbc142093c8b755dc1b10e86cb426374ad16aa853ed0bdfc0b2b86d1c7c")  # X25519 of SECRET
# The places of ids_of_town in command.c.
OPEN, FILLED, CLOSED, REFERRED, OFFER, WAITING, MATCH, RELEASE, INVITATION, ASKER, ANNA, ANNAS_PARTY, BERT, \
    BERTS_PARTY, DESK, DESKS_PARTY, SCHOOLS_PARTY, OPERATOR, OPERATORS_PARTY, CLASS, ANNAS_MAIL, DESKS_MAIL = range(1, 23)
# Who of user_id_of in command.c.
BY_OPERATOR, BY_COORDINATOR, BY_DESK, BY_OTHER_DESK, BY_ANNA, BY_BERT, BY_SCHOOL, BY_PAPER = range(8)
BY_INVITEE = 15
TURN_NOW, NAMED = 1, 64


def write(target, name, *parts):
    folder = HERE / "corpus" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"seed-{name}").write_bytes(b"".join(parts))


def step(head, content):
    return bytes(head) + struct.pack(">H", len(content)) + content


def packed(message):
    return message.SerializeToString(deterministic=True)


# ---- what clients send

def command(number, **what):
    return wire.FromClient(correlation=number, command=wire.Command(id_bytes=bytes([number]), **what))


def query(**what):
    return wire.FromClient(correlation=9, query=wire.Query(**what))


def sync(channel, **more):
    return wire.FromClient(correlation=8, sync=wire.Sync(cursor=wire.Cursor(channel=channel, epoch=1), **more))


def contact():
    key = wire.WrappedKey(member=DESK, sealed_bytes=b"w" * 80)
    return wire.SealedContact(nonce_bytes=b"n" * 24, box_bytes=b"sealed", keys=[key])


def publish(**more):
    fields = dict(asker=ASKER, asker_agreed=True, category=b"goods", text=b"Wie heeft een kinderfiets?", needed=1)
    return wire.PublishRequest(**{**fields, **more})


def enrol():
    return wire.Enrol(party_name=b"Giel", member_name=b"Giel", curve_key_bytes=b"c" * 32, sealing_key_bytes=b"s" * 32,
                      signing_key_bytes=b"g" * 32)


STORIES = {
    "greetings": [(BY_ANNA, wire.FromClient(correlation=1, hello=wire.Hello(software=b"fuzz 1"))),
                  (BY_ANNA, wire.FromClient(correlation=2, ping=wire.Ping(cursors=[wire.Cursor(channel=CLASS, seq=1)])))],
    "publish-answer-choose": [
        (BY_ANNA, wire.FromClient(hello=wire.Hello())),
        (BY_DESK, command(1, publish_request=publish(ref=b"rij 1", excluded_classes=[5]))),
        (BY_BERT, command(2, give_answer=wire.GiveAnswer(request=OPEN, kind=1, offer_kind=1, text=b"graag"))),
        (BY_DESK, command(3, choose_offer=wire.ChooseOffer(offer=OFFER, asker_agreed=True))),
        (BY_DESK, command(3, choose_offer=wire.ChooseOffer(offer=OFFER, asker_agreed=True))),
        (BY_DESK, command(4, close_request=wire.CloseRequest(request=FILLED, reason=1, asker_agreed=True)))],
    "answers": [(BY_SCHOOL, command(n, give_answer=wire.GiveAnswer(request=OPEN, kind=n, offer_kind=3, text=b"mits")))
                for n in range(1, 6)],
    "match": [(BY_ANNA, command(1, report_done=wire.ReportDone(offer=MATCH))),
              (BY_DESK, command(2, confirm_help=wire.ConfirmHelp(offer=MATCH, new_contact=1))),
              (BY_DESK, command(3, decline_offer=wire.DeclineOffer(offer=WAITING, asker_agreed=True))),
              (BY_BERT, command(4, withdraw_offer=wire.WithdrawOffer(offer=WAITING))),
              (BY_ANNA, command(5, cancel_offer=wire.CancelOffer(offer=MATCH, reason=b"ziek")))],
    "release": [(BY_DESK, command(1, release=wire.Release(offer=MATCH, recipient=ANNA, channel=1, box_bytes=b"box",
                                                          asker_agreed=True))),
                (BY_DESK, command(2, add_asker=wire.AddAsker(ref=b"a1", contact=contact(), heard_of=3)))],
    "joining": [(BY_INVITEE, command(1, enrol=enrol())),
                (BY_COORDINATOR, command(2, make_invitation=wire.MakeInvitation(
                    role=1, audience_class=1, standing=True, uses=5, expires_at_ms=1700000600000,
                    admission_key_bytes=b"a" * 32))),
                (BY_COORDINATOR, command(3, revoke_invitation=wire.RevokeInvitation(invitation=INVITATION)))],
    "suspension": [(BY_COORDINATOR, command(1, suspend_party=wire.SuspendParty(party=ANNAS_PARTY, reason=b"even"))),
                   (BY_COORDINATOR, command(2, reinstate_party=wire.ReinstateParty(party=ANNAS_PARTY))),
                   (BY_OPERATOR, command(3, revoke_member=wire.RevokeMember(member=BERT, reason=b"weg"))),
                   (BY_COORDINATOR, command(4, approve_party=wire.ApproveParty(party=BERTS_PARTY, audience_class=2)))],
    "pause": [(BY_ANNA, command(1, pause=wire.Pause())), (BY_ANNA, command(2, resume=wire.Resume())),
              (BY_COORDINATOR, command(3, open_referred=wire.OpenReferred(request=REFERRED)))],
    "lists": [(BY_DESK, query(audience=wire.AskAudience(category=b"goods", excluded_classes=[5]))),
              (BY_COORDINATOR, query(requests=wire.ListRequests(state=3, own=True))),
              (BY_DESK, query(request=wire.ShowRequest(request=FILLED))), (BY_DESK, query(askers=wire.ListAskers())),
              (BY_OPERATOR, query(parties=wire.ListParties(state=2))), (BY_ANNA, query(members=wire.ListMembers())),
              (BY_ANNA, query(offers=wire.ListOffers()))],
    "operator": [(BY_OPERATOR, query(journal=wire.ReadJournal(from_entry=3, limit=5))),
                 (BY_OPERATOR, query(verify=wire.Verify(entry=2, table=3, key_bytes=b"k", hash_bytes=b"h" * 32))),
                 (BY_OPERATOR, query(status=wire.AskStatus())),
                 (BY_COORDINATOR, query(invitations=wire.ListInvitations()))],
    "sync": [(BY_ANNA, sync(CLASS)), (BY_ANNA, sync(ANNAS_MAIL, page_token=1, replay_from=2)),
             (BY_DESK, sync(DESKS_MAIL)), (BY_DESK, sync(CLASS))],
}


def make_commands():
    for name, messages in STORIES.items():
        write("command", name, *(step([who, NAMED | TURN_NOW], VERSION + packed(message)) for who, message in messages))
    write("command", "garbage", step([BY_DESK, 0], b"\x01\xff\xff"), step([31, 32], b""), step([BY_ANNA, 16 + 8], b"x"))
    write("command", "one-turn", *(step([who, NAMED], VERSION + packed(message))
                                   for who, message in STORIES["publish-answer-choose"]))


# ---- what brokers send

def request(number, revision=1, state=3):
    return wire.PublicRequest(request=number, revision=revision, state=state, category=b"goods", text=b"Wie helpt?")


def notice(seq, **what):
    return wire.Notice(seq=seq, hash_bytes=bytes([seq]) * 8, made_at_ms=1700000000000, **what)


def offer_item(number):
    return wire.MailboxItem(offer=wire.OfferView(offer=number, request=11, revision=1, state=1, text=b"graag"))


def batch(*notices):
    return packed(wire.Batch(notices=notices))


def page(**more):
    cursor = wire.Cursor(channel=7001, epoch=1, seq=2, hash_bytes=b"\2" * 8)
    return wire.FromBroker(page=wire.SyncPage(channel=7001, epoch=1, head=2, cursor=cursor, **more))


BATCH, FITTING, WELCOME, PASS, ONLINE, OFFLINE, RESTART, SEND, ASK, DAMAGE = range(2, 12)
BEGIN = [step([ONLINE, 0], b""), step([WELCOME, 0], b"")]


def fitting(message, how=1):
    return step([FITTING, how], packed(message))


def make_notices():
    alert, update, cancel = (notice(n, public_request=request(11, n, state)) for n, state in ((1, 3), (2, 4), (3, 7)))
    write("notice", "alert-update-cancel", *BEGIN, step([BATCH, 0], batch(alert)), step([BATCH, 0], batch(update)),
          step([RESTART, 0], b""), *BEGIN, step([BATCH, 0], batch(cancel)), step([PASS, 200], b""))
    write("notice", "gap", *BEGIN, step([BATCH, 1], batch(notice(3, public_request=request(12)))), step([PASS, 40], b""),
          fitting(page(mode=1, notices=[alert, update])))
    write("notice", "snapshot", step([ONLINE, 0], b""), step([WELCOME, 2], b""),
          fitting(page(mode=2, requests=[request(11), request(12)], page_token=5)),
          fitting(page(mode=2, requests=[request(13)])), step([PASS, 100], b""))
    push = wire.FromBroker(push=wire.Batch(channel=7002, epoch=1, notices=[notice(1, item=offer_item(21))]))
    party = wire.MailboxItem(party=wire.PartyView(party=501, state=3, paused=True))
    write("notice", "mailbox", *BEGIN, fitting(push), fitting(wire.FromBroker(push=wire.Batch(
        channel=7002, epoch=1, notices=[notice(2, item=party)]))), step([PASS, 10], b""))
    write("notice", "outbox", step([SEND, 1], b""), step([SEND, 2], b""), *BEGIN,
          fitting(wire.FromBroker(reply=wire.Reply(entry=5, made=31))), step([ASK, 0], b""),
          fitting(wire.FromBroker(answer=wire.Answer(offers=wire.OfferList()))), step([PASS, 250], b""),
          fitting(wire.FromBroker(reply=wire.Reply(code=28))))
    pong = wire.Pong(epoch=1, now_at_ms=1700000000000, heads=[wire.Head(channel=7001, seq=4, key_id=1)])
    write("notice", "pong", *BEGIN, step([PASS, 41], b""), fitting(wire.FromBroker(pong=pong)), step([PASS, 255], b""))
    beacon = wire.Published(boot_bytes=b"b" * 16, epoch=1, channel=7001, head=2, key_id=1)
    write("notice", "beacon", *BEGIN, step([1, 0], VERSION + packed(beacon)), step([PASS, 20], b""),
          step([0, 0], VERSION + packed(page(mode=1))))
    write("notice", "revoked", *BEGIN, fitting(wire.FromBroker(reply=wire.Reply(code=41)), 9))
    row = client.KnownRequest(request=request(11), alerted=True, handed=True)
    write("notice", "rows", *BEGIN, step([BATCH, 0], batch(alert)), step([DAMAGE, 1], packed(row)),
          step([DAMAGE, 0], packed(client.SavedCursor(cursor=wire.Cursor(channel=7001, seq=9), boot_bytes=b"b" * 16))),
          *BEGIN, step([DAMAGE, 2], b"\xff"))


def make_frames():
    for name, messages in STORIES.items():
        write("frame", name, bytes([0, 6, 64]), VERSION, packed(messages[0][1]))
    write("frame", "page", bytes([1, 7, 64]), VERSION, packed(page(mode=2, requests=[request(11)])))
    write("frame", "published", bytes([2, 5, 64]), VERSION,
          packed(wire.Published(boot_bytes=b"b" * 16, channel=1, box_bytes=b"box", nonce_bytes=b"n" * 24)))
    many = wire.FromBroker(welcome=wire.Welcome(channels=[wire.ChannelState() for _ in range(300)]))
    write("frame", "many-empty-messages", bytes([1, 3, 255]), VERSION, packed(many))
    write("frame", "bad-text", bytes([0, 6, 64]), VERSION, packed(wire.FromClient(hello=wire.Hello(software=b"\xc0\x80"))))
    write("frame", "nothing", bytes([0, 0, 0]))
    write("frame", "too-large", bytes([0, 9, 0]), VERSION, b"\x0a" * 40)


# ---- what is kept

def make_stored():
    secret = stored.SecretText(nonce_bytes=b"n" * 24, box_bytes=b"x" * 20)
    rows = {"request": stored.Request(request=1, community=1, desk=3, asker=1, key_slot=4, state=3, needed=1, text=secret),
            "party": stored.Party(party=4, community=1, role=1, audience_class=1, state=2, key_slot=3, name=secret),
            "offer": stored.Offer(offer=1, request=1, party=6, member=6, state=1, rounds=1),
            "log": stored.LogEntry(channel=1, seq=1, subject=1, number=1, revision=1, hash_bytes=b"h" * 8),
            "community": stored.Community(community=1, key=b"meppel", coordinators=[2])}
    tables = ["meta", "counter", "journal", "accepted", "community", "party", "member", "member-key", "invitation",
              "invitation-key", "asker", "request", "live", "ref", "offer", "answer", "release", "channel", "log"]
    for name, row in rows.items():
        write("record", f"stamped-{name}", bytes([2, tables.index(name), 0]), packed(row))
    for number, name in enumerate(tables):
        if number % 3 == 1 or name == "journal":
            write("record", f"damaged-{name}", bytes([1, number, 1]), bytes([30, 1 << number % 8]))
    loose = b"\x01" + struct.pack(">I", 2)
    place = b"\x07request\x08the key\x00"
    write("record", "loose", bytes([0, 0, 0]), loose, hashlib.blake2b(loose + place + b"\x08\x01", digest_size=16).digest(),
          b"\x08\x01")
    facts = [stored.Fact(member=2, party=2, party_joined=stored.PartyJoined(party=2, role=1, state=2, key_slot=2)),
             stored.Fact(member=2, request_state_changed=stored.RequestStateChanged(request=1, state=7, reason=99)),
             stored.Fact(member=5, answer_given=stored.AnswerGiven(offer=1, request=1, state=1, text=secret)),
             stored.Fact()]
    for seq in range(20, 40):
        if seq % 5 == 0:
            entry = stored.Entry(seq=seq, made_at_ms=1700000000000, node=1, facts=facts)
            write("journal", f"entry-{seq}", bytes([0]), packed(entry))
    write("journal", "wrong-chain", bytes([1]), packed(stored.Entry(seq=30, facts=facts[:1])))
    write("journal", "short-row", bytes([2]), b"12345")


def slot(state, number, key=b"k" * 32):
    block = bytes([state]) + bytes(7) + struct.pack(">Q", number) + key
    return block + hashlib.blake2b(block, digest_size=16).digest()


def make_keyrings():
    header = b"BBKEYRNG" + struct.pack(">IIQ", 1, 64, 2) + bytes(24)
    header += hashlib.blake2b(header, digest_size=16).digest()
    write("keyring", "two-slots", bytes([1, 0, 2]), header, slot(1, 1), slot(2, 2, bytes(32)))
    write("keyring", "slots-are-missing", bytes([4, 0, 9]), header, slot(1, 1))
    write("keyring", "stamped", bytes([7, 0, 2]), header, b"\x01" + bytes(63), b"\x07" + bytes(63))
    write("keyring", "newer", bytes([1, 0, 1]), b"BBKEYRNG" + struct.pack(">IIQ", 2, 64, 2) + bytes(40))
    write("keyring", "empty", bytes([0, 0, 0]))


def make_texts():
    texts = {"phone": "Bel 06-12 34 56 78", "mail": "mail naar jan (at) voorbeeld punt nl", "iban": "NL91 ABNA 0417 1643 00",
             "address": "7941 AB 12", "plain": "Wie helpt mijn dochter met fietsen? Dank!", "id": "3mz2-k0a9w-8qtx",
             "time": "2026-11-23T17:55:34.000Z", "date": "2028-02-29", "command-id": "018f6c1e-7a3b-7c4d-9e5f-0123456789ab",
             "endpoint": "tcp://[::1]:7400", "address-of-host": "buurtbel.example.nl:7400", "word": "on-hold",
             "wide": "０６ １２３４５６７８ ﾅ é€𝒳", "ip": "127.0.0.1:7402"}
    for name, text in texts.items():
        write("texts", name, text.encode())
    write("texts", "no-utf-8", b"\xed\xa0\x80\xf4\x90\x80\x80")
    write("json", "request", b"\0", b'{"asker":"3mz2k0a9w8qtx","text":"Wie helpt?","needed_by_ms":"2026-12-01",'
          b'"wanted":"time","excluded_classes":["media",7],"asker_agreed":true}')
    write("json", "command", b"\1", b'{"id_bytes":"AYvP5WgAcAAAAAAAAAAAAQ==","choose_offer":{"offer":"3mz2k0a9w8qtx"}}')
    write("json", "broker", b"\2", b'{"correlation":1,"pong":{"epoch":1,"heads":[{"seq":18446744073709551615}]}}')
    write("json", "twice", b"\3", b'{"audience":{},"requests":null,"status":{}}')
    write("json", "numbers", b"\4", b'{"version":1,"role":3,"expires_at_ms":-5,"community":"\\u0000"}')


KEYS = ("curve\n    public-key = \"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\"\n"
        "    secret-key = \"D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs\"\n")
PUBLIC_TEXT = '"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"'


def make_files():
    example = (HERE.parents[1] / "deploy" / "buurtbeld.zpl.example").read_text(encoding="utf-8")
    bare = "\n".join(line for line in example.splitlines() if not line.lstrip().startswith("#")) + "\n"
    write("config", "example", bare.encode())
    write("config", "least", b"server\n    command = tcp://127.0.0.1:7400\n    publish = tcp://127.0.0.1:7401\n")
    write("config", "mistakes", b"serve\n    x = 1\nserver = 3\nlimits\n    sessions-max = 99999999999999999999\n"
          b"    sessions-max = 7K\nstore\n    map-size = 9T\n        deeper = 1\n")
    write("config", "zpl", b"\xef\xbb\xbfa = 1 # c\r\n    b = 'x\"y'\n    c=\"z\"\n        d\n\ta\n")
    founding = ("community\n    key = meppel\n    name = \"De Geweldige Wijk\"\n    recovery-key = %s\n"
                "    emergency-line = Bel 112\n    tips-confirmed-at-once = 1\n    categories\n        fiets\n"
                "            name = Fietsen\n            icon = fiets\n        anders\n            name = Anders\n"
                "            coordinators-only = 1\noperator\n    party-name = Beheer\n    member-name = Olga\n"
                "    curve-key = %s\n    sealing-key = %s\n    signing-key = %s\n") % ((PUBLIC_TEXT,) * 4)
    write("founding", "whole", founding.encode())
    write("founding", "mistakes", founding.replace("fiets", "Fiets").replace("meppel", "x" * 40).encode())
    write("founding", "one-too-long", founding.replace("key = meppel", "key = " + "x" * 33).encode())
    write("founding", "twice", (founding + "operator\n    party-name = a\n    partyname = b\n").encode())
    identity = (KEYS + KEYS.replace("curve", "sealing") +
                "version = 1\nmetadata\n    community = meppel\n    role = giver\n    party-name = Giel\n"
                "    member-name = \"Giel d'Or\"\nsigning\n    public-key = %s\n    secret-seed = %s\nbroker\n"
                "    server-key = %s\n    command = tcp://127.0.0.1:7400\n    publish = tcp://127.0.0.1:7401\n" %
                ('"' + z85(ED25519_PUBLIC) + '"', '"' + z85(ED25519_SEED) + '"', PUBLIC_TEXT))
    write("identity", "whole", identity.encode())
    write("identity", "enrolling", (identity + "enrolment\n    command-id = %s\n    admission-key = %s\n" %
                                    ('"' + z85(bytes(16)) + '"', PUBLIC_TEXT)).encode())
    write("identity", "not-a-pair", identity.replace("Yne@", "Ynf@").encode())


# RFC 8032, test 1.
ED25519_SEED = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
ED25519_PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")


def z85(data):
    letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
    words = struct.unpack(f">{len(data) // 4}I", data)
    return "".join(letters[word // 85 ** power % 85] for word in words for power in range(4, -1, -1))


def make_invitations():
    message = client.Invitation(version=1, command_endpoint=b"tcp://broker.example:7400",
                                publish_endpoint=b"tcp://broker.example:7401", server_key_bytes=b"\xaa" * 32,
                                admission_public_bytes=PUBLIC, admission_secret_bytes=SECRET, community=b"meppel",
                                role=1, audience_class=1, expires_at_ms=1700000000000)
    write("invitation", "message", bytes([3]), packed(message))
    message.checksum_bytes = hashlib.blake2b(packed(message), digest_size=32).digest()[:4]
    text = b"buurtbel-invitation:" + base64.urlsafe_b64encode(packed(message)).rstrip(b"=")
    write("invitation", "text", bytes([0]), text)
    write("invitation", "text-in-lines", bytes([0]), b"\n ".join(text[i:i + 40] for i in range(0, len(text), 40)))
    message.version = 2
    write("invitation", "newer", bytes([1]), packed(message))
    write("invitation", "long", bytes([0]), b"buurtbel-invitation:" + b"A" * 4100)


def make_requests():
    requests = {"live": "GET /live HTTP/1.1\r\nHost: x\r\n\r\n", "metrics": "GET /metrics HTTP/1.0\r\n\r\n",
                "head": "HEAD /ready HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
                "post": "POST /live HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc",
                "chunks": "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
                "two": "GET /a?b=%00 HTTP/1.1\r\nHost: x\r\n\r\nGET /live HTTP/1.1\r\nHost: x\r\n\r\n",
                "garbage": "\x16\x03\x01\x02"}
    for name, text in requests.items():
        write("http", name, b"\0\5", text.encode("latin-1"))


def make_sealed():
    letter = client.ReleaseLetter(asker=1, request=2, offer=3, recipient=4, sender=5, channel=2, name=b"Mevrouw Voorbeeld",
                                  value=b"voorbeeld@example.nl", written_at_ms=1700000000000)
    write("sealed", "letter", bytes([2]), packed(letter))
    write("sealed", "letter-signed-by-nobody", bytes([1]),
          packed(client.SignedLetter(letter_bytes=packed(letter), signature_bytes=b"s" * 64)))
    write("sealed", "box", bytes([0]), bytes(1024 + 48))
    write("sealed", "contact", bytes([3]), packed(contact()))
    write("sealed", "card", bytes([4]), packed(client.ContactCard(name=b"Jan", phone=b"0522", email=b"a@b", address=b"x 1")))
    write("sealed", "long-card", bytes([4]), packed(client.ContactCard(name=b"J" * 80, address=b"x" * 201)))


def make_stories():
    publish_one, answer, choose, decline, withdraw, report, given, failed, cancel, close, suspend, reinstate, again, other, \
        wait = range(15)
    same_turn = 0x80
    rows = {
        "two-chosen-at-once": [(publish_one, 0, 0, 0), (answer, 0, 0, 0), (answer, 1, 0, 0), (choose, 0, 0, 0),
                               (same_turn | choose, 0, 1, 0)],
        "given-again": [(publish_one, 0, 1, 0), (again, 0, 0, 0), (answer, 2, 0, 0), (again, 1, 0, 0),
                        (same_turn | again, 2, 0, 0), (choose, 0, 0, 0), (again, 5, 0, 0), (other, 5, 0, 0)],
        "falls-through": [(publish_one, 0, 0, 0), (answer, 0, 0, 0), (answer, 1, 0, 1), (choose, 0, 0, 0),
                          (cancel, 0, 0, 0), (choose, 0, 1, 0), (report, 0, 1, 0), (failed, 0, 1, 0)],
        "closed-is-final": [(publish_one, 0, 2, 0), (answer, 0, 0, 0), (choose, 0, 0, 0), (close, 0, 0, 0),
                            (answer, 1, 0, 0), (choose, 0, 0, 0), (close, 0, 0, 3), (given, 0, 0, 0)],
        "often": [(publish_one, 0, 0, 0)] + [(answer, 0, 0, 0), (withdraw, 0, 0, 0), (answer, 0, 0, 0),
                                             (withdraw, 0, 1, 0), (answer, 0, 0, 0), (withdraw, 0, 2, 0), (answer, 0, 0, 0)],
        "suspended": [(publish_one, 0, 1, 0), (answer, 0, 0, 0), (suspend, 0, 0, 0), (choose, 0, 0, 0), (answer, 0, 0, 2),
                      (reinstate, 0, 0, 0), (choose, 0, 0, 0), (decline, 0, 0, 0)],
        "too-late": [(publish_one, 0, 1, 0), (wait, 0, 7, 0), (again, 0, 0, 0)],
    }
    for name, steps in rows.items():
        write("story", name, *(bytes(step) for step in steps))


for make in (make_commands, make_notices, make_frames, make_stored, make_keyrings, make_texts, make_files, make_invitations,
             make_requests, make_sealed, make_stories):
    make()
