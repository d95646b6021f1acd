// SPDX-License-Identifier: MPL-2.0
// What the linker puts between the real code and what it calls (-Wl,--wrap): the commit, where a broker may die or the
// disk fail; the encryption of a batch, to read what goes out before it; the log. Besides, syncs that cost nothing, and
// libsodium's randomness from the seed.
#include "sim.h"

#include "judge.h"
#include "watch/log.h"

#include <sodium.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include "wraps.h"

enum bb_code __real_txn_commit(struct txn **txn);
enum bb_code __wrap_txn_commit(struct txn **txn);
enum bb_code __real_notice_box_seal(const struct notice_box_header *header, const uint8_t *key, const uint8_t *nonce,
                                    const uint8_t *plain, size_t plain_size, struct arena *arena, uint8_t **out,
                                    size_t *out_size);
enum bb_code __wrap_notice_box_seal(const struct notice_box_header *header, const uint8_t *key, const uint8_t *nonce,
                                    const uint8_t *plain, size_t plain_size, struct arena *arena, uint8_t **out,
                                    size_t *out_size);
void __wrap_log_line(enum log_level level, const char *event, ...);

static bool fires(enum crash_point point)
{
    struct broker *broker = &sim_world->broker;
    if (!broker->in_turn || broker->dead || broker->armed != point)
        return false;
    broker_fires(sim_world);
    return true;
}

enum bb_code __wrap_txn_commit(struct txn **txn)
{
    if (sim_world->broker.dead || fires(CRASH_BEFORE_COMMIT) || fires(COMMIT_IO_LOST)) {
        txn_abort(txn);
        return BB_STORE_IO;
    }
    if (fires(COMMIT_FULL)) {
        txn_abort(txn);
        return BB_STORE_FULL;
    }
    enum bb_code code = __real_txn_commit(txn);
    if (fires(CRASH_AFTER_COMMIT) || fires(COMMIT_IO_KEPT))
        return BB_STORE_IO;
    return code;
}

enum bb_code __wrap_notice_box_seal(const struct notice_box_header *header, const uint8_t *key, const uint8_t *nonce,
                                    const uint8_t *plain, size_t plain_size, struct arena *arena, uint8_t **out,
                                    size_t *out_size)
{
    judge_sealed(sim_world, header, plain, plain_size);
    return __real_notice_box_seal(header, key, nonce, plain, plain_size, arena, out, out_size);
}

void __wrap_log_line(enum log_level level, const char *event, ...)
{
    char line[LOG_LINE_SIZE_MAX + 2];
    va_list pairs;
    va_start(pairs, event);
    log_format(line, 0, level, event, pairs);
    va_end(pairs);
    if (sim_world)
        judge_logged(sim_world, line);
}

// ---------------------------------------------------------------- no disk is waited for

int fdatasync(int fd)
{
    (void)fd;
    return 0;
}

int fsync(int fd)
{
    (void)fd;
    return 0;
}

int msync(void *memory, size_t size, int flags)
{
    (void)memory, (void)size, (void)flags;
    return 0;
}

// ---------------------------------------------------------------- randomness

static struct dice spare_dice = {1};

static struct dice *sodium_dice(void)
{
    return sim_world ? &sim_world->sodium_dice : &spare_dice;
}

static const char *sodium_name(void)
{
    return "seed";
}

static uint32_t sodium_random(void)
{
    return (uint32_t)dice_roll(sodium_dice());
}

static void sodium_buffer(void *const bytes, const size_t size)
{
    dice_bytes(sodium_dice(), bytes, size);
}

void wraps_begin(void)
{
    static struct randombytes_implementation from_the_seed = {
        .implementation_name = sodium_name, .random = sodium_random, .buf = sodium_buffer};
    sim_insist(randombytes_set_implementation(&from_the_seed) == 0 && sodium_init() >= 0);
}
