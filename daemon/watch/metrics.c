// SPDX-License-Identifier: MPL-2.0
// Prints the figures of metrics.def in Prometheus' text format.
#include "metrics.h"

#include <inttypes.h>
#include <time.h>

enum metric_kind { COUNTER, GAUGE, INSIDE };

static const struct {
    const char *name;
    const char *help;
    enum metric_kind kind;
} infos[METRICS_COUNT] = {
#define X(symbol, label, sort, text) [METRIC_##symbol] = {.name = label, .help = text, .kind = sort},
#include "metrics.def"
#undef X
};

uint64_t metrics_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void metrics_print(const struct metrics *metrics, FILE *out)
{
    for (enum metric it = 0; it < METRICS_COUNT; it++) {
        if (infos[it].kind == INSIDE)
            continue;
        const char *name = infos[it].name;
        fprintf(out, "# HELP buurtbel_%s %s\n", name, infos[it].help);
        fprintf(out, "# TYPE buurtbel_%s %s\n", name, infos[it].kind == COUNTER ? "counter" : "gauge");
        fprintf(out, "buurtbel_%s %" PRIu64 "\n", name, metric_get(metrics, it));
    }
}
