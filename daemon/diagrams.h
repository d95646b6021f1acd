// SPDX-License-Identifier: MPL-2.0
// Draws the lifecycles from the core's tables, for proto/PROTOCOL.md (buurtbeld --print-states). A test compares the two.
#ifndef BUURTBEL_DIAGRAMS_H
#define BUURTBEL_DIAGRAMS_H

#include <stdio.h>

// Both lifecycles as Mermaid state diagrams under headings of the third level.
void diagrams_print(FILE *out);

#endif
