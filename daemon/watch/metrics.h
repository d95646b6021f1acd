// SPDX-License-Identifier: MPL-2.0
// The daemon's figures: atomics that any thread may change and read, named in metrics.def.
//
// Knows nothing of HTTP; http.c shows them. No figure is about a person, a party or an address.
#ifndef BUURTBELD_METRICS_H
#define BUURTBELD_METRICS_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

enum metric {
#define X(symbol, name, kind, help) METRIC_##symbol,
#include "metrics.def"
#undef X
    METRICS_COUNT,
};

// All zero at the start.
struct metrics {
    _Atomic uint64_t values[METRICS_COUNT];
};

static inline void metric_add(struct metrics *metrics, enum metric metric, uint64_t amount)
{
    atomic_fetch_add_explicit(&metrics->values[metric], amount, memory_order_relaxed);
}

static inline void metric_set(struct metrics *metrics, enum metric metric, uint64_t value)
{
    atomic_store_explicit(&metrics->values[metric], value, memory_order_relaxed);
}

static inline uint64_t metric_get(const struct metrics *metrics, enum metric metric)
{
    return atomic_load_explicit(&metrics->values[metric], memory_order_relaxed);
}

// Now, in milliseconds of the monotonic clock: what METRIC_LOOP_TURNED_AT_MS is set to each time the loop comes round.
uint64_t metrics_clock_ms(void);

// In Prometheus' text format (version 0.0.4).
void metrics_print(const struct metrics *metrics, FILE *out);

#endif
