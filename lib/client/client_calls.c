// SPDX-License-Identifier: MPL-2.0
// What a program asks of its client: commands and queries with their handlers, and a look into the client's own store.
#include "client_inside.h"

#include "message/unpack.h"

#include <stdlib.h>

static struct ticket *ticket_create(struct bb_client *client, void *context)
{
    struct ticket *ticket = calloc(1, sizeof *ticket);
    if (!ticket)
        return NULL;
    ticket->context = context;
    ticket->next = client->tickets;
    client->tickets = ticket;
    return ticket;
}

static void ticket_destroy(struct bb_client *client, struct ticket *ticket)
{
    struct ticket **at = &client->tickets;
    while (*at && *at != ticket)
        at = &(*at)->next;
    if (*at)
        *at = ticket->next;
    free(ticket);
}

void client_tickets_fini(struct bb_client *client)
{
    while (client->tickets)
        ticket_destroy(client, client->tickets);
}

// The ticket goes first: its handler may ask for the next thing.
void client_ticket_reply(struct bb_client *client, struct ticket *ticket, const Wire__Reply *reply)
{
    struct ticket done = *ticket;
    ticket_destroy(client, ticket);
    if (done.reply)
        done.reply(done.context, reply);
}

void client_ticket_answer(struct bb_client *client, struct ticket *ticket, enum bb_code code,
                          const Wire__Answer *answer)
{
    struct ticket done = *ticket;
    ticket_destroy(client, ticket);
    if (done.answer)
        done.answer(done.context, code, answer);
}

// A command must be durable before this returns; all else is for the next processing, the only place that calls back.
static enum bb_code begin(struct bb_client *client)
{
    net_arm(&client->net, net_clock_ms());
    return client_save(client);
}

enum bb_code bb_client_send(struct bb_client *client, Wire__Command *command, bb_reply_handler *handler, void *context)
{
    if (client->failed != BB_OK)
        return client->failed;
    struct ticket *ticket = NULL;
    if (handler && !(ticket = ticket_create(client, context)))
        return BB_NO_MEMORY;
    if (ticket)
        ticket->reply = handler;
    enum bb_code code = session_send_command(client->session, client_now(), command, ticket);
    if (code != BB_OK && ticket)
        ticket_destroy(client, ticket);
    return code == BB_OK ? begin(client) : code;
}

enum bb_code bb_client_ask(struct bb_client *client, const Wire__Query *query, bb_answer_handler *handler,
                           void *context)
{
    if (client->failed != BB_OK)
        return client->failed;
    struct ticket *ticket = ticket_create(client, context);
    if (!ticket)
        return BB_NO_MEMORY;
    ticket->answer = handler;
    enum bb_code code = session_ask(client->session, client_now(), query, ticket);
    if (code != BB_OK)
        ticket_destroy(client, ticket);
    return code == BB_OK ? begin(client) : code;
}

struct awaited {
    bool done;
    enum bb_code code;
    ProtobufCMessage *message; // a copy
};

static void keep_copy(struct awaited *awaited, const ProtobufCMessage *message)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = malloc(size ? size : 1);
    if (packed) {
        protobuf_c_message_pack(message, packed);
        awaited->message = protobuf_c_message_unpack(message->descriptor, NULL, size, packed);
    }
    free(packed);
    if (!awaited->message)
        awaited->code = BB_NO_MEMORY;
}

static void reply_came(void *context, const Wire__Reply *reply)
{
    struct awaited *awaited = context;
    awaited->done = true;
    awaited->code = (enum bb_code)reply->code;
    keep_copy(awaited, &reply->base);
}

static void answer_came(void *context, enum bb_code code, const Wire__Answer *answer)
{
    struct awaited *awaited = context;
    awaited->done = true;
    awaited->code = code;
    if (answer)
        keep_copy(awaited, &answer->base);
}

// The session's time-out ends the waiting. When the client itself fails, nothing will come: then the ticket, which
// points to our caller's stack, is made void.
static enum bb_code await(struct bb_client *client, struct awaited *awaited)
{
    enum bb_code code = client->failed;
    while (!awaited->done && code == BB_OK)
        code = bb_client_wait(client, -1);
    for (struct ticket *ticket = client->tickets; ticket; ticket = ticket->next) {
        if (ticket->context == awaited) {
            ticket->reply = NULL;
            ticket->answer = NULL;
        }
    }
    return awaited->done ? awaited->code : code;
}

