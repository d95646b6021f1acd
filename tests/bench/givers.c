// SPDX-License-Identifier: MPL-2.0
// The role that listens: many givers in one process and a few threads, each a client of its own. Says when all of them
// are complete, and for each request when the first and the last of them was told.
#include "bench.h"

#include <inttypes.h>
#include <pthread.h>
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
    const char *folder;
    size_t count;
    pthread_mutex_t lock; // of what follows
    size_t complete_count;
    struct heard heard[REQUESTS_MAX];
};

struct giver {
    struct bb_client *client;
    bool complete;
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

static void note_alert(struct givers *givers, uint64_t request)
{
    int64_t now_us = bench_clock_us();
    struct heard *heard = place_of(givers, request);
    if (heard->count++ == 0) {
        heard->request = request;
        heard->first_us = now_us;
    }
    if (heard->count == givers->count)
        printf("{\"request\": %" PRIu64 ", \"first_us\": %" PRId64 ", \"last_us\": %" PRId64 "}\n", request,
               heard->first_us, now_us);
}

static void take_event(void *context, const struct bb_event *event)
{
    struct givers *givers = context;
    if (event->kind == BB_EVENT_REFUSED)
        bench_expect(event->code, "a giver is refused");
    if (event->kind != BB_EVENT_ALERT)
        return;
    pthread_mutex_lock(&givers->lock);
    note_alert(givers, event->request->request);
    pthread_mutex_unlock(&givers->lock);
}

static void note_complete(struct givers *givers)
{
    pthread_mutex_lock(&givers->lock);
    if (++givers->complete_count == givers->count)
        printf("{\"complete\": %zu}\n", givers->count);
    pthread_mutex_unlock(&givers->lock);
}

static void process_some(struct givers *givers, struct giver *list, int epoll, int timeout_ms)
{
    struct epoll_event events[BENCH_EVENTS_AT_ONCE];
    int ready = epoll_wait(epoll, events, BENCH_EVENTS_AT_ONCE, timeout_ms);
    for (int i = 0; i < ready; i++) {
        struct giver *giver = &list[events[i].data.u32];
        bench_expect(bb_client_process(giver->client), "a giver");
        if (giver->complete || !bb_client_complete(giver->client))
            continue;
        giver->complete = true;
        note_complete(givers);
    }
}

static void listen(void *context, size_t first, size_t end)
{
    struct givers *givers = context;
    struct giver *list = calloc(end - first, sizeof *list);
    if (!list)
        bench_fail("no memory");
    int epoll = bench_epoll();
    for (size_t i = first; i < end; i++) {
        char home[BENCH_PATH_SIZE_MAX];
        bench_home(home, givers->folder, "giver", i);
        const struct bb_options options = {.home = home, .follow = true, .handler = take_event, .context = givers};
        bench_expect(bb_client_open(&options, &list[i - first].client), home);
        bench_watch(epoll, bb_client_fd(list[i - first].client), (uint32_t)(i - first));
        process_some(givers, list, epoll, 0);
    }
    for (;;)
        process_some(givers, list, epoll, -1);
}

int bench_givers(int count, char **arguments)
{
    (void)count;
    static struct givers givers = {.lock = PTHREAD_MUTEX_INITIALIZER};
    struct bench_order order;
    givers.folder = arguments[0];
    givers.count = strtoul(arguments[1], NULL, 10);
    bench_share(strtoul(arguments[2], NULL, 10), givers.count, listen, &givers);
    while (bench_read_order(&order))
        ;
    _exit(EXIT_SUCCESS); // closing a thousand stores in order measures nothing
}
