// SPDX-License-Identifier: MPL-2.0
// The ZAP thread: a REP socket for libzmq's questions and the actor's pipe for changes of the table. What a question
// holds comes from strangers: every frame is checked for its size before it is used.
#include "zap.h"

#include <arpa/inet.h>
#include <czmq.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum zap_frame { FRAME_VERSION, FRAME_REQUEST, FRAME_DOMAIN, FRAME_ADDRESS, FRAME_ROUTING, FRAME_MECHANISM, FRAME_KEY };
enum { FRAMES_COUNT = FRAME_KEY + 1, REQUEST_ID_SIZE_MAX = 255 };
static const char handler_endpoint[] = "inproc://zeromq.zap.01";

struct question {
    zmq_msg_t frames[FRAMES_COUNT];
    size_t frames_count; // as received; those past FRAMES_COUNT are not kept
};

struct verdict {
    const char *status;
    const char *text;
    const char *user_id;
    enum metric counter;
};

static const struct verdict malformed = {"500", "malformed question", "", METRIC_ZAP_MALFORMED};
static const struct verdict wrong_domain = {"400", "not with this key", "", METRIC_ZAP_WRONG_DOMAIN};
static const struct verdict unknown_key = {"400", "unknown key", "", METRIC_ZAP_UNKNOWN_KEY};
static const struct verdict too_often = {"300", "too often", "", METRIC_ZAP_RATE_LIMITED};

// What the thread owns.
struct handler {
    zsock_t *questions;
    struct key_table *keys;
    struct bucket_table *by_address;
    struct bucket_table *by_key;
    struct metrics *metrics;
    struct zap *zap;
};

struct start {
    const struct zap_limits *limits;
    struct metrics *metrics;
    struct zap *zap;
    _Atomic enum bb_code code;
};

struct change {
    enum { CHANGE_ADMIT, CHANGE_REMOVE } kind;
    const struct zap_key *keys;
    size_t count;
    enum bb_code code; // filled in by the thread
};

struct zap {
    zactor_t *actor;
    // The change that is to be made; it lies on its sender's stack. NULL once it has been made. Handing it over is
    // C's business, waking up is the pipe's: so no thread relies on how libzmq orders memory.
    _Atomic(struct change *) change;
};

// ---- questions

