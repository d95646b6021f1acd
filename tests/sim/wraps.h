// SPDX-License-Identifier: MPL-2.0
// Puts libsodium's randomness under the seed. Once, before anything else of it is called.
#ifndef BUURTBEL_SIM_WRAPS_H
#define BUURTBEL_SIM_WRAPS_H

void wraps_begin(void);

#endif
