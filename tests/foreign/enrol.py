# SPDX-License-Identifier: MPL-2.0
#
# From an invitation to a member: keys, the command `enrol` over the admission key, and the same command again until it
# is answered. It leaves a folder that Client opens.
import random
import time

import zmq

from . import schema
from .client import AGAIN, Refused
from .keeper import Keeper
from .line import Line

REFUSED_AT_THE_DOOR = 12


def enrol(home, text, party_name, member_name):
    """The Reply that says who this is now. Refused when the broker says no."""
    keeper = Keeper.make(home, text)
    invitation = keeper.invitation
    admission = (invitation.admission_public_bytes, invitation.admission_secret_bytes)
    try:
        now_ms = _ask(invitation, admission, ping=schema.message("wire.Ping")()).pong.now_at_ms
        keeper.add_command(_command(keeper, now_ms, party_name, member_name))
        return _finish(keeper, admission)
    finally:
        keeper.save()


def enrol_again(home):
    """Takes an enrolment up that was not answered."""
    keeper = Keeper(home)
    invitation = keeper.invitation
    return _finish(keeper, (invitation.admission_public_bytes, invitation.admission_secret_bytes))


def _command(keeper, now_ms, party_name, member_name):
    wanted = schema.message("wire.Enrol")(
        party_name=party_name.encode(), member_name=member_name.encode(), curve_key_bytes=keeper.curve[0],
        sealing_key_bytes=bytes(keeper.sealing.public_key), signing_key_bytes=bytes(keeper.signing.verify_key))
    return schema.message("wire.Command")(id_bytes=schema.command_id(now_ms), enrol=wanted)


def _finish(keeper, admission):
    (key, command), = keeper.open_commands().items()
    try:
        reply = _ask(keeper.invitation, admission, command=command).reply
    except Refused as refused:
        if refused.code != REFUSED_AT_THE_DOOR:
            raise
        welcome = _ask(keeper.invitation, keeper.curve, hello=schema.message("wire.Hello")()).welcome
        reply = schema.message("wire.Reply")(made=welcome.member, party=welcome.party, state=welcome.party_state)
    keeper.rows["member"] = reply.made
    keeper.end_command(key)
    return reply


def _ask(invitation, pair, seconds=60, **body):
    """One question over a connection of its own, sent again until it is answered."""
    line = Line(zmq.DEALER, invitation.command_endpoint, invitation.server_key_bytes, pair)
    frame = schema.pack(schema.FromClient(correlation=1, **body))
    end, due, wait_s = time.monotonic() + seconds, 0.0, 2.0
    try:
        while time.monotonic() < end:
            if time.monotonic() >= due and line.send(frame):
                due, wait_s = time.monotonic() + wait_s * random.uniform(0.5, 1), min(30.0, wait_s * 2)
            line.socket.poll(50)
            line.news()
            if line.refused:
                raise Refused(REFUSED_AT_THE_DOOR, "The broker does not know this key.")
            for frames in line.frames():
                answer = schema.unpack(schema.FromBroker, frames[0])
                if answer is None or answer.correlation != 1:
                    continue
                if answer.WhichOneof("body") != "reply" or answer.reply.code == 0:
                    return answer
                if answer.reply.code not in AGAIN:
                    raise Refused(answer.reply.code, answer.reply.sentence.decode())
                due = time.monotonic() + 1
        raise TimeoutError("the broker did not answer")
    finally:
        line.close()
