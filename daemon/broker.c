// SPDX-License-Identifier: MPL-2.0
// Opening and closing the broker. Order matters: store, keyring, history, door, sockets, own door tried, reader, HTTP.
#include "broker.h"

#include "clock.h"
#include "core/channel.h"
#include "door/self_check.h"
#include "setup/founding.h"
#include "watch/log.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { COMMAND_SNDHWM = 1000, COMMAND_RCVHWM = 64, PUBLISH_SNDHWM = 256, PUBLISH_RCVHWM = 128 };
enum { COMMAND_SNDBUF_SIZE = 128 * 1024, PUBLISH_SNDBUF_SIZE = 64 * 1024, SOCKET_BACKLOG = 4096 };
// libzmq 4.3.4 has this option under its number and names it only in its draft header.
enum { SOCKET_ZAP_ENFORCE_DOMAIN = 93 };
enum { HANDSHAKE_MS = 5000, HEARTBEAT_MS = 10000, HEARTBEAT_TIMEOUT_MS = 30000, RATES_MAX = 65536 };

static enum bb_code complain(const char *event, enum bb_code code, const char *problem)
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

static ProtobufCBinaryData borrow(const char *text)
{
    return (ProtobufCBinaryData){strlen(text), (uint8_t *)text};
}

static enum bb_code found_from(struct broker *broker, const struct founding *founding)
{
    Stored__CommunityFounded community = STORED__COMMUNITY_FOUNDED__INIT;
    Stored__Category categories[CATEGORIES_MAX], *list[CATEGORIES_MAX];
    for (size_t i = 0; i < founding->categories_count; i++) {
        stored__category__init(&categories[i]);
        categories[i].key = borrow(founding->categories[i].key);
        categories[i].name = borrow(founding->categories[i].name);
        categories[i].icon = borrow(founding->categories[i].icon);
        categories[i].coordinators_only = founding->categories[i].coordinators_only;
        list[i] = &categories[i];
    }
    community.key = borrow(founding->community_key);
    community.name = borrow(founding->community_name);
    community.n_categories = founding->categories_count;
    community.categories = list;
    community.recovery_key_bytes = (ProtobufCBinaryData){32, (uint8_t *)founding->recovery_key};
    community.emergency_line = borrow(founding->emergency_line);
    community.tips_confirmed_at_once = founding->tips_confirmed_at_once;
    struct founder founder = {.party_name = borrow(founding->party_name), .member_name = borrow(founding->member_name)};
    memcpy(founder.curve_key, founding->curve_key, sizeof founder.curve_key);
    memcpy(founder.sealing_key, founding->sealing_key, sizeof founder.sealing_key);
    memcpy(founder.signing_key, founding->signing_key, sizeof founder.signing_key);
    uint8_t random[CORE_RANDOM_SIZE];
    randombytes_buf(random, sizeof random);
    turn_begin(broker->turn);
    return turn_found(broker->turn, &community, &founder, clock_wall_ms(), random);
}

// The founding file is read once, when the store is empty.
static enum bb_code found_if_empty(struct broker *broker)
{
    if (turn_head(broker->turn) > 0)
        return BB_OK;
    struct founding *founding;
    enum bb_code code = founding_load(broker->config->founding_path, &founding, stderr);
    if (code != BB_OK)
        return complain("founding_not_read", code, NULL);
    code = found_from(broker, founding);
    founding_destroy(&founding);
    if (code != BB_OK)
        return complain("not_founded", code, NULL);
    log_line(LEVEL_INFO, "founded", NULL);
    return BB_OK;
}

// ---------------------------------------------------------------- what is known at the start

static enum bb_code admit_known(struct broker *broker, ProtobufCBinaryData key, enum admission admission,
                                uint64_t number)
{
    return key.len == CURVE_KEY_SIZE ? admit(broker, key.data, admission, number) : BB_STORE_DAMAGED;
}

static enum bb_code admit_members(struct broker *broker, struct core *core)
{
    uint64_t last;
    enum bb_code code = store_counter(core->txn, "member", &last);
    for (uint64_t number = 1; code == BB_OK && number <= last; number++) {
        Stored__Member *member;
        Stored__Party *party;
        code = get_named(core, TABLE_MEMBER, number, &member);
        if (code == BB_OK)
            code = get_named(core, TABLE_PARTY, member->party, &party);
        if (code == BB_OK)
            code = admit_known(broker, member->curve_key_bytes, admission_of(party, member), number);
    }
    return code;
}

