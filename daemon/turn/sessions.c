// SPDX-License-Identifier: MPL-2.0
// Sessions; see sessions.h. Two of czmq's hash tables, one by route and one by party.
#include "sessions.h"

#include "bounds.h"

#include <czmq.h>
#include <stdlib.h>
#include <string.h>

struct sessions {
    zhashx_t *by_route; // struct routing_id * inside the session -> struct session
    zhashx_t *by_party; // uint64_t * inside the session -> first struct session
    size_t sessions_max;
};

// FNV-1a: routes are ours (libzmq numbers them) and parties too, so nobody chooses what collides.
static size_t hash_bytes(const uint8_t *bytes, size_t size)
{
    uint64_t hash = 0xcbf29ce484222325U;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ bytes[i]) * 0x100000001b3U;
    return (size_t)hash;
}

static size_t hash_route(const void *key)
{
    const struct routing_id *route = key;
    return hash_bytes(route->bytes, route->size);
}

static int compare_routes(const void *a, const void *b)
{
    const struct routing_id *left = a, *right = b;
    if (left->size != right->size)
        return left->size < right->size ? -1 : 1;
    return memcmp(left->bytes, right->bytes, left->size);
}

static size_t hash_party(const void *key)
{
    return hash_bytes(key, sizeof(uint64_t));
}

static int compare_parties(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

static zhashx_t *make_table(zhashx_hash_fn *hash, zhashx_comparator_fn *compare)
{
    zhashx_t *table = zhashx_new();
    if (!table)
        return NULL;
    zhashx_set_key_hasher(table, hash);
    zhashx_set_key_comparator(table, compare);
    zhashx_set_key_duplicator(table, NULL);
    zhashx_set_key_destructor(table, NULL);
    return table;
}

enum bb_code sessions_create(size_t sessions_max, struct sessions **out)
{
    *out = calloc(1, sizeof **out);
    if (*out == NULL)
        return BB_NO_MEMORY;
    (*out)->sessions_max = sessions_max;
    (*out)->by_route = make_table(hash_route, compare_routes);
    (*out)->by_party = make_table(hash_party, compare_parties);
    if ((*out)->by_route && (*out)->by_party)
        return BB_OK;
    sessions_destroy(out);
    return BB_NO_MEMORY;
}

void sessions_destroy(struct sessions **sessions)
{
    struct sessions *it = *sessions;
    if (it == NULL)
        return;
    while (it->by_route && zhashx_size(it->by_route) > 0)
        sessions_end(it, zhashx_first(it->by_route));
    zhashx_destroy(&it->by_route);
    zhashx_destroy(&it->by_party);
    free(it);
    *sessions = NULL;
}

struct session *sessions_find(struct sessions *sessions, const struct routing_id *route)
{
    return zhashx_lookup(sessions->by_route, route);
}

struct session *sessions_of_party(struct sessions *sessions, uint64_t party)
{
    return zhashx_lookup(sessions->by_party, &party);
}

// Programs that ended without a word stay here for a minute, so a member at its limit loses the session that was silent
// longest instead of being refused. Whoever it was fetches what it missed.
static void make_room(struct sessions *sessions, uint64_t member, uint64_t party)
{
    int count = 0;
    struct session *oldest = NULL;
    for (struct session *it = sessions_of_party(sessions, party); it; it = it->next_of_party) {
        if (it->member != member)
            continue;
        count++;
        if (!oldest || it->heard_at_ms < oldest->heard_at_ms)
            oldest = it;
    }
    if (count >= SESSIONS_PER_MEMBER_MAX)
        sessions_end(sessions, oldest);
}

// The table keeps a pointer to the party number inside its first session, so that session is the key's owner.
static void link_party(struct sessions *sessions, struct session *session)
{
    struct session *first = sessions_of_party(sessions, session->party);
    if (first)
        zhashx_delete(sessions->by_party, &session->party);
    session->next_of_party = first;
    if (first)
        first->previous_of_party = session;
    zhashx_insert(sessions->by_party, &session->party, session);
}

static void unlink_party(struct sessions *sessions, struct session *session)
{
    if (session->next_of_party)
        session->next_of_party->previous_of_party = session->previous_of_party;
    if (session->previous_of_party) {
        session->previous_of_party->next_of_party = session->next_of_party;
        return;
    }
    zhashx_delete(sessions->by_party, &session->party);
    if (session->next_of_party)
        zhashx_insert(sessions->by_party, &session->next_of_party->party, session->next_of_party);
}

enum bb_code sessions_begin(struct sessions *sessions, const struct routing_id *route, uint64_t member, uint64_t party,
                            int64_t now_ms)
{
    struct session *known = sessions_find(sessions, route);
    if (known && known->member == member) {
        known->heard_at_ms = now_ms;
        return BB_OK;
    }
    if (known)
        sessions_end(sessions, known);
    make_room(sessions, member, party);
    if (zhashx_size(sessions->by_route) >= sessions->sessions_max)
        return BB_BUSY;
    struct session *session = calloc(1, sizeof *session);
    if (!session)
        return BB_NO_MEMORY;
    *session = (struct session){.route = *route, .member = member, .party = party, .heard_at_ms = now_ms};
    zhashx_insert(sessions->by_route, &session->route, session);
    link_party(sessions, session);
    return BB_OK;
}

void sessions_end(struct sessions *sessions, struct session *session)
{
    zhashx_delete(sessions->by_route, &session->route);
    unlink_party(sessions, session);
    free(session);
}

void sessions_end_member(struct sessions *sessions, uint64_t member, uint64_t party)
{
    struct session *next;
    for (struct session *it = sessions_of_party(sessions, party); it; it = next) {
        next = it->next_of_party;
        if (it->member == member)
            sessions_end(sessions, it);
    }
}

void sessions_sweep(struct sessions *sessions, int64_t now_ms)
{
    zlistx_t *routes = zhashx_values(sessions->by_route);
    for (struct session *it = routes ? zlistx_first(routes) : NULL; it; it = zlistx_next(routes)) {
        if (it->heard_at_ms < now_ms - SESSION_SILENT_MS_MAX)
            sessions_end(sessions, it);
    }
    zlistx_destroy(&routes);
}

size_t sessions_count(const struct sessions *sessions)
{
    return zhashx_size(sessions->by_route);
}
