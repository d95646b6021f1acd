// SPDX-License-Identifier: MPL-2.0
// Looks at everything that a town can show; see look.h.
#include "look.h"

#include "fuzz.h"
#include "message/frame.h"
#include "turn/verify.h"

// What a query gives is well-formed and can be sent.
static void expect_fit(struct town *town, enum bb_code code, const ProtobufCMessage *message)
{
    uint8_t *frame;
    size_t size;
    if (code != BB_OK)
        return;
    insist(message != NULL);
    (void)frame_pack(message, BROKER_FRAME_SIZE_MAX, town->reading, &frame, &size);
}

static void ask(struct town *town, struct person who, Wire__Query__WhatCase what, ProtobufCMessage *message)
{
    Wire__Query query = WIRE__QUERY__INIT;
    Wire__Answer *answer = NULL;
    query.what_case = what;
    query.audience = (Wire__AskAudience *)(void *)message; // of one union with all others
    enum bb_code code = town_query(town, who, &query, &answer);
    expect_fit(town, code, code == BB_OK ? &answer->base : NULL);
}

static void ask_lists(struct town *town)
{
    Wire__AskAudience audience = WIRE__ASK_AUDIENCE__INIT;
    Wire__ListRequests requests = WIRE__LIST_REQUESTS__INIT;
    Wire__ListAskers askers = WIRE__LIST_ASKERS__INIT;
    Wire__ListParties parties = WIRE__LIST_PARTIES__INIT;
    Wire__ListMembers members = WIRE__LIST_MEMBERS__INIT;
    Wire__ListOffers offers = WIRE__LIST_OFFERS__INIT;
    Wire__ListInvitations invitations = WIRE__LIST_INVITATIONS__INIT;
    audience.category = text("goods");
    ask(town, town->desk, WIRE__QUERY__WHAT_AUDIENCE, &audience.base);
    ask(town, town->coordinator, WIRE__QUERY__WHAT_REQUESTS, &requests.base);
    ask(town, town->anna, WIRE__QUERY__WHAT_REQUESTS, &requests.base);
    ask(town, town->desk, WIRE__QUERY__WHAT_ASKERS, &askers.base);
    ask(town, town->operator, WIRE__QUERY__WHAT_PARTIES, &parties.base);
    ask(town, town->anna, WIRE__QUERY__WHAT_MEMBERS, &members.base);
    ask(town, town->anna, WIRE__QUERY__WHAT_OFFERS, &offers.base);
    ask(town, town->coordinator, WIRE__QUERY__WHAT_INVITATIONS, &invitations.base);
}

void look_at_journal(struct town *town)
{
    Wire__ReadJournal journal = WIRE__READ_JOURNAL__INIT;
    journal.limit = 100;
    ask(town, town->operator, WIRE__QUERY__WHAT_JOURNAL, &journal.base);
}

static void show(struct town *town, uint64_t request)
{
    Wire__ShowRequest show_request = WIRE__SHOW_REQUEST__INIT;
    show_request.request = request;
    ask(town, town->desk, WIRE__QUERY__WHAT_REQUEST, &show_request.base);
    ask(town, town->coordinator, WIRE__QUERY__WHAT_REQUEST, &show_request.base);
}

static void listen(struct town *town, struct person who, uint64_t channel, uint64_t seq)
{
    Wire__SyncPage *page = NULL;
    Wire__Sync sync = WIRE__SYNC__INIT;
    Wire__Cursor cursor = WIRE__CURSOR__INIT;
    uint8_t hash[8] = {0};
    cursor.seq = seq;
    cursor.hash_bytes = (ProtobufCBinaryData){seq ? sizeof hash : 0, hash};
    enum bb_code code = town_sync(town, who, channel, sync, cursor, &page);
    expect_fit(town, code, code == BB_OK ? &page->base : NULL);
}

void look_at_everything(struct town *town)
{
    const struct town_story *story = town_story();
    ask_lists(town);
    look_at_journal(town);
    show(town, story->open);
    show(town, story->filled);
    show(town, story->referred);
    for (uint64_t seq = 0; seq < 2; seq++) {
        listen(town, town->anna, channel_of_class(1, CLASS_RESIDENT), seq);
        listen(town, town->anna, channel_of_party(town->anna.party_number), seq);
        listen(town, town->desk, channel_of_party(town->desk.party_number), seq);
        listen(town, town->coordinator, channel_of_party(town->coordinator.party_number), seq);
    }
}

// Time stands still, so that one slice checks all.
static int64_t no_time(void)
{
    return 0;
}

size_t look_for_damage(struct town *town, enum table first)
{
    Wire__Verify from = WIRE__VERIFY__INIT;
    Wire__Verified *verified = NULL;
    from.table = first;
    struct core core = town_read(town);
    enum bb_code code = verify_slice(&core, &from, no_time, &verified);
    // A row with a right checksum that is no message at all cannot come from a disk; unpacking calls it a full arena.
    insist(code == BB_OK || code == BB_NO_MEMORY);
    size_t problems = code == BB_OK ? verified->n_problems : 1;
    insist(problems > 0 || verified->done); // a slice may end early where it names many
    town_read_end(&core);
    return problems;
}
