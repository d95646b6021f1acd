// SPDX-License-Identifier: MPL-2.0
// Who lives in the village and what they ask: names and texts of DOMAIN's sample data, as tables.
//
// All invented; no real person's name stands here. Owns nothing, knows nothing of brokers. Called by the scenes and by
// the load generator.
#ifndef VILLAGE_PEOPLE_H
#define VILLAGE_PEOPLE_H

#include "buurtbel.h"

// Givers with a part of their own in the story; the others follow in the table, and then residents without end.
enum { PEOPLE_BIKE_SHOP, PEOPLE_SECOND_HAND_SHOP, PEOPLE_FOOD_BANK, PEOPLE_POLICE, PEOPLE_REPAIR_CAFE, PEOPLE_PARTS };

void people_giver(size_t index, char name[NAME_SIZE_MAX + 1], enum bb_class *audience_class);

// Requests with a part of their own; what follows them is ordinary.
enum {
    PEOPLE_BIKE,
    PEOPLE_WASHING_MACHINE,
    PEOPLE_FOOD,
    PEOPLE_CHILDS_BED,
    PEOPLE_UPBRINGING,
    PEOPLE_DONT_KNOW,
    PEOPLE_MONEY,
    PEOPLE_SMOKING,
    PEOPLE_ORDINARY
};

struct people_request {
    const char *category, *text;
    enum bb_wanted wanted;
    enum bb_size size;
};

// Never ends: the ordinary ones come round again.
const struct people_request *people_request(size_t index);

// What a giver says who offers.
const char *people_offer(size_t index);

void people_contact(size_t asker, struct bb_contact *out);

// How the households of a place heard of it, spread over all ways.
enum bb_heard_of people_heard_of(size_t asker);

#endif