static enum bb_code admit_invitations(struct broker *broker, struct core *core)
{
    uint64_t last;
    enum bb_code code = store_counter(core->txn, "invitation", &last);
    for (uint64_t number = 1; code == BB_OK && number <= last; number++) {
        Stored__Invitation *invitation;
        code = get_named(core, TABLE_INVITATION, number, &invitation);
        if (code == BB_OK && !invitation->revoked && invitation->expires_at_ms > core->now_ms)
            code = admit_known(broker, invitation->admission_key_bytes, ADMISSION_INVITATION, number);
    }
    return code;
}

static enum bb_code add_class_channels(struct broker *broker, struct core *core, const Stored__Community *community)
{
    for (uint32_t c = CLASS_RESIDENT; c <= CLASSES_MAX; c++) {
        uint64_t channel = channel_of_class(community->community, c);
        Stored__ChannelHead *head;
        char topic[TOPIC_SIZE_MAX];
        uint8_t key[NOTICE_BOX_KEY_SIZE];
        enum bb_code code = channel_head(core, channel, &head);
        if (code != BB_OK)
            return code;
        snprintf(topic, sizeof topic, "%.*s/%s/", (int)community->key.len, (const char *)community->key.data,
                 bb_word(&bb_classes, c, BB_ENGLISH));
        randombytes_buf(key, sizeof key);
        code = publisher_add(broker->publisher, channel, id_make(core->ids_key, ID_CHANNEL, channel), topic, head->seq,
                             key, clock_monotonic_ms());
        sodium_memzero(key, sizeof key);
        if (code != BB_OK)
            return code;
    }
    return BB_OK;
}

static enum bb_code add_channels(struct broker *broker, struct core *core)
{
    uint64_t last;
    enum bb_code code = store_counter(core->txn, "community", &last);
    for (uint64_t number = 1; code == BB_OK && number <= last; number++) {
        Stored__Community *community;
        code = get_named(core, TABLE_COMMUNITY, number, &community);
        if (code == BB_OK)
            code = add_class_channels(broker, core, community);
    }
    return code;
}

static enum bb_code read_epoch(struct broker *broker, struct core *core)
{
    Stored__StoreIdentity *identity;
    enum bb_code code = store_identity(core->txn, &identity);
    if (code == BB_OK)
        broker->epoch = identity->epoch;
    return code == BB_OK ? publisher_create(broker->boot, broker->epoch, &broker->publisher) : code;
}

// Reads all members and channels into memory, in one read transaction before anybody is served.
static enum bb_code load(struct broker *broker)
{
    struct core core = {.keyring = broker->keyring, .now_ms = turn_now_ms(broker->turn, clock_wall_ms())};
    memcpy(core.ids_key, turn_ids_key(broker->turn), IDS_KEY_SIZE);
    turn_begin(broker->turn);
    enum bb_code code = txn_begin_read(broker->store, turn_arena(broker->turn), &core.txn);
    if (code == BB_OK)
        code = read_epoch(broker, &core);
    if (code == BB_OK)
        code = admit_members(broker, &core);
    if (code == BB_OK)
        code = admit_invitations(broker, &core);
    if (code == BB_OK)
        code = add_channels(broker, &core);
    txn_abort(&core.txn);
    return code == BB_OK ? BB_OK : complain("store_not_read", code, NULL);
}

// ---------------------------------------------------------------- sockets

// `io_thread`: a reply must not wait until a publication went out to thousands, so each socket has a thread of libzmq's.
static void set_common(zsock_t *socket, const struct config *config, const char *domain, unsigned io_thread)
{
    void *handle = zsock_resolve(socket);
    uint64_t affinity = (uint64_t)1 << io_thread;
    zmq_setsockopt(handle, ZMQ_AFFINITY, &affinity, sizeof affinity);
    int one = 1, handshake = HANDSHAKE_MS, beat = HEARTBEAT_MS, patience = HEARTBEAT_TIMEOUT_MS, none = 0;
    int backlog = SOCKET_BACKLOG;
    zmq_setsockopt(handle, ZMQ_CURVE_SERVER, &one, sizeof one);
    zmq_setsockopt(handle, ZMQ_CURVE_SECRETKEY, config->server_secret_text, sizeof config->server_secret_text);
    zmq_setsockopt(handle, ZMQ_ZAP_DOMAIN, domain, strlen(domain));
    zmq_setsockopt(handle, ZMQ_HANDSHAKE_IVL, &handshake, sizeof handshake);
    zmq_setsockopt(handle, ZMQ_HEARTBEAT_IVL, &beat, sizeof beat);
    zmq_setsockopt(handle, ZMQ_HEARTBEAT_TTL, &patience, sizeof patience);
    zmq_setsockopt(handle, ZMQ_HEARTBEAT_TIMEOUT, &patience, sizeof patience);
    zmq_setsockopt(handle, ZMQ_BACKLOG, &backlog, sizeof backlog);
    zmq_setsockopt(handle, ZMQ_LINGER, &none, sizeof none);
}

