// SPDX-License-Identifier: MPL-2.0
// Opening and closing the broker. Order matters: store, keyring, tombstones, history, door, sockets, own door tried,
// reader, HTTP.
#include "broker.h"

#include "clock.h"
#include "turn/burial.h"
#include "watch/log.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

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

static enum bb_code open_tombstones(struct broker *broker)
{
    const char *problem;
    uint64_t damaged;
    enum bb_code code =
        burial_open(broker->store, broker->config->tombstones_path, &broker->tombstones, &damaged, &problem);
    if (code != BB_OK)
        return complain("tombstones_not_opened", code, problem);
    if (damaged != 0)
        log_line(LEVEL_ERROR, "journal_damaged", "entry", log_number(damaged).text, "problem",
                 bb_code_sentence(BB_STORE_DAMAGED, BB_ENGLISH), NULL);
    if (tombstones_was_torn(broker->tombstones))
        log_line(LEVEL_INFO, "tombstones_mended", "problem", "a write was cut short; the journal had what it lacked",
                 NULL);
    return BB_OK;
}

static enum bb_code open_node(struct broker *broker)
{
    const struct config *config = broker->config;
    const struct node_options options = {.store = broker->store,
                                         .keyring = broker->keyring,
                                         .tombstones = broker->tombstones,
                                         .metrics = &broker->metrics,
                                         .sessions_max = config->sessions_max,
                                         .command_reach = config->command_reach,
                                         .publish_reach = config->publish_reach,
                                         .commands_per_second = (uint32_t)config->commands_per_second,
                                         .commands_burst = (uint32_t)config->commands_burst};
    const struct outside outside = broker_outside(broker);
    const char *problem;
    enum bb_code code = node_create(&options, &outside, &broker->node, &problem);
    return code == BB_OK ? BB_OK : complain("history_not_opened", code, problem);
}

static enum bb_code load_node(struct broker *broker)
{
    enum bb_code code = node_load(broker->node);
    return code == BB_OK ? BB_OK : complain("store_not_read", code, NULL);
}

// ---------------------------------------------------------------- signals and threads

static enum bb_code open_signals(struct broker *broker)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    broker->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return broker->signals >= 0 ? BB_OK : complain("signals_not_opened", BB_IO, strerrordesc_np(errno));
}

static enum bb_code open_threads(struct broker *broker)
{
    const struct answerer answerer = {.clock = system_clock,
                                      .store = broker->store,
                                      .keyring = broker->keyring,
                                      .metrics = &broker->metrics,
                                      .ids_key = node_ids_key(broker->node),
                                      .epoch = node_epoch(broker->node),
                                      .started_at_ms = broker->started_at_ms};
    enum bb_code code = reader_create(&answerer, &broker->reader);
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
        open_signals, open_store, open_tombstones, open_node,    found_if_empty,
        open_door,    load_node,  open_sockets,    open_threads,
    };
    struct broker *broker = calloc(1, sizeof *broker);
    if (!broker)
        return complain("not_opened", BB_NO_MEMORY, NULL);
    broker->config = config;
    broker->signals = -1;
    broker->started_at_ms = clock_wall_ms();
    enum bb_code code = BB_OK;
    for (size_t i = 0; code == BB_OK && i < sizeof steps / sizeof *steps; i++)
        code = steps[i](broker);
    if (code != BB_OK)
        broker_close(&broker);
    else
        metric_set(&broker->metrics, METRIC_JOURNAL_HEAD, node_head(broker->node));
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
    node_destroy(&it->node);
    tombstones_close(&it->tombstones);
    keyring_close(&it->keyring);
    store_close(&it->store);
    if (it->signals >= 0)
        close(it->signals);
    free(it);
    *broker = NULL;
}
