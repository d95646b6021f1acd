// SPDX-License-Identifier: MPL-2.0
// Preloaded into a broker, this takes the chance out of rand(), from which libzmq takes the first routing id that it gives
// out. test_hostile_members.py compiles and uses it: by chance nobody meets that number in years.
#include <stdlib.h>

int rand(void)
{
    return 7;
}
