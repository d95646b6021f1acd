// SPDX-License-Identifier: MPL-2.0
// Keeps the memory of a process, in which keys and contact details are, out of core dumps and away from debuggers.
//
// The one place for all programs; called by each main() first of all, and by nothing else of the library.
#include "buurtbel.h"

#include <sys/prctl.h>
#include <sys/resource.h>

void bb_forbid_core_dumps(void)
{
    const struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
    // A core that is piped to a program ignores that limit; this it does not.
    (void)prctl(PR_SET_DUMPABLE, 0);
}
