// SPDX-License-Identifier: MPL-2.0
// Opening and closing the broker. Order matters: store, keyring, history, door, sockets, own door tried, reader, HTTP.
#include "broker.h"

#include "clock.h"
#include "watch/log.h"

#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { RATES_MAX = 65536 };

enum bb_code complain(const char *event, enum bb_code code, const char *problem)
{
    log_line(LEVEL_ERROR, event, "code", bb_code_symbol(code), "problem",
             problem ? problem : bb_code_sentence(code, BB_ENGLISH), NULL);
    return code;
}
// ---------------------------------------------------------------- store and keyring

static enum bb_code open_store(struct broker *broker)
{
    const struct config *config = broker->config;
    struct store_options options = {.folder = config->store_folder,
                                    .map_size = config->store_map_size,
                                    .preallocate = config->store_preallocate != 0};
    uint8_t ids_key[IDS_KEY_SIZE];
    const char *problem = NULL;
    randombytes_buf(ids_key, sizeof ids_key);
    enum bb_code code = store_open(&options, ids_key, clock_wall_ms(), &broker->store, &problem);
    sodium_memzero(ids_key, sizeof ids_key);
    if (code != BB_OK)
        return complain("store_not_opened", code, problem);
    problem = NULL;
    code = keyring_open(config->keyring_path, &broker->keyring, &problem);
    return code == BB_OK ? BB_OK : complain("keyring_not_opened", code, problem);
}

// A keyring with fewer slots than were given out is not this store's: filling it would make texts unreadable for good.
static enum bb_code open_history(struct broker *broker)
{
    struct turn_options options = {.store = broker->store, .keyring = broker->keyring, .node = 1};
    enum bb_code code = turn_create(&options, &broker->turn);
    if (code != BB_OK)
        return complain("journal_not_read", code, NULL);
    uint64_t used = turn_slots_used(broker->turn);
    if (keyring_last(broker->keyring) < used)
        return complain("keyring_too_short", BB_STORE_DAMAGED,
                        "The keyring lacks keys that the store uses. Put the keyring of this store back.");
    code = keyring_fill(broker->keyring, used + KEYRING_SLOTS_AHEAD);
    return code == BB_OK ? BB_OK : complain("keyring_not_filled", code, NULL);
}

// ---------------------------------------------------------------- memory and threads

static enum bb_code open_rates(struct broker *broker)
{
    struct token_limit limit = {(uint32_t)broker->config->commands_per_second,
                                (uint32_t)broker->config->commands_burst};
    uint8_t hash_key[BUCKET_TABLE_KEY_SIZE];
    struct token_limit topics = {SUBSCRIPTIONS_PER_SECOND, SUBSCRIPTIONS_BURST};
    randombytes_buf(hash_key, sizeof hash_key);
    enum bb_code code = bucket_table_create(&limit, RATES_MAX, hash_key, &broker->rates);
    return code == BB_OK ? bucket_table_create(&topics, RATES_MAX, hash_key, &broker->subscriptions) : code;
}

static enum bb_code open_signals(struct broker *broker)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    broker->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return broker->signals >= 0 ? BB_OK : BB_IO;
}

static enum bb_code open_memory(struct broker *broker)
{
    randombytes_buf(broker->boot, sizeof broker->boot);
    broker->started_at_ms = clock_wall_ms();
    broker->arena = arena_create(MESSAGE_ARENA_SIZE_MAX);
    enum bb_code code = broker->arena ? sessions_create(broker->config->sessions_max, &broker->sessions) : BB_NO_MEMORY;
    if (code == BB_OK)
        code = open_rates(broker);
    return code == BB_OK ? open_signals(broker) : code;
}

static enum bb_code open_threads(struct broker *broker)
{
    struct reader_options options = {.store = broker->store,
                                     .keyring = broker->keyring,
                                     .metrics = &broker->metrics,
                                     .ids_key = turn_ids_key(broker->turn),
                                     .epoch = broker->epoch,
                                     .started_at_ms = broker->started_at_ms};
    enum bb_code code = reader_create(&options, &broker->reader);
    if (code != BB_OK)
        return complain("reader_not_started", code, NULL);
    metric_set(&broker->metrics, METRIC_LOOP_TURNED_AT_MS, metrics_clock_ms());
    code = http_open(broker->config->http_address, &broker->metrics, &broker->http);
    return code == BB_OK ? BB_OK
                         : complain("http_not_opened", code, "server/http cannot be bound; another daemon may use it");
}

enum bb_code broker_open(const struct config *config, struct broker **out)
{
    static enum bb_code (*const steps[])(struct broker *) = {
        open_memory, open_store, open_history, found_if_empty, open_door, load_known, open_sockets, open_threads,
    };
    struct broker *broker = calloc(1, sizeof *broker);
    if (!broker)
        return BB_NO_MEMORY;
    broker->config = config;
    broker->signals = -1;
    enum bb_code code = BB_OK;
    for (size_t i = 0; code == BB_OK && i < sizeof steps / sizeof *steps; i++)
        code = steps[i](broker);
    if (code != BB_OK)
        broker_close(&broker);
    else
        metric_set(&broker->metrics, METRIC_JOURNAL_HEAD, turn_head(broker->turn));
    *out = broker;
    return code;
}

void broker_close(struct broker **broker)
{
    struct broker *it = *broker;
    if (it == NULL)
        return;
    http_close(&it->http);
    reader_destroy(&it->reader);
    zsock_destroy(&it->commands);
    zsock_destroy(&it->publish);
    zap_destroy(&it->zap);
    publisher_destroy(&it->publisher);
    sessions_destroy(&it->sessions);
    bucket_table_destroy(&it->rates);
    bucket_table_destroy(&it->subscriptions);
    turn_destroy(&it->turn);
    keyring_close(&it->keyring);
    store_close(&it->store);
    arena_destroy(&it->arena);
    if (it->signals >= 0)
        close(it->signals);
    free(it);
    *broker = NULL;
}
