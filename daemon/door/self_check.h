// SPDX-License-Identifier: MPL-2.0
// Before the daemon serves anybody it knocks at its own doors with a key that nobody knows, and must not get in.
//
// Without an answering ZAP handler libzmq lets everybody in, and no message would ever show it. Called by main, once,
// after both sockets are bound. Waits; starts no thread.
#ifndef BUURTBELD_SELF_CHECK_H
#define BUURTBELD_SELF_CHECK_H

#include <stdbool.h>

enum { SELF_CHECK_TIMEOUT_MS = 5000 };

// true when both sockets refused the key at the handshake, within the time. Otherwise `*problem` is a sentence for the
// log (static), and the daemon must not run. Endpoints as bound: "tcp://0.0.0.0:7400" is dialled on loopback. The key
// is the server's, in Z85.
bool self_check(const char *command_endpoint, const char *publish_endpoint, const char *server_public_key,
                int timeout_ms, const char **problem);

#endif
