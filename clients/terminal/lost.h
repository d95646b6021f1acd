// SPDX-License-Identifier: MPL-2.0
// Commands of this member that the broker lost when an older backup was put back: told as they are heard of, and `lost`,
// the subcommand that lists them until they are forgotten.
#ifndef TERMINAL_LOST_H
#define TERMINAL_LOST_H

#include "arguments.h"

#include <jansson.h>

// Says it on stderr when the event is about one. For handlers of events.
void tell_lost(const struct ui *ui, const struct bb_event *event);

// As lines of JSON show it; NULL when out of memory.
json_t *json_of_lost(struct ui *ui, const struct bb_lost *lost);

int lost_run(struct ui *ui, const struct arguments *arguments);

// The row of `lost` in each program's table.
#define LOST_SUBCOMMAND \
    { \
        "lost", "", 0, 0, TAKES(OPTION_FORGET), \
            "List what you had entered and the broker lost, because an older backup was put back.", \
            "Toon wat u had ingevoerd en de server kwijt is, omdat een oudere back-up is teruggezet.", lost_run \
    }

#endif
