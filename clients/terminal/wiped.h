// SPDX-License-Identifier: MPL-2.0
// Gives memory back that held names, contact details or an invitation. Called wherever such a text lay on the heap, and by
// jansson for all that it frees (program.c).
#ifndef TERMINAL_WIPED_H
#define TERMINAL_WIPED_H

#include <stdlib.h>

void wiped_free(void *memory); // of malloc; NULL does nothing

#endif