enum bb_code bb_client_command(struct bb_client *client, Wire__Command *command, Wire__Reply **out)
{
    struct awaited awaited = {.code = BB_OK};
    *out = NULL;
    enum bb_code code = bb_client_send(client, command, reply_came, &awaited);
    if (code == BB_OK || client->failed != BB_OK)
        code = await(client, &awaited);
    *out = (Wire__Reply *)awaited.message;
    return code;
}

enum bb_code bb_client_query(struct bb_client *client, const Wire__Query *query, Wire__Answer **out)
{
    struct awaited awaited = {.code = BB_OK};
    *out = NULL;
    enum bb_code code = bb_client_ask(client, query, answer_came, &awaited);
    if (code == BB_OK || client->failed != BB_OK)
        code = await(client, &awaited);
    *out = (Wire__Answer *)awaited.message;
    return code;
}

// Those of other processes of this home count too, so the store is asked.
size_t bb_client_outbox_count(const struct bb_client *client)
{
    struct client_rows rows;
    if (client_store_read(client->store, ROW_COMMAND, &rows) != BB_OK)
        return session_outbox_count(client->session);
    size_t count = rows.count;
    client_rows_fini(&rows);
    return count;
}

struct shown {
    ProtobufCMessage *row;
    int64_t heard_at_ms;
};

static int by_age(const void *a, const void *b)
{
    const struct shown *left = a, *right = b;
    return (left->heard_at_ms > right->heard_at_ms) - (left->heard_at_ms < right->heard_at_ms);
}

static int64_t heard_at(const ProtobufCMessage *row)
{
    return row->descriptor == &client__known_item__descriptor ? ((const Client__KnownItem *)row)->heard_at_ms
                                                              : ((const Client__KnownRequest *)row)->heard_at_ms;
}

// Reads all rows of a kind and shows them, oldest first.
static enum bb_code visit(struct bb_client *client, uint8_t kind, const ProtobufCMessageDescriptor *type,
                          void (*each)(const ProtobufCMessage *row, const void *how), const void *how)
{
    struct client_rows rows;
    enum bb_code code = client_store_read(client->store, kind, &rows);
    if (code != BB_OK)
        return code;
    struct shown *list = calloc(rows.count + 1, sizeof *list);
    size_t count = 0;
    for (size_t i = 0; list && code == BB_OK && i < rows.count; i++) {
        enum bb_code unpacked = message_unpack(type, rows.rows[i].value, rows.rows[i].value_size, &list[count].row);
        if (unpacked == BB_NO_MEMORY)
            code = unpacked;
        if (unpacked != BB_OK)
            continue;
        list[count].heard_at_ms = heard_at(list[count].row);
        count++;
    }
    client_rows_fini(&rows);
    if (!list)
        return BB_NO_MEMORY;
    qsort(list, count, sizeof *list, by_age);
    for (size_t i = 0; i < count; i++) {
        if (code == BB_OK)
            each(list[i].row, how);
        protobuf_c_message_free_unpacked(list[i].row, NULL);
    }
    free(list);
    return code;
}

struct visiting {
    bb_request_visitor *request;
    bb_item_visitor *item;
    void *context;
};

static void show_request(const ProtobufCMessage *row, const void *how)
{
    const Client__KnownRequest *known = (const Client__KnownRequest *)row;
    const struct visiting *visiting = how;
    if (known->request && (known->request->state == WIRE__REQUEST_STATE__REQUEST_OPEN ||
                           known->request->state == WIRE__REQUEST_STATE__REQUEST_FILLED))
        visiting->request(visiting->context, known->request, known->heard_at_ms);
}

static void show_item(const ProtobufCMessage *row, const void *how)
{
    const Client__KnownItem *known = (const Client__KnownItem *)row;
    const struct visiting *visiting = how;
    if (known->item)
        visiting->item(visiting->context, known->item, known->heard_at_ms);
}

enum bb_code bb_client_visit_requests(struct bb_client *client, bb_request_visitor *visitor, void *context)
{
    const struct visiting visiting = {.request = visitor, .context = context};
    return visit(client, ROW_REQUEST, &client__known_request__descriptor, show_request, &visiting);
}

enum bb_code bb_client_visit_items(struct bb_client *client, bb_item_visitor *visitor, void *context)
{
    const struct visiting visiting = {.item = visitor, .context = context};
    return visit(client, ROW_ITEM, &client__known_item__descriptor, show_item, &visiting);
}
