// SPDX-License-Identifier: MPL-2.0
// The role that publishes: desks in one process and one thread, each a client of its own with an asker of its own.
//
// The order "publish TOTAL UNDER-WAY" publishes TOTAL requests, with up to UNDER-WAY commands of each desk without an
// answer, and tells when the first was sent and when the last was answered.
#include "bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { TIMEOUT_MS = 60000 };

// With everything around it a publication of about 300 bytes.
static const char text[] = "Wie kan er een middag helpen om het fietsje van mijn dochter te repareren? Het "
                           "gereedschap hebben wij zelf in huis.";

struct desks;
struct desk {
    struct desks *desks;
    struct bb_client *client;
    uint64_t asker;
};

struct desks {
    struct desk *list;
    size_t count;
    size_t to_send, to_answer; // of the order under way
    uint64_t request;          // the newest that came to be
    int64_t sent_us, replied_us;
};

static ProtobufCBinaryData borrow(const char *of)
{
    return (ProtobufCBinaryData){strlen(of), (uint8_t *)(uintptr_t)of};
}

static struct bb_client *open_home(const char *home)
{
    struct bb_client *client;
    const struct bb_options options = {.home = home, .timeout_ms = TIMEOUT_MS};
    bench_expect(bb_client_open(&options, &client), home);
    while (!bb_client_connected(client))
        bench_expect(bb_client_wait(client, TIMEOUT_MS), home);
    return client;
}

static Wire__SealedContact *seal(struct bb_client *client)
{
    const struct bb_contact contact = {.name = "Iemand", .phone = "0600000000"};
    Wire__ListMembers list = WIRE__LIST_MEMBERS__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_MEMBERS;
    query.members = &list;
    Wire__Answer *answer;
    Wire__SealedContact *sealed;
    bench_expect(bb_client_query(client, &query, &answer), "list members");
    bench_expect(bb_contact_seal(client, &contact, answer->members, &sealed), "seal a contact");
    wire__answer__free_unpacked(answer, NULL);
    return sealed;
}

static uint64_t add_asker(struct bb_client *client)
{
    Wire__AddAsker add = WIRE__ADD_ASKER__INIT;
    add.contact = seal(client);
    add.heard_of = WIRE__HEARD_OF__HEARD_SCHOOL;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_ADD_ASKER;
    command.add_asker = &add;
    Wire__Reply *reply;
    bench_expect(bb_client_command(client, &command, &reply), "add an asker");
    uint64_t asker = reply->made;
    wire__reply__free_unpacked(reply, NULL);
    wire__sealed_contact__free_unpacked(add.contact, NULL);
    return asker;
}

static ProtobufCBinaryData category_of(const struct bb_client *client)
{
    const Wire__Welcome *welcome = bb_client_welcome(client);
    for (size_t i = 0; i < welcome->n_categories; i++) {
        if (!welcome->categories[i]->coordinators_only)
            return welcome->categories[i]->key;
    }
    bench_fail("no category is for all");
}

static void take_reply(void *context, const Wire__Reply *reply);

static void publish(struct desk *desk)
{
    Wire__PublishRequest publish = WIRE__PUBLISH_REQUEST__INIT;
    publish.asker = desk->asker;
    publish.asker_agreed = true;
    publish.category = category_of(desk->client);
    publish.text = borrow(text);
    publish.size = WIRE__REQUEST_SIZE__SIZE_SMALL;
    publish.wanted = WIRE__WANTED__WANTED_TIME;
    publish.priority = WIRE__PRIORITY__PRIORITY_NORMAL;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_PUBLISH_REQUEST;
    command.publish_request = &publish;
    desk->desks->to_send--;
    bench_expect(bb_client_send(desk->client, &command, take_reply, desk), "publish");
}

static void take_reply(void *context, const Wire__Reply *reply)
{
    struct desk *desk = context;
    struct desks *desks = desk->desks;
    bench_expect((enum bb_code)reply->code, "the broker's reply");
    desks->request = reply->made;
    desks->replied_us = bench_clock_us();
    if (desks->to_send > 0)
        publish(desk);
    if (--desks->to_answer == 0)
        printf("{\"request\": %" PRIu64 ", \"sent_us\": %" PRId64 ", \"replied_us\": %" PRId64 "}\n", desks->request,
               desks->sent_us, desks->replied_us);
}

// The first commands of each desk; every reply sends the next.
static void begin(struct desks *desks, const struct bench_order *order)
{
    if (strcmp(order->word, "publish") != 0 || order->first == 0 || order->second == 0)
        bench_fail("an order that is none");
    desks->to_send = desks->to_answer = order->first;
    desks->sent_us = bench_clock_us();
    for (unsigned round = 0; round < order->second; round++) {
        for (size_t i = 0; i < desks->count && desks->to_send > 0; i++)
            publish(&desks->list[i]);
    }
    for (size_t i = 0; i < desks->count; i++)
        bench_expect(bb_client_process(desks->list[i].client), "a desk");
}

static void open_desks(struct desks *desks, const char *folder, int epoll)
{
    for (size_t i = 0; i < desks->count; i++) {
        char home[BENCH_PATH_SIZE_MAX];
        bench_home(home, folder, "desk", i);
        struct desk *desk = &desks->list[i];
        desk->desks = desks;
        desk->client = open_home(home);
        desk->asker = add_asker(desk->client);
        bench_watch(epoll, bb_client_fd(desk->client), (uint32_t)i);
    }
    printf("{\"desks\": %zu}\n", desks->count);
}

int bench_desks(int count, char **arguments)
{
    (void)count;
    struct desks desks = {.count = strtoul(arguments[1], NULL, 10)};
    desks.list = calloc(desks.count, sizeof *desks.list);
    if (!desks.list)
        bench_fail("no memory");
    int epoll = bench_epoll();
    bench_watch(epoll, STDIN_FILENO, BENCH_INPUT);
    open_desks(&desks, arguments[0], epoll);
    for (;;) {
        struct epoll_event events[BENCH_EVENTS_AT_ONCE];
        int ready = epoll_wait(epoll, events, BENCH_EVENTS_AT_ONCE, -1);
        for (int i = 0; i < ready; i++) {
            struct bench_order order;
            if (events[i].data.u32 != BENCH_INPUT)
                bench_expect(bb_client_process(desks.list[events[i].data.u32].client), "a desk");
            else if (bench_read_order(&order))
                begin(&desks, &order);
            else
                exit(EXIT_SUCCESS);
        }
    }
}
