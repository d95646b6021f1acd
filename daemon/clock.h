// SPDX-License-Identifier: MPL-2.0
// The clocks, read at the daemon's edge only: time goes into turns and queries as an argument.
#ifndef BUURTBELD_CLOCK_H
#define BUURTBELD_CLOCK_H

#include <stdint.h>

// What a node is handed, so that tests and the simulation can turn the hands.
struct clock {
    int64_t (*wall_ms)(void);   // since 1970-01-01 UTC
    int64_t (*steady_us)(void); // never runs back
};

// This computer's.
extern const struct clock system_clock;

int64_t clock_wall_ms(void);
int64_t clock_steady_us(void);
int64_t clock_steady_ms(void);

#endif
