// SPDX-License-Identifier: MPL-2.0
// The turn of a node: what waits is committed, then published, then answered, in this order and no other.
#include "node_inside.h"

#include "turn/reply.h"
#include "watch/log.h"

static void count_answer(struct node *node, const struct turn_answer *answer)
{
    if (answer->code == BB_OK)
        metric_add(node->metrics, answer->repeated ? METRIC_COMMANDS_REPEATED : METRIC_COMMANDS_ACCEPTED, 1);
    else
        metric_add(node->metrics, METRIC_COMMANDS_REFUSED, 1);
    if (reply_is_about_rights(answer->code))
        metric_add(node->metrics, METRIC_REFUSED_BY_RIGHTS, 1);
}

static void send_answers(struct node *node, const struct pending *pending, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t *frame;
        size_t frame_size;
        arena_reset(node->arena);
        count_answer(node, &node->result.answers[i]);
        if (reply_answer(pending[i].correlation, &node->result.answers[i], pending[i].input.command->id_bytes,
                         node->arena, &frame, &frame_size) == BB_OK)
            node_send(node, &pending[i].route, frame, frame_size);
    }
}

static void count_turn(struct node *node, int64_t started_us)
{
    struct metrics *metrics = node->metrics;
    metric_add(metrics, METRIC_TURNS, 1);
    metric_add(metrics, METRIC_FACTS, node->result.facts_count);
    metric_add(metrics, METRIC_TURN_MICROSECONDS, (uint64_t)(node->outside.clock.steady_us() - started_us));
    metric_set(metrics, METRIC_JOURNAL_HEAD, node->result.entry);
}

enum bb_code fill_keyring(struct node *node)
{
    uint64_t used = turn_slots_used(node->turn);
    if (keyring_last(node->keyring) >= used + KEYRING_SLOTS_AHEAD / 2)
        return BB_OK;
    enum bb_code code = keyring_fill(node->keyring, used + KEYRING_SLOTS_AHEAD);
    if (code != BB_OK && code != BB_STORE_IO && !node->keyring_told)
        log_line(LEVEL_ERROR, "keyring_not_filled", "code", bb_code_symbol(code), "problem",
                 bb_code_sentence(code, BB_ENGLISH), NULL);
    node->keyring_told = code != BB_OK;
    return code == BB_STORE_IO ? code : BB_OK;
}

// The door does not know what the store knows. Only a new start, which reads it all, makes them agree again.
static enum bb_code stop_after_commit(void)
{
    log_line(LEVEL_ERROR, "door_not_changed", "problem", "out of memory; the daemon stops so that a restart mends it",
             NULL);
    return BB_STORE_IO;
}

static enum bb_code run(struct node *node, const struct pending *pending, size_t count)
{
    struct turn_input inputs[TURN_COMMANDS_MAX];
    uint8_t random[CORE_RANDOM_SIZE];
    int64_t started_us = node->outside.clock.steady_us();
    for (size_t i = 0; i < count; i++)
        inputs[i] = pending[i].input;
    node_random(node, random, sizeof random);
    enum bb_code code = turn_run(node->turn, inputs, count, node_wall_ms(node), random, &node->result);
    if (code != BB_OK)
        return code;
    count_turn(node, started_us);
    if (send_effects(node, &node->result) != BB_OK)
        return stop_after_commit();
    send_answers(node, pending, count);
    return BB_OK;
}

static bool must_stop(enum bb_code code)
{
    return code == BB_STORE_IO || code == BB_STORE_NEWER;
}

// The store refused the whole turn and kept nothing of it. One by one, only the command that it refuses is refused.
static enum bb_code run_singly(struct node *node, const struct pending *pending, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum bb_code code = run(node, &pending[i], 1);
        if (must_stop(code))
            return code;
        if (code != BB_OK) {
            log_line(LEVEL_ERROR, "command_not_kept", "code", bb_code_symbol(code), NULL);
            node->result.answers[0] = (struct turn_answer){.code = code};
            send_answers(node, &pending[i], 1);
        }
    }
    return BB_OK;
}

enum bb_code node_turn(struct node *node)
{
    size_t count = node->pending_count;
    if (count == 0)
        return BB_OK;
    enum bb_code code = run(node, node->pending, count);
    if (code != BB_OK && !must_stop(code))
        code = run_singly(node, node->pending, count);
    node->pending_count = 0;
    turn_begin(node->turn);
    return code == BB_OK ? fill_keyring(node) : code;
}
