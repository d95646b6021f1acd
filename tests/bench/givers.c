// SPDX-License-Identifier: MPL-2.0
// The role that listens: many givers in one process and one thread, each a client of its own. Says when all of them are
// complete, and for each request when the first and the last of them was told.
#include "bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { REQUESTS_MAX = 8192 }; // a power of two; a run makes far fewer

struct heard {
    uint64_t request;
    size_t count;
    int64_t first_us;
};

struct givers {
    size_t count, complete_count;
    struct bb_client **clients;
    bool *complete;
    struct heard heard[REQUESTS_MAX];
};

static struct heard *place_of(struct givers *givers, uint64_t request)
{
    size_t i = request * 0x9E3779B97F4A7C15u >> 32;
    for (size_t tries = 0; tries < REQUESTS_MAX; tries++, i++) {
        struct heard *place = &givers->heard[i % REQUESTS_MAX];
        if (place->request == request || place->request == 0)
            return place;
    }
    bench_fail("more requests than there is room for");
}

static void take_event(void *context, const struct bb_event *event)
{
    struct givers *givers = context;
    if (event->kind == BB_EVENT_REFUSED)
        bench_expect(event->code, "a giver is refused");
    if (event->kind != BB_EVENT_ALERT)
        return;
    int64_t now_us = bench_clock_us();
    struct heard *heard = place_of(givers, event->request->request);
    if (heard->count++ == 0) {
        heard->request = event->request->request;
        heard->first_us = now_us;
    }
    if (heard->count == givers->count)
        printf("{\"request\": %" PRIu64 ", \"first_us\": %" PRId64 ", \"last_us\": %" PRId64 "}\n", heard->request,
               heard->first_us, now_us);
}

static void process(struct givers *givers, size_t number)
{
    bench_expect(bb_client_process(givers->clients[number]), "a giver");
    if (givers->complete[number] || !bb_client_complete(givers->clients[number]))
        return;
    givers->complete[number] = true;
    if (++givers->complete_count == givers->count)
        printf("{\"complete\": %zu}\n", givers->count);
}

// False at the end of standard input.
static bool process_some(struct givers *givers, int epoll, int timeout_ms)
{
    struct epoll_event events[BENCH_EVENTS_AT_ONCE];
    int ready = epoll_wait(epoll, events, BENCH_EVENTS_AT_ONCE, timeout_ms);
    for (int i = 0; i < ready; i++) {
        if (events[i].data.u32 == BENCH_INPUT)
            return false;
        process(givers, events[i].data.u32);
    }
    return true;
}

int bench_givers(int count, char **arguments)
{
    (void)count;
    static struct givers givers;
    givers.count = strtoul(arguments[1], NULL, 10);
    givers.clients = calloc(givers.count, sizeof(struct bb_client *));
    givers.complete = calloc(givers.count, sizeof *givers.complete);
    if (!givers.clients || !givers.complete)
        bench_fail("no memory");
    int epoll = bench_watch_input();
    for (size_t i = 0; i < givers.count; i++) {
        char home[BENCH_PATH_SIZE_MAX];
        bench_home(home, arguments[0], "giver", i);
        const struct bb_options options = {.home = home, .follow = true, .handler = take_event, .context = &givers};
        bench_expect(bb_client_open(&options, &givers.clients[i]), home);
        bench_watch(epoll, bb_client_fd(givers.clients[i]), (uint32_t)i);
        process_some(&givers, epoll, 0);
    }
    while (process_some(&givers, epoll, -1))
        ;
    _exit(EXIT_SUCCESS); // closing a thousand stores in order measures nothing
}
