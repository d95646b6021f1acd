// SPDX-License-Identifier: MPL-2.0
// The process's environment and signals, as far as czmq would touch them.
#include "process.h"

#include <czmq.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static void clear_one(const char *variable)
{
    char name[64];
    size_t length = strcspn(variable, "=");
    if (length >= sizeof name) {
        // Too long to be one that czmq reads.
        return;
    }
    memcpy(name, variable, length);
    name[length] = '\0';
    unsetenv(name);
}

void process_prepare(void)
{
    // unsetenv moves the rest of the list forward.
    for (char **it = environ; it && *it;) {
        const char *before = *it;
        if (strncmp(*it, "ZSYS_", 5) == 0)
            clear_one(*it);
        if (*it == before)
            it++;
    }
    zsys_handler_set(NULL);
    // czmq's pipes would stop the loop at 1000 messages; READER_QUEUE_MAX is the limit that says BUSY instead.
    zsys_set_pipehwm(0);
    zsys_set_io_threads(2); // one for each socket of the broker
}