static bool receive(void *socket, struct question *out)
{
    int more = 1;
    out->frames_count = 0;
    while (more) {
        zmq_msg_t surplus;
        zmq_msg_t *frame = out->frames_count < FRAMES_COUNT ? &out->frames[out->frames_count] : &surplus;
        zmq_msg_init(frame);
        if (zmq_msg_recv(frame, socket, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(frame);
            return false;
        }
        more = zmq_msg_more(frame);
        if (frame == &surplus)
            zmq_msg_close(frame);
        out->frames_count++;
    }
    return true;
}

static void release(struct question *question)
{
    for (size_t i = 0; i < question->frames_count && i < FRAMES_COUNT; i++)
        zmq_msg_close(&question->frames[i]);
}

static bool frame_is(struct question *question, enum zap_frame frame, const char *text)
{
    zmq_msg_t *it = &question->frames[frame];
    return zmq_msg_size(it) == strlen(text) && memcmp(zmq_msg_data(it), text, strlen(text)) == 0;
}

// Whoever has one IPv6 address has 2^64 of them, so a network of 64 bits counts as one.
static bool take_of_address(struct handler *handler, struct question *question, int64_t now_ms)
{
    char text[INET6_ADDRSTRLEN] = "";
    struct in6_addr ip6;
    zmq_msg_t *frame = &question->frames[FRAME_ADDRESS];
    size_t size = zmq_msg_size(frame);
    if (size < sizeof text) {
        memcpy(text, zmq_msg_data(frame), size);
        if (inet_pton(AF_INET6, text, &ip6) == 1 && !IN6_IS_ADDR_V4MAPPED(&ip6))
            return bucket_table_take(handler->by_address, &ip6, sizeof ip6 / 2, now_ms);
    }
    return bucket_table_take(handler->by_address, zmq_msg_data(frame), size, now_ms);
}

static bool is_well_formed(struct question *question)
{
    return question->frames_count == FRAMES_COUNT && frame_is(question, FRAME_VERSION, "1.0") &&
           zmq_msg_size(&question->frames[FRAME_REQUEST]) <= REQUEST_ID_SIZE_MAX &&
           zmq_msg_size(&question->frames[FRAME_KEY]) == CURVE_KEY_SIZE;
}

static bool may_use_domain(struct question *question, const char *user_id)
{
    static const char giver[] = "giver:";
    if (frame_is(question, FRAME_DOMAIN, ZAP_DOMAIN_COMMAND))
        return true;
    return frame_is(question, FRAME_DOMAIN, ZAP_DOMAIN_PUBLISH) && strncmp(user_id, giver, sizeof giver - 1) == 0;
}

static struct verdict judge(struct handler *handler, struct question *question, int64_t now_ms)
{
    // NULL and PLAIN have other numbers of frames: they are refused here too.
    if (!is_well_formed(question) || !frame_is(question, FRAME_MECHANISM, "CURVE"))
        return malformed;
    if (!take_of_address(handler, question, now_ms))
        return too_often;
    const uint8_t *key = zmq_msg_data(&question->frames[FRAME_KEY]);
    const char *user_id = key_table_find(handler->keys, key);
    if (!user_id)
        return unknown_key;
    if (!bucket_table_take(handler->by_key, key, CURVE_KEY_SIZE, now_ms))
        return too_often;
    if (!may_use_domain(question, user_id))
        return wrong_domain;
    return (struct verdict){"200", "OK", user_id, METRIC_ZAP_ACCEPTED};
}

static void answer(void *socket, struct question *question, const struct verdict *verdict)
{
    const void *request = "";
    size_t request_size = 0;
    if (question->frames_count > FRAME_REQUEST) {
        request = zmq_msg_data(&question->frames[FRAME_REQUEST]);
        request_size = zmq_msg_size(&question->frames[FRAME_REQUEST]);
    }
    // A failure means that whoever asked has gone; libzmq then needs no answer.
    zmq_send(socket, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(socket, request, request_size, ZMQ_SNDMORE);
    zmq_send(socket, verdict->status, strlen(verdict->status), ZMQ_SNDMORE);
    zmq_send(socket, verdict->text, strlen(verdict->text), ZMQ_SNDMORE);
    zmq_send(socket, verdict->user_id, strlen(verdict->user_id), ZMQ_SNDMORE);
    zmq_send(socket, "", 0, 0);
}

static void handle_question(struct handler *handler)
{
    struct question question;
    void *socket = zsock_resolve(handler->questions);
    if (receive(socket, &question)) {
        struct verdict verdict = judge(handler, &question, (int64_t)metrics_clock_ms());
        metric_add(handler->metrics, verdict.counter, 1);
        answer(socket, &question, &verdict);
    }
    release(&question);
}

// ---- changes

static enum bb_code make_change(struct handler *handler, const struct change *change)
{
    enum bb_code code = BB_OK;
    for (size_t i = 0; i < change->count && code == BB_OK; i++) {
        if (change->kind == CHANGE_ADMIT)
            code = key_table_put(handler->keys, change->keys[i].key, change->keys[i].user_id);
        else
            key_table_remove(handler->keys, change->keys[i].key);
    }
    metric_set(handler->metrics, METRIC_ZAP_KEYS, key_table_count(handler->keys));
    return code;
}

// false: the actor is to end. An empty frame stands for a change, any other is czmq's $TERM.
static bool handle_pipe(struct handler *handler, zsock_t *pipe)
{
    uint8_t word[8];
    int size = zmq_recv(zsock_resolve(pipe), word, sizeof word, 0);
    if (size < 0)
        return errno == EINTR; // then the frame is still there
    if (size > 0)
        return false;
    struct change *change = atomic_load(&handler->zap->change);
    change->code = make_change(handler, change);
    atomic_store(&handler->zap->change, NULL);
    zsock_signal(pipe, 0);
    return true;
}

// The change lies on our caller's stack, so there is no leaving before the thread is done with it.
static enum bb_code send_change(struct zap *zap, struct change *change)
{
    void *pipe = zsock_resolve(zactor_sock(zap->actor));
    zmq_pollitem_t item = {.socket = pipe, .events = ZMQ_POLLIN};
    atomic_store(&zap->change, change);
    while (zmq_send(pipe, "", 0, 0) < 0)
        if (errno != EINTR)
            return BB_IO;
    // One confirmation a change, and it is taken out of the pipe: zactor_destroy waits for one as well.
    while (zmq_poll(&item, 1, -1) < 0 && errno == EINTR)
        ;
    zsock_wait(zap->actor);
    if (atomic_load(&zap->change))
        return BB_IO;
    return change->code;
}

enum bb_code zap_admit_many(struct zap *zap, const struct zap_key *keys, size_t count)
{
    struct change change = {.kind = CHANGE_ADMIT, .keys = keys, .count = count};
    return send_change(zap, &change);
}

enum bb_code zap_admit(struct zap *zap, const uint8_t key[CURVE_KEY_SIZE], const char *user_id)
{
    struct zap_key one;
    if (strlen(user_id) > USER_ID_SIZE_MAX)
        return BB_TOO_LONG;
    memcpy(one.key, key, CURVE_KEY_SIZE);
    strcpy(one.user_id, user_id);
    return zap_admit_many(zap, &one, 1);
}

enum bb_code zap_remove(struct zap *zap, const uint8_t key[CURVE_KEY_SIZE])
{
    struct zap_key one = {.user_id = ""};
    memcpy(one.key, key, CURVE_KEY_SIZE);
    struct change change = {.kind = CHANGE_REMOVE, .keys = &one, .count = 1};
    return send_change(zap, &change);
}

// ---- the thread

static void handler_fini(struct handler *handler)
{
    // Closing alone frees the name a moment later, in libzmq's own thread.
    if (handler->questions)
        zsock_unbind(handler->questions, "%s", handler_endpoint);
    zsock_destroy(&handler->questions);
    bucket_table_destroy(&handler->by_key);
    bucket_table_destroy(&handler->by_address);
    key_table_destroy(&handler->keys);
}

// What was made before a failure is taken down by handler_fini.
static enum bb_code handler_init(struct handler *handler, const struct zap_limits *limits, struct metrics *metrics)
{
    uint8_t hash_key[BUCKET_TABLE_KEY_SIZE];
    randombytes_buf(hash_key, sizeof hash_key);
    *handler = (struct handler){.metrics = metrics};
    enum bb_code code = key_table_create(&handler->keys);
    if (code == BB_OK)
        code = bucket_table_create(&limits->per_address, ZAP_BUCKETS_MAX, hash_key, &handler->by_address);
    if (code == BB_OK)
        code = bucket_table_create(&limits->per_key, ZAP_BUCKETS_MAX, hash_key, &handler->by_key);
    if (code != BB_OK)
        return code;
    handler->questions = zsock_new(ZMQ_REP);
    if (!handler->questions)
        return BB_NO_MEMORY;
    return zsock_bind(handler->questions, "%s", handler_endpoint) == 0 ? BB_OK : BB_IN_USE;
}

static void run(zsock_t *pipe, void *argument)
{
    struct handler handler;
    struct start *start = argument;
    start->code = handler_init(&handler, start->limits, start->metrics);
    handler.zap = start->zap;
    bool goes_on = start->code == BB_OK;
    zsock_signal(pipe, 0); // from here on `start` is gone

    while (goes_on) {
        zmq_pollitem_t items[] = {
            {.socket = zsock_resolve(pipe), .events = ZMQ_POLLIN},
            {.socket = zsock_resolve(handler.questions), .events = ZMQ_POLLIN},
        };
        if (zmq_poll(items, 2, -1) < 0)
            goes_on = errno == EINTR;
        else if (items[0].revents)
            goes_on = handle_pipe(&handler, pipe);
        else if (items[1].revents)
            handle_question(&handler);
    }
    handler_fini(&handler);
}

enum bb_code zap_create(const struct zap_limits *limits, struct metrics *metrics, struct zap **out)
{
    struct zap *zap = calloc(1, sizeof *zap);
    struct start start = {.limits = limits, .metrics = metrics, .zap = zap, .code = BB_NO_MEMORY};
    if (!zap || sodium_init() < 0) {
        free(zap);
        return BB_NO_MEMORY;
    }
    zap->actor = zactor_new(run, &start);
    if (!zap->actor || start.code != BB_OK) {
        zap_destroy(&zap);
        return start.code;
    }
    *out = zap;
    return BB_OK;
}

void zap_destroy(struct zap **zap)
{
    if (!*zap)
        return;
    zactor_destroy(&(*zap)->actor);
    free(*zap);
    *zap = NULL;
}
