// SPDX-License-Identifier: MPL-2.0
// The rules that hold for every store; see rules.h. Written from DOMAIN.md, not from the core.
#include "rules.h"

#include "fuzz.h"

enum { PARTIES_MAX = 64 };

// What the offers of one request add up to.
struct tally {
    uint32_t taken, done;
    uint64_t live[PARTIES_MAX]; // parties with a live offer
    size_t live_count;
};

static bool is_live(uint32_t state)
{
    return state == OFFER_OFFERED || state == OFFER_CONDITIONAL || state == OFFER_WAITING || state == OFFER_CONFIRMED ||
           state == OFFER_REPORTED_DONE || state == OFFER_ASKING_INTERNALLY;
}

static void add(struct tally *tally, const Stored__Request *request, const Stored__Offer *offer)
{
    bool open = offer->state == OFFER_OFFERED || offer->state == OFFER_CONDITIONAL || offer->state == OFFER_WAITING;
    insist(offer->request == request->request);
    insist(!(request->state == REQUEST_CLOSED && open)); // rule 5: nothing is asked of anybody any more
    insist(!(request->state == REQUEST_FILLED && open && offer->state != OFFER_WAITING));
    insist(!(request->state == REQUEST_OPEN && offer->state == OFFER_WAITING));
    tally->taken +=
        offer->state == OFFER_CONFIRMED || offer->state == OFFER_REPORTED_DONE || offer->state == OFFER_DONE;
    tally->done += offer->state == OFFER_DONE;
    if (!is_live(offer->state) || tally->live_count == PARTIES_MAX)
        return;
    for (size_t i = 0; i < tally->live_count; i++)
        insist(tally->live[i] != offer->party); // rule 3
    tally->live[tally->live_count++] = offer->party;
}

static void check_request(struct core *core, const Stored__Request *request)
{
    struct tally tally = {0};
    for (uint64_t number = request->last_offer; number != 0;) {
        Stored__Offer *offer;
        insist(store_get_number(core->txn, TABLE_OFFER, number, &offer) == BB_OK);
        add(&tally, request, offer);
        insist(offer->previous_of_request < number);
        number = offer->previous_of_request;
    }
    insist(request->taken == tally.taken && request->done == tally.done);
    insist(request->needed >= 1 && request->taken <= request->needed); // rule 1
    insist((request->state == REQUEST_FILLED) <= (request->taken == request->needed));
    insist((request->state == REQUEST_OPEN) <= (request->taken < request->needed));
}

void check_rules(struct town *town)
{
    struct core core = town_read(town);
    uint64_t last;
    insist(store_counter(core.txn, "request", &last) == BB_OK);
    for (uint64_t number = 1; number <= last; number++) {
        Stored__Request *request;
        insist(store_get_number(core.txn, TABLE_REQUEST, number, &request) == BB_OK);
        check_request(&core, request);
    }
    town_read_end(&core);
}
