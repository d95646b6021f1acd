// SPDX-License-Identifier: MPL-2.0
// How messages look on screen, where more than one program shows them.
#ifndef TERMINAL_VIEWS_H
#define TERMINAL_VIEWS_H

#include "ui.h"

// One request of the desk's or coordinator's side, with its offers and releases.
void view_request(struct ui *ui, const struct bb_client *client, const Wire__RequestView *request);
void view_offer(struct ui *ui, const Wire__OfferView *offer);

// What a giver sees of a request. `title` stands above it.
void view_public_request(struct ui *ui, const struct bb_client *client, const char *title, enum paint colour,
                         const Wire__PublicRequest *request);

// Asks for and prints the requests in these states, in this order, as one list. `own`: only those of this desk.
BB_CHECKED int view_requests(struct ui *ui, struct bb_client *client, const uint32_t *states, size_t count, bool own);

// Asks for and prints the members of a party (0: the own one), with the check words of their keys.
BB_CHECKED int view_members(struct ui *ui, struct bb_client *client, uint64_t party);

#endif
