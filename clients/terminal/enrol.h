// SPDX-License-Identifier: MPL-2.0
// `enrol`, the one subcommand that the three programs share.
#ifndef TERMINAL_ENROL_H
#define TERMINAL_ENROL_H

#include "arguments.h"

int enrol_run(struct ui *ui, const struct arguments *arguments);

extern const enum flag enrol_options[];

// The row of `enrol` in each program's table.
#define ENROL_SUBCOMMAND \
    { \
        "enrol", "INVITATION|-", 1, 1, enrol_options, \
            "Enrol with the invitation that you got; - reads it from the input.", \
            "Meld u aan met de uitnodiging die u kreeg; - leest hem van de invoer.", enrol_run \
    }

#endif
