// SPDX-License-Identifier: MPL-2.0
// The broker as a child process: started, killed and started again.
//
// Owns the process and its log file. It ends with us, also when we are killed. Knows nothing of clients.
#ifndef VILLAGE_BROKER_H
#define VILLAGE_BROKER_H

#include <stdbool.h>
#include <sys/types.h>

struct broker {
    const char *program, *config, *log; // paths, borrowed
    char host[64], port[8];             // of its HTTP server
    pid_t pid;                          // 0: not running
};

// Reads from the configuration where it answers. False, with a word on standard error, when that cannot be found.
bool broker_init(struct broker *broker, const char *program, const char *config, const char *log);

// Does not wait until it is ready.
bool broker_start(struct broker *broker);
bool broker_ready(const struct broker *broker); // asks /ready
bool broker_alive(struct broker *broker);

void broker_kill9(struct broker *broker);
bool broker_stop(struct broker *broker); // SIGTERM; true when it ended well

#endif
