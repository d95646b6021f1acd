// SPDX-License-Identifier: MPL-2.0
// What the simulation watches from outside: every frame that leaves the broker or reaches a client, every event that a
// client hands on, and at the end what everybody knows. What it cannot accept, it calls by the name of a rule.
//
// It changes nothing. What people did and were told goes on to the model.
#ifndef BUURTBEL_SIM_JUDGE_H
#define BUURTBEL_SIM_JUDGE_H

#include "sim.h"

// judge_wire.c
bool judge_is_reply(const uint8_t *frame, size_t size);
void judge_sent(struct world *world, uint32_t route, const uint8_t *frame, size_t size);
void judge_published(struct world *world, const uint8_t *frame, size_t size);
void judge_sealed(struct world *world, const struct notice_box_header *header, const uint8_t *plain, size_t size);
void judge_heard(struct world *world, struct client *client, const uint8_t *frame, size_t size);
void judge_logged(struct world *world, const char *line);
void judge_reply(struct world *world, struct client *client, const Wire__Reply *reply);

// judge_screen.c
void judge_event(struct world *world, struct client *client, const struct bb_event *event);
struct shown *screen_find(struct client *client, uint32_t kind, uint64_t id);

// judge_end.c
const char *judge_behind(struct world *world); // who is not in step yet; NULL: nobody
void judge_end(struct world *world);

#endif
