// SPDX-License-Identifier: MPL-2.0
// What a disk may hold after the power was cut at a moment of a history.
//
// What was durable is there. Of what began before the cut and was not durable, any part may be: each write is lost, made,
// or torn at sectors of 512 bytes, each name likewise lost or made; how, the dice decide. Knows nothing of what the files
// mean.
#ifndef POWERCUT_IMAGE_H
#define POWERCUT_IMAGE_H

#include "history.h"
#include "random.h"

enum { SECTOR_SIZE = 512 };

struct image_counts {
    size_t changes_lost, changes_made, changes_torn, names_lost, names_made;
};

// Remembers what is durable already, so that images of rising moments cost little.
struct image_maker;
struct image_maker *image_maker_create(const struct history *history);
void image_maker_destroy(struct image_maker **maker);

// Makes the image in `folder`, which is emptied first. Ends the process when that cannot be done.
void image_make(struct image_maker *maker, uint64_t cut_ns, struct dice *dice, const char *folder,
                struct image_counts *counts);

#endif
