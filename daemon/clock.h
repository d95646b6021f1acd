// SPDX-License-Identifier: MPL-2.0
// The clocks, read at the daemon's edge only: time goes into turns and queries as an argument.
#ifndef BUURTBELD_CLOCK_H
#define BUURTBELD_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void);      // since 1970-01-01 UTC
int64_t clock_monotonic_us(void); // never runs back
int64_t clock_monotonic_ms(void);

#endif
