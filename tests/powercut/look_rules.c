// SPDX-License-Identifier: MPL-2.0
// Do the rules of the domain hold in an image? Every text opens with the image's keyring, what is numbered has no holes,
// and what is counted is there.
#include "look_inside.h"

#include "core/channel.h"
#include "core/states.h"
#include "core/texts.h"

#include <inttypes.h>

enum { PARTIES_PER_REQUEST_MAX = 256, CHANNELS_MAX = 4096 };

bool look_is_good(struct look *look, const char *what, enum bb_code code, const char *problem)
{
    if (code != BB_OK)
        verdict_bad(look->verdict, "%s: %s%s%s", what, bb_code_symbol(code), problem ? ", " : "",
                    problem ? problem : "");
    return code == BB_OK;
}

static uint64_t last_number(struct look *look, const char *counter)
{
    uint64_t last = 0;
    (void)look_is_good(look, counter, store_counter(look->core.txn, counter, &last), NULL);
    return last;
}

static bool get(struct look *look, enum table table, const char *name, uint64_t number, void *out)
{
    enum bb_code code = store_get_number(look->core.txn, table, number, out);
    if (code != BB_OK)
        verdict_bad(look->verdict, "%s %" PRIu64 ": %s", name, number, bb_code_symbol(code));
    look->verdict->checked++;
    return code == BB_OK;
}

static void open_text(struct look *look, const char *what, uint64_t number, uint64_t slot,
                      const Stored__SecretText *text)
{
    ProtobufCBinaryData plain;
    const uint8_t *key;
    enum bb_code code = keyring_key(look->keyring, slot, &key);
    if (code == BB_OK)
        code = text_open(&look->core, slot, text, &plain);
    if (code != BB_OK)
        verdict_bad(look->verdict, "the text of %s %" PRIu64 " under slot %" PRIu64 ": %s", what, number, slot,
                    bb_code_symbol(code));
}

// One live offer for each party (DOMAIN: rule 3).
static bool is_live(uint32_t state)
{
    return state == OFFER_OFFERED || state == OFFER_CONDITIONAL || state == OFFER_WAITING || offer_is_taken(state);
}

static void look_offers(struct look *look, const Stored__Request *request)
{
    uint64_t parties[PARTIES_PER_REQUEST_MAX];
    size_t live = 0, taken = 0;
    for (uint64_t number = request->last_offer; number != 0;) {
        Stored__Offer *offer;
        if (!get(look, TABLE_OFFER, "offer", number, &offer))
            return;
        open_text(look, "offer", number, request->key_slot, offer->text);
        taken += offer_is_taken((uint32_t)offer->state);
        for (size_t i = 0; is_live((uint32_t)offer->state) && i < live; i++)
            if (parties[i] == offer->party)
                verdict_bad(look->verdict, "request %" PRIu64 " has two live offers of one party", request->request);
        if (is_live((uint32_t)offer->state) && live < PARTIES_PER_REQUEST_MAX)
            parties[live++] = offer->party;
        number = offer->previous_of_request;
    }
    if (taken != request->taken || request->taken > request->needed)
        verdict_bad(look->verdict, "request %" PRIu64 " needs %u, says that %u are taken, and has %zu taken offers",
                    request->request, request->needed, request->taken, taken);
}

static void look_releases(struct look *look, const Stored__Request *request)
{
    for (uint64_t number = request->last_release; number != 0;) {
        Stored__ReleaseRecord *release;
        Stored__Asker *asker;
        if (!get(look, TABLE_RELEASE, "release", number, &release) ||
            !get(look, TABLE_ASKER, "asker", release->asker, &asker))
            return;
        open_text(look, "release", number, asker->key_slot, release->box);
        number = release->previous_of_request;
    }
}

static void look_requests(struct look *look)
{
    uint64_t rows = 0, last = last_number(look, "request");
    if (look_is_good(look, "requests", store_rows(look->core.txn, TABLE_REQUEST, &rows), NULL) && rows != last)
        verdict_bad(look->verdict, "%" PRIu64 " requests were made, %" PRIu64 " are there", last, rows);
    for (uint64_t number = 1; number <= last; number++) {
        Stored__Request *request;
        if (!get(look, TABLE_REQUEST, "request", number, &request))
            continue;
        open_text(look, "request", number, request->key_slot, request->text);
        look_offers(look, request);
        look_releases(look, request);
    }
}

static void look_people(struct look *look)
{
    for (uint64_t number = 1, last = last_number(look, "party"); number <= last; number++) {
        Stored__Party *party;
        if (get(look, TABLE_PARTY, "party", number, &party))
            open_text(look, "party", number, party->key_slot, party->name);
    }
    for (uint64_t number = 1, last = last_number(look, "member"); number <= last; number++) {
        Stored__Member *member;
        Stored__Party *party;
        if (get(look, TABLE_MEMBER, "member", number, &member) &&
            get(look, TABLE_PARTY, "party", member->party, &party))
            open_text(look, "member", number, party->key_slot, member->name);
    }
    for (uint64_t number = 1, last = last_number(look, "asker"); number <= last; number++) {
        Stored__Asker *asker;
        if (get(look, TABLE_ASKER, "asker", number, &asker))
            open_text(look, "asker", number, asker->key_slot, asker->contact);
    }
}

// In each channel the numbers run without holes, and the head is the last of them.
static void look_channels(struct look *look)
{
    static struct seen {
        uint64_t channel, seq;
    } seen[CHANNELS_MAX];
    size_t count = 0;
    for (uint64_t number = 1, last = last_number(look, "log"); number <= last; number++) {
        Stored__LogEntry *entry;
        if (!get(look, TABLE_LOG, "log entry", number, &entry))
            return;
        size_t i = 0;
        while (i < count && seen[i].channel != entry->channel)
            i++;
        if (i == count && count++ < CHANNELS_MAX)
            seen[i] = (struct seen){.channel = entry->channel};
        if (i < CHANNELS_MAX && ++seen[i].seq != entry->seq)
            verdict_bad(look->verdict, "log entry %" PRIu64 " has a number that does not follow", number);
    }
    for (size_t i = 0; i < count && i < CHANNELS_MAX; i++) {
        Stored__ChannelHead *head;
        if (look_is_good(look, "channel", channel_head(&look->core, seen[i].channel, &head), NULL) &&
            head->seq != seen[i].seq)
            verdict_bad(look->verdict, "a channel ends at %" PRIu64 " and says %" PRIu64, seen[i].seq, head->seq);
    }
}

void look_rules(struct look *look)
{
    look_people(look);
    look_requests(look);
    look_channels(look);
}
