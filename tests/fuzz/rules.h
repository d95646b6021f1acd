// SPDX-License-Identifier: MPL-2.0
// The rules that hold for every store, whatever came before (DOMAIN: Rules that must always hold; 1, 3 and 5).
//
// Reads all requests and offers of a town and ends the process where one of the rules does not hold. See rules.c.
#ifndef BUURTBEL_FUZZ_RULES_H
#define BUURTBEL_FUZZ_RULES_H

#include "reset.h"

void check_rules(struct town *town);

#endif
