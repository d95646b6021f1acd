// SPDX-License-Identifier: MPL-2.0
// Ctrl-C and kill as a wish to stop; see stop.h.
#include "stop.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t wished; // a signal handler can reach nothing but a global

static void note_wish(int signal)
{
    (void)signal;
    wished = 1;
}

void stop_listen(void)
{
    struct sigaction action = {.sa_handler = note_wish, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool stop_wished(void)
{
    return wished != 0;
}
