// SPDX-License-Identifier: MPL-2.0
// The HTTP server for those who watch over the daemon: GET /live, /ready and /metrics, on loopback only.
//
// Runs in a thread of its own and reads nothing but the metrics, so it answers while the loop is stuck. Nothing can be
// changed through it, and nothing here may ever need a password.
#ifndef BUURTBELD_HTTP_H
#define BUURTBELD_HTTP_H

#include "codes.h"
#include "metrics.h"

#include <stdint.h>

enum {
    HTTP_CONNECTIONS_MAX = 32,
    HTTP_TIMEOUT_SECONDS = 10,
    HTTP_LOOP_SILENT_MS_MAX = 15000, // after this /live says 503
};

struct http;

// Listens on `address`, "127.0.0.1:7402" or "[::1]:7402"; port 0 takes any free one. `metrics` must outlive it.
// BB_BAD_VALUE for what is no loopback address, BB_IO (errno tells why) when it cannot be bound, BB_NO_MEMORY.
BB_CHECKED enum bb_code http_open(const char *address, const struct metrics *metrics, struct http **out);
// Ends the thread; open connections are cut.
void http_close(struct http **http);

uint16_t http_port(const struct http *http);

#endif
