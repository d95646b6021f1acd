// SPDX-License-Identifier: MPL-2.0
// Refusals in a ring, found by a hash table of chains; see refused.h.
#include "refused.h"

#include <stdlib.h>
#include <string.h>

enum { NONE = 0 }; // places count from 1

struct refusal {
    uint8_t id[COMMAND_ID_SIZE];
    bool invitee;
    uint64_t number; // 0: the place is free
    enum bb_code code;
    uint32_t next, bucket;
};

struct refused {
    size_t max, newest;
    struct refusal *ring; // max + 1 of them; the first is not used
    uint32_t *buckets;    // max of them
};

enum bb_code refused_create(size_t refusals_max, struct refused **out)
{
    struct refused *refused = calloc(1, sizeof *refused);
    *out = refused;
    if (refused == NULL)
        return BB_NO_MEMORY;
    refused->max = refusals_max;
    refused->ring = calloc(refusals_max + 1, sizeof *refused->ring);
    refused->buckets = calloc(refusals_max, sizeof *refused->buckets);
    if (refused->ring != NULL && refused->buckets != NULL)
        return BB_OK;
    refused_destroy(out);
    return BB_NO_MEMORY;
}

void refused_destroy(struct refused **refused)
{
    if (*refused == NULL)
        return;
    free((*refused)->ring);
    free((*refused)->buckets);
    free(*refused);
    *refused = NULL;
}

// The last bytes of an id are random.
static uint32_t bucket_of(const struct refused *refused, const uint8_t *id)
{
    uint32_t random;
    memcpy(&random, id + COMMAND_ID_SIZE - sizeof random, sizeof random);
    return random % (uint32_t)refused->max;
}

enum bb_code refused_find(const struct refused *refused, const struct turn_input *input)
{
    const ProtobufCBinaryData id = input->command->id_bytes;
    if (id.len != COMMAND_ID_SIZE)
        return BB_OK;
    for (uint32_t at = refused->buckets[bucket_of(refused, id.data)]; at != NONE; at = refused->ring[at].next) {
        const struct refusal *it = &refused->ring[at];
        if (it->number == input->number && it->invitee == input->invitee &&
            memcmp(it->id, id.data, COMMAND_ID_SIZE) == 0)
            return it->code;
    }
    return BB_OK;
}

static void clear(struct refused *refused, uint32_t place)
{
    struct refusal *it = &refused->ring[place];
    if (it->number == 0)
        return;
    uint32_t *at = &refused->buckets[it->bucket];
    while (*at != place)
        at = &refused->ring[*at].next;
    *at = it->next;
    *it = (struct refusal){0};
}

bool refused_note(struct refused *refused, const struct turn_input *input, enum bb_code code)
{
    const ProtobufCBinaryData id = input->command->id_bytes;
    if (id.len != COMMAND_ID_SIZE || bb_code_retryable(code))
        return false;
    refused->newest = refused->newest % refused->max + 1;
    uint32_t place = (uint32_t)refused->newest, bucket = bucket_of(refused, id.data);
    clear(refused, place);
    struct refusal *it = &refused->ring[place];
    *it = (struct refusal){.invitee = input->invitee,
                           .number = input->number,
                           .code = code,
                           .next = refused->buckets[bucket],
                           .bucket = bucket};
    memcpy(it->id, id.data, COMMAND_ID_SIZE);
    refused->buckets[bucket] = place;
    return true;
}

void refused_forget(struct refused *refused, size_t count)
{
    for (; count > 0; count--) {
        clear(refused, (uint32_t)refused->newest);
        refused->newest = refused->newest > 1 ? refused->newest - 1 : refused->max;
    }
}
