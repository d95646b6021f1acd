// SPDX-License-Identifier: MPL-2.0
// A client: one identity, its session, its store and its sockets, tied together. Opens, waits, hands bytes and time to
// the session and carries out what it says.
//
// Decides nothing itself. One promise is kept here: rows are committed before whatever depends on them is handed on.
#include "client_inside.h"

#include "file/home.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { TIMEOUT_MS = 10000, INPUTS_AT_ONCE = 64, OUTBOX_READ_MS = 5000, FILE_MODE = 0600 };

struct session_time client_now(void)
{
    struct timespec wall;
    clock_gettime(CLOCK_REALTIME, &wall);
    return (struct session_time){.steady_ms = net_clock_ms(),
                                 .wall_ms = (int64_t)wall.tv_sec * 1000 + wall.tv_nsec / 1000000};
}

static void random_bytes(void *context, void *bytes, size_t size)
{
    (void)context;
    randombytes_buf(bytes, size);
}

static enum bb_code save(struct bb_client *client, const struct session_action *action)
{
    client->saving = true;
    return action->bytes ? client_store_put(client->store, action->key, action->key_size, action->bytes, action->size)
                         : client_store_delete(client->store, action->key, action->key_size);
}

static enum bb_code commit(struct bb_client *client)
{
    if (!client->saving)
        return BB_OK;
    client->saving = false;
    return client_store_commit(client->store);
}

enum bb_code client_rows(struct bb_client *client, uint8_t kind, struct client_rows *rows, struct session_row **out)
{
    enum bb_code code = client_store_read(client->store, kind, rows);
    if (code != BB_OK)
        return code;
    *out = calloc(rows->count + 1, sizeof **out);
    if (!*out) {
        client_rows_fini(rows);
        return BB_NO_MEMORY;
    }
    for (size_t i = 0; i < rows->count; i++)
        (*out)[i] = (struct session_row){rows->rows[i].key, rows->rows[i].key_size, rows->rows[i].value,
                                         rows->rows[i].value_size};
    return BB_OK;
}

static enum bb_code look_back(struct bb_client *client)
{
    struct client_rows rows;
    struct session_row *list;
    enum bb_code code = client_rows(client, ROW_ACCEPTED, &rows, &list);
    if (code != BB_OK)
        return code;
    session_look_back(client->session, client_now(), list, rows.count);
    free(list);
    client_rows_fini(&rows);
    return BB_OK;
}

static void carry_out_one(struct bb_client *client, const struct session_action *action)
{
    switch (action->kind) {
    case SESSION_SEND:
        net_send(&client->net, action->bytes, action->size);
        break;
    case SESSION_SUBSCRIBE:
    case SESSION_UNSUBSCRIBE:
        net_subscribe(&client->net, action->bytes, action->size, action->kind == SESSION_SUBSCRIBE);
        break;
    case SESSION_RECONNECT:
        net_reconnect(&client->net);
        break;
    case SESSION_EVENT:
        if (client->handler)
            client->handler(client->context, &action->event);
        break;
    case SESSION_REPLY:
        client_ticket_reply(client, action->ticket, action->reply);
        break;
    case SESSION_ANSWER:
        client_ticket_answer(client, action->ticket, action->code, action->answer);
        break;
    case SESSION_LOOK_BACK:
        client->failed = look_back(client);
        break;
    case SESSION_SAVE:
        break;
    }
}

enum bb_code client_carry_out(struct bb_client *client)
{
    struct session_action action;
    while (client->failed == BB_OK && session_take(client->session, &action)) {
        if (action.kind == SESSION_SAVE)
            client->failed = save(client, &action);
        else if ((client->failed = commit(client)) == BB_OK)
            carry_out_one(client, &action);
        session_action_fini(&action);
    }
    if (client->failed == BB_OK)
        client->failed = commit(client);
    enum bb_code broken = session_broken(client->session);
    if (client->failed == BB_OK && broken != BB_MEMBER_REVOKED)
        client->failed = broken;
    return client->failed;
}

enum bb_code client_save(struct bb_client *client)
{
    struct session_action action;
    while (client->failed == BB_OK && session_take_row(client->session, &action)) {
        client->failed = save(client, &action);
        session_action_fini(&action);
    }
    if (client->failed == BB_OK)
        client->failed = commit(client);
    return client->failed;
}

static enum bb_code reread_outbox(struct bb_client *client)
{
    struct client_rows rows;
    struct session_row *list;
    enum bb_code code = client_rows(client, ROW_COMMAND, &rows, &list);
    if (code != BB_OK)
        return code;
    session_outbox_reread(client->session, client_now(), list, rows.count);
    client->outbox_read_at_ms = net_clock_ms() + OUTBOX_READ_MS;
    free(list);
    client_rows_fini(&rows);
    return BB_OK;
}

static enum bb_code open_session(struct bb_client *client, const struct bb_options *options)
{
    const struct session_options chosen = {.follow = options->follow,
                                           .timeout_ms = client->timeout_ms,
                                           .software = options->software,
                                           .random = random_bytes};
    struct client_rows rows;
    struct session_row *list;
    enum bb_code code = client_rows(client, options->follow ? 0 : ROW_STATE, &rows, &list);
    if (code != BB_OK)
        return code;
    client->session = session_create(&chosen, client_now(), list, rows.count);
    free(list);
    client_rows_fini(&rows);
    if (!client->session)
        return BB_NO_MEMORY;
    return reread_outbox(client); // one that does not follow takes what was left lying, too
}

