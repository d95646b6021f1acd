// SPDX-License-Identifier: MPL-2.0
// Ctrl-C and kill as a wish to stop, so that a program that follows can save its state.
#ifndef TERMINAL_STOP_H
#define TERMINAL_STOP_H

#include <stdbool.h>

// From now on SIGINT and SIGTERM only set the wish; a second one ends the program at once.
void stop_listen(void);
bool stop_wished(void);

#endif
