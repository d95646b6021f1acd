# SPDX-License-Identifier: MPL-2.0
#
# One CURVE socket with the options of the page's table, and its monitor: a client must know of each new connection
# (after it comes a Hello) and of a refusal at the door (after it nobody dials).
import random

import zmq
import zmq.utils.monitor

FRAME_FROM_BROKER_MAX = 65536 + 33


class Line:
    def __init__(self, kind, endpoint, server_key, pair):
        self.socket = zmq.Context.instance().socket(kind)
        publication = kind == zmq.SUB
        first_wait_ms = random.randint(500, 5000)
        for option, number in ((zmq.MAXMSGSIZE, FRAME_FROM_BROKER_MAX), (zmq.SNDHWM, 0 if publication else 64),
                               (zmq.RCVHWM, 10000 if publication else 1000), (zmq.HEARTBEAT_IVL, 10000),
                               (zmq.HEARTBEAT_TIMEOUT, 30000), (zmq.HEARTBEAT_TTL, 30000),
                               (zmq.HANDSHAKE_IVL, 10000), (zmq.RECONNECT_IVL, first_wait_ms),
                               (zmq.RECONNECT_IVL_MAX, 30000), (zmq.LINGER, 0)):
            self.socket.setsockopt(option, number)
        if not publication:
            self.socket.setsockopt(zmq.IMMEDIATE, 1)
        for option, key in ((zmq.CURVE_SERVERKEY, server_key), (zmq.CURVE_PUBLICKEY, pair[0]),
                            (zmq.CURVE_SECRETKEY, pair[1])):
            self.socket.setsockopt(option, key)
        self.monitor = self.socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED |
                                                      zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        self.connected, self.refused = False, False
        self.socket.connect(endpoint.decode())

    def send(self, frame):
        """False when there is no connection now: nothing was sent, and it is to be tried again later."""
        try:
            self.socket.send(frame, zmq.DONTWAIT)
            return True
        except zmq.Again:
            return False

    def news(self):
        """What happened to the connection since the last call: some of "up", "down", "refused"."""
        names = {zmq.EVENT_HANDSHAKE_SUCCEEDED: "up", zmq.EVENT_DISCONNECTED: "down",
                 zmq.EVENT_HANDSHAKE_FAILED_AUTH: "refused"}
        found = []
        while self.monitor.poll(0):
            found.append(names.get(zmq.utils.monitor.recv_monitor_message(self.monitor)["event"], "other"))
        for what in found:
            self.connected = what == "up" or self.connected and what != "down"
            self.refused = self.refused or what == "refused"
        return found

    def frames(self):
        while not self.socket.closed and self.socket.poll(0):
            yield self.socket.recv_multipart()

    def close(self):
        self.socket.disable_monitor()
        self.monitor.close(0)
        self.socket.close(0)
