# SPDX-License-Identifier: MPL-2.0
"""Clients of the wire that live through a broker's death: they read its last words and dial again at once.

`Actor` is e2e's WireClient with many commands under way. `Witness` is e2e's Follower that takes nothing for granted: no
history may be replaced, no number may tell two things, no text may stand in two requests. Used by life.py only.
"""
import time

import zmq
import zmq.utils.monitor

import wire as api
from schema import CODE, wire

DIAL_AGAIN_MS = 3
BREAK_SECONDS = 10      # until a broken connection is noticed
BACK_SECONDS = 20       # until a broker that starts lets in
BROKEN, LET_IN, REFUSED = zmq.EVENT_DISCONNECTED, zmq.EVENT_HANDSHAKE_SUCCEEDED, zmq.EVENT_HANDSHAKE_FAILED_AUTH


class Actor(api.WireClient):
    """One member, or one invitation, with a connection that comes back by itself."""

    def __init__(self, broker, keys):
        self.sub_monitor = None
        super().__init__(broker, keys)

    def _socket(self, kind):
        socket = super()._socket(kind)
        socket.reconnect_ivl, socket.reconnect_ivl_max = DIAL_AGAIN_MS, 0
        return socket

    def subscribe(self, topics=None):
        """Who has no class channel is not let in at the publish socket and does not dial it."""
        if not any(state.topic for state in self.welcome.channels):
            return
        super().subscribe(topics)
        if self.sub_monitor is None:
            self.sub_monitor = self.sub.get_monitor_socket(BROKEN | LET_IN)

    def close(self):
        super().close()
        if self.sub_monitor is not None:
            self.sub_monitor.close(linger=0)
        self.sub_monitor = None

    def _await(self, event, seconds):
        """Waits until both connections reported this."""
        deadline = time.monotonic() + seconds
        for monitor in (self.monitor, self.sub_monitor):
            while monitor is not None:
                if not monitor.poll(max(0, deadline - time.monotonic()) * 1000):
                    raise api.Timeout(f"no event {event} of the connection in {seconds} s")
                if zmq.utils.monitor.recv_monitor_message(monitor)["event"] == event:
                    break

    def read_to_the_end(self):
        """After the broker's death: what it had sent is taken, to the last byte."""
        self._await(BROKEN, BREAK_SECONDS)
        self.pump()

    def come_back(self):
        """Waits until the broker that started lets this client in again."""
        self._await(LET_IN, BACK_SECONDS)

    def frame(self, command):
        """The next correlation, and a frame with this command that can be sent as it is."""
        self.correlation += 1
        message = wire.FromClient(correlation=self.correlation, command=command)
        return self.correlation, api.VERSION + message.SerializeToString()

    def is_refused(self):
        """Whether the door refuses this key, as far as its first connection tells."""
        if not self.monitor.poll(BACK_SECONDS * 1000):
            raise api.Timeout("the door said neither yes nor no")
        return zmq.utils.monitor.recv_monitor_message(self.monitor)["event"] == REFUSED


class Witness(api.Follower):
    """Follows all channels of one actor, live and through kills."""

    def __init__(self, client, told):
        """`told`: which notice each number of each channel told, shared by all witnesses of one community."""
        super().__init__(client)
        self.told = told
        self.requests_of = {}  # text: the requests that it stood in
        self.states = {}       # offer: every state in which it was told of, oldest first
        self.next_ping = float("inf")  # catch_up pings, and nothing else

    def _take_snapshot(self, channel, pages):
        at = self.cursors.get(channel)
        assert at is None or at.seq == 0, f"the history of channel {channel:x} is not that of its notice {at.seq}"
        super()._take_snapshot(channel, pages)

    def _take_notices(self, channel, epoch, notices):
        for notice in notices:
            before = self.told.setdefault((channel, notice.seq), notice.hash_bytes)
            assert before == notice.hash_bytes, f"number {notice.seq} of channel {channel:x} told two things"
            if notice.item.WhichOneof("what") == "offer":
                self.states.setdefault(notice.item.offer.offer, []).append(notice.item.offer.state)
        return super()._take_notices(channel, epoch, notices)

    def _take_request(self, request):
        known = self.requests.get(request.request)
        if known is not None and known.revision > request.revision:
            return
        assert known is None or known.state != wire.REQUEST_CLOSED or request.state == wire.REQUEST_CLOSED, \
            f"request {request.request:x} was closed and came back"
        self.requests[request.request] = request
        if request.text:
            self.requests_of.setdefault(request.text.decode(), set()).add(request.request)

    def take_all(self):
        """Takes what was received and lies here, without asking for anything."""
        self._behind()

    def catch_up(self):
        """Complete, now, up to the heads that the broker tells."""
        self._behind()
        pong = self.client.ping(self.cursors.values())
        for head in pong.heads:
            if head.channel in self.heads:
                self.heads[head.channel] = max(self.heads[head.channel], head.seq)
                if not self._complete(head.channel):
                    self._sync(head.channel)

    def one_request(self, text):
        """The one request with this text; None without any."""
        found = self.requests_of.get(text, set())
        assert len(found) <= 1, f"“{text}” stands in {len(found)} requests"
        return next(iter(found), None)


def retried(code):
    """Refusals that say nothing about the command: it is given again."""
    return code in (CODE["BUSY"], CODE["NO_KEY_SLOT"])