struct socket_limits {
    int sndhwm, rcvhwm, sndbuf;
    int64_t message_size_max;
};

// With ZAP_ENFORCE_DOMAIN a socket whose questions nobody answers lets nobody in; without it, everybody.
static bool set_limits(zsock_t *socket, const struct socket_limits *limits)
{
    void *handle = zsock_resolve(socket);
    int enforce = 1;
    zmq_setsockopt(handle, ZMQ_SNDHWM, &limits->sndhwm, sizeof limits->sndhwm);
    zmq_setsockopt(handle, ZMQ_RCVHWM, &limits->rcvhwm, sizeof limits->rcvhwm);
    zmq_setsockopt(handle, ZMQ_SNDBUF, &limits->sndbuf, sizeof limits->sndbuf);
    zmq_setsockopt(handle, ZMQ_MAXMSGSIZE, &limits->message_size_max, sizeof limits->message_size_max);
    return zmq_setsockopt(handle, SOCKET_ZAP_ENFORCE_DOMAIN, &enforce, sizeof enforce) == 0;
}

static enum bb_code bind_socket(zsock_t *socket, const char *endpoint, const char *what)
{
    if (zmq_bind(zsock_resolve(socket), endpoint) == 0)
        return BB_OK;
    log_line(LEVEL_ERROR, "not_bound", "socket", what, "endpoint", endpoint, "problem", zmq_strerror(zmq_errno()),
             NULL);
    return BB_IN_USE;
}

// libzmq cuts off who sends more than its limit, without a word; so it stands above ours, which says TOO_LARGE.
static enum bb_code open_commands(struct broker *broker)
{
    const struct socket_limits limits = {COMMAND_SNDHWM, COMMAND_RCVHWM, COMMAND_SNDBUF_SIZE,
                                         2 * COMMAND_FRAME_SIZE_MAX + CURVE_OVERHEAD_SIZE};
    int one = 1;
    broker->commands = zsock_new(ZMQ_ROUTER);
    if (!broker->commands)
        return BB_NO_MEMORY;
    set_common(broker->commands, broker->config, ZAP_DOMAIN_COMMAND, 0);
    zmq_setsockopt(zsock_resolve(broker->commands), ZMQ_ROUTER_MANDATORY, &one, sizeof one);
    if (!set_limits(broker->commands, &limits))
        return complain("domain_not_enforced", BB_IO,
                        "libzmq does not enforce the ZAP domain; use libzmq 4.3.4 or later");
    return bind_socket(broker->commands, broker->config->command_endpoint, "command");
}

static enum bb_code open_publish(struct broker *broker)
{
    const struct socket_limits limits = {PUBLISH_SNDHWM, PUBLISH_RCVHWM, PUBLISH_SNDBUF_SIZE, SUBSCRIPTION_SIZE_MAX};
    int one = 1;
    broker->publish = zsock_new(ZMQ_XPUB);
    if (!broker->publish)
        return BB_NO_MEMORY;
    set_common(broker->publish, broker->config, ZAP_DOMAIN_PUBLISH, 1);
    zmq_setsockopt(zsock_resolve(broker->publish), ZMQ_XPUB_VERBOSE, &one, sizeof one);
    if (!set_limits(broker->publish, &limits))
        return complain("domain_not_enforced", BB_IO,
                        "libzmq does not enforce the ZAP domain; use libzmq 4.3.4 or later");
    return bind_socket(broker->publish, broker->config->publish_endpoint, "publish");
}

static enum bb_code open_door(struct broker *broker)
{
    const struct config *config = broker->config;
    struct zap_limits limits = {
        .per_address = {(uint32_t)config->handshakes_per_second, (uint32_t)config->handshakes_burst},
        .per_key = {(uint32_t)config->key_handshakes_per_second, (uint32_t)config->key_handshakes_burst}};
    enum bb_code code = zap_create(&limits, &broker->metrics, &broker->zap);
    return code == BB_OK ? BB_OK : complain("door_not_opened", code, NULL);
}

// After this nobody else can have been served by a door that stands open.
static enum bb_code open_sockets(struct broker *broker)
{
    const char *problem = NULL;
    enum bb_code code = open_commands(broker);
    if (code == BB_OK)
        code = open_publish(broker);
    if (code != BB_OK)
        return code;
    if (self_check(broker->config->command_endpoint, broker->config->publish_endpoint,
                   broker->config->server_public_text, SELF_CHECK_TIMEOUT_MS, &problem))
        return BB_OK;
    return complain("door_stands_open", BB_IO, problem);
}

// ---------------------------------------------------------------- the rest

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
    static enum bb_code (*const steps[])(struct broker *) = {open_memory, open_store, open_history, found_if_empty,
                                                             open_door,   load,       open_sockets, open_threads};
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
