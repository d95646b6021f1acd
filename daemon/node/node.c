// SPDX-License-Identifier: MPL-2.0
// Creating and destroying a node, and what it is asked about itself; see node.h.
#include "node_inside.h"

#include <stdlib.h>
#include <string.h>

enum { RATES_MAX = 65536, FLOODS_TOLD_MAX = 1024 };

int64_t node_wall_ms(const struct node *node)
{
    return node->outside.clock.wall_ms();
}

int64_t node_steady_ms(const struct node *node)
{
    return node->outside.clock.steady_us() / 1000;
}

void node_random(const struct node *node, void *bytes, size_t size)
{
    node->outside.random(node->outside.context, bytes, size);
}

static enum bb_code create_rates(struct node *node, const struct node_options *options)
{
    const struct token_limit commands = {options->commands_per_second, options->commands_burst};
    const struct token_limit topics = {SUBSCRIPTIONS_PER_SECOND, SUBSCRIPTIONS_BURST}, told = {1, 1};
    uint8_t hash_key[BUCKET_TABLE_KEY_SIZE];
    node_random(node, hash_key, sizeof hash_key);
    enum bb_code code = bucket_table_create(&commands, RATES_MAX, hash_key, &node->rates);
    if (code == BB_OK)
        code = bucket_table_create(&topics, RATES_MAX, hash_key, &node->subscriptions);
    return code == BB_OK ? bucket_table_create(&told, FLOODS_TOLD_MAX, hash_key, &node->floods_told) : code;
}

static enum bb_code create_parts(struct node *node, const struct node_options *options)
{
    const struct turn_options turn = {
        .store = node->store, .keyring = node->keyring, .tombstones = options->tombstones, .node = 1};
    node_random(node, node->boot, sizeof node->boot);
    node->arena = arena_create(MESSAGE_ARENA_SIZE_MAX);
    enum bb_code code = node->arena ? sessions_create(options->sessions_max, &node->sessions) : BB_NO_MEMORY;
    if (code == BB_OK)
        code = create_rates(node, options);
    return code == BB_OK ? turn_create(&turn, &node->turn) : code;
}

// A keyring with fewer slots than were given out is not this store's: filling it would make texts unreadable for good.
static enum bb_code check_keyring(struct node *node, const char **problem)
{
    if (keyring_last(node->keyring) >= turn_slots_used(node->turn))
        return fill_keyring(node);
    *problem = "The keyring lacks keys that the store uses. Put the keyring of this store back.";
    return BB_STORE_DAMAGED;
}

enum bb_code node_create(const struct node_options *options, const struct outside *outside, struct node **out,
                         const char **problem)
{
    struct node *node = calloc(1, sizeof *node);
    *out = NULL;
    *problem = NULL;
    if (node == NULL)
        return BB_NO_MEMORY;
    node->outside = *outside;
    node->store = options->store;
    node->keyring = options->keyring;
    node->metrics = options->metrics;
    node->command_reach = options->command_reach;
    node->publish_reach = options->publish_reach;
    enum bb_code code = create_parts(node, options);
    if (code == BB_OK)
        code = check_keyring(node, problem);
    if (code == BB_OK)
        *out = node;
    else
        node_destroy(&node);
    return code;
}

void node_destroy(struct node **node)
{
    struct node *it = *node;
    if (it == NULL)
        return;
    publisher_destroy(&it->publisher);
    sessions_destroy(&it->sessions);
    bucket_table_destroy(&it->rates);
    bucket_table_destroy(&it->subscriptions);
    bucket_table_destroy(&it->floods_told);
    turn_destroy(&it->turn);
    arena_destroy(&it->arena);
    free(it);
    *node = NULL;
}

enum bb_code node_found(struct node *node, const Stored__CommunityFounded *community, const struct founder *founder)
{
    uint8_t random[CORE_RANDOM_SIZE];
    node_random(node, random, sizeof random);
    return turn_found(node->turn, community, founder, node_wall_ms(node), random);
}

int64_t node_deadline_ms(const struct node *node)
{
    return publisher_deadline_ms(node->publisher);
}

void node_sweep(struct node *node)
{
    sessions_sweep(node->sessions, node_steady_ms(node));
}

size_t node_sessions(const struct node *node)
{
    return sessions_count(node->sessions);
}

uint64_t node_head(const struct node *node)
{
    return turn_head(node->turn);
}

uint32_t node_epoch(const struct node *node)
{
    return node->epoch;
}

const uint8_t *node_ids_key(const struct node *node)
{
    return turn_ids_key(node->turn);
}