// Only one process a home may follow: two would hand on the same things.
static enum bb_code take_follow_lock(struct bb_client *client, const char *home)
{
    char *path = home_path(home, "follow.lock");
    if (!path)
        return BB_NO_MEMORY;
    client->follow_lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
    free(path);
    if (client->follow_lock < 0)
        return BB_IO;
    if (flock(client->follow_lock, LOCK_EX | LOCK_NB) == 0)
        return BB_OK;
    return errno == EWOULDBLOCK ? BB_IN_USE : BB_IO;
}

static enum bb_code open_store(struct bb_client *client, const char *home)
{
    char *path = home_path(home, CLIENT_STORE_FILE_NAME);
    if (!path)
        return BB_NO_MEMORY;
    enum bb_code code = client_store_open(path, &client->store);
    free(path);
    return code;
}

static enum bb_code load_identity(struct bb_client *client, const char *home)
{
    char *path = home_path(home, IDENTITY_FILE_NAME);
    if (!path)
        return BB_NO_MEMORY;
    enum bb_code code = identity_load(path, &client->identity);
    free(path);
    return code;
}

enum bb_code bb_client_open(const struct bb_options *options, struct bb_client **out)
{
    *out = NULL;
    if (sodium_init() < 0)
        return BB_IO;
    struct bb_client *client = calloc(1, sizeof *client);
    if (!client)
        return BB_NO_MEMORY;
    client->follow = options->follow;
    client->follow_lock = -1;
    client->timeout_ms = options->timeout_ms > 0 ? options->timeout_ms : TIMEOUT_MS;
    client->handler = options->handler;
    client->context = options->context;
    enum bb_code code = load_identity(client, options->home);
    if (code == BB_OK && options->follow)
        code = take_follow_lock(client, options->home);
    if (code == BB_OK)
        code = open_store(client, options->home);
    if (code == BB_OK)
        code = open_session(client, options);
    if (code == BB_OK)
        code = net_open(&client->net, &client->identity);
    if (code != BB_OK) {
        client->failed = code;
        bb_client_close(&client);
        return code;
    }
    net_arm(&client->net, net_clock_ms()); // what an earlier run left is handed out at the first process
    *out = client;
    return BB_OK;
}

void bb_client_close(struct bb_client **client)
{
    struct bb_client *old = *client;
    if (!old)
        return;
    *client = NULL;
    if (old->session && old->failed == BB_OK) {
        session_finish(old->session);
        old->failed = client_save(old); // there is nobody to tell; the next run begins from the commit before
    }
    net_close(&old->net);
    session_destroy(&old->session);
    client_store_close(&old->store);
    client_tickets_fini(old);
    if (old->follow_lock >= 0)
        close(old->follow_lock);
    identity_wipe(&old->identity);
    free(old);
}

int bb_client_fd(const struct bb_client *client)
{
    return client->net.epoll;
}

static void hand_in(struct bb_client *client, struct net_input *input)
{
    struct session_time now = client_now();
    switch (input->kind) {
    case NET_ONLINE:
        session_online(client->session, now);
        break;
    case NET_OFFLINE:
        session_offline(client->session, now, input->code);
        break;
    case NET_COMMAND_SOCKET:
        session_receive_command_socket(client->session, now, zmq_msg_data(&input->message),
                                       zmq_msg_size(&input->message));
        break;
    case NET_PUBLISH_SOCKET:
        session_receive_publish_socket(client->session, now, zmq_msg_data(&input->message),
                                       zmq_msg_size(&input->message));
        break;
    }
    net_input_fini(input);
}

// Other processes of this home leave commands in the outbox; the one that follows sees them through.
static bool is_outbox_due(const struct bb_client *client)
{
    return client->follow && client->outbox_read_at_ms <= net_clock_ms();
}

enum bb_code bb_client_process(struct bb_client *client)
{
    struct net_input input;
    net_look(&client->net);
    for (int i = 0; client->failed == BB_OK && i < INPUTS_AT_ONCE && net_next(&client->net, &input); i++)
        hand_in(client, &input);
    if (client->failed == BB_OK && is_outbox_due(client))
        client->failed = reread_outbox(client);
    if (client->failed != BB_OK)
        return client->failed;
    session_tick(client->session, client_now());
    if (client_carry_out(client) != BB_OK)
        return client->failed;
    int64_t deadline_ms = session_deadline(client->session);
    if (client->follow && client->outbox_read_at_ms < deadline_ms)
        deadline_ms = client->outbox_read_at_ms;
    net_arm(&client->net, deadline_ms);
    return BB_OK;
}

enum bb_code bb_client_wait(struct bb_client *client, int timeout_ms)
{
    struct pollfd readable = {.fd = bb_client_fd(client), .events = POLLIN};
    if (client->failed == BB_OK && poll(&readable, 1, timeout_ms) < 0 && errno != EINTR)
        return BB_IO;
    return bb_client_process(client);
}

bool bb_client_connected(const struct bb_client *client)
{
    return session_connected(client->session);
}

bool bb_client_complete(const struct bb_client *client)
{
    return session_complete(client->session);
}

const Wire__Welcome *bb_client_welcome(const struct bb_client *client)
{
    return session_welcome(client->session);
}

int64_t bb_client_now_ms(const struct bb_client *client)
{
    return session_now_ms(client->session, client_now().wall_ms);
}
