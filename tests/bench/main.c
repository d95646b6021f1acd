// SPDX-License-Identifier: MPL-2.0
// Starts one role of the bench; see bench.h. Every role ends by itself when its time is up.
#include "bench.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { LIFE_SECONDS_MAX = 300 };

static const struct role {
    const char *name;
    int (*run)(int count, char **arguments);
    int arguments;
    const char *usage;
} roles[] = {
    {"enrol", bench_enrol, 4, "OPERATOR-HOME FOLDER GIVERS DESKS"},
    {"givers", bench_givers, 3, "FOLDER GIVERS THREADS"},
    {"desks", bench_desks, 2, "FOLDER DESKS"},
    {"publisher", bench_publisher, 3, "ENDPOINT TOPIC PAYLOAD-SIZE"},
    {"subscribers", bench_subscribers, 6, "ENDPOINT SERVER-KEY TOPIC SUBSCRIBERS THREADS FILE-OF-KEYS|-"},
    {"deaf", bench_deaf, 5, "ENDPOINT SERVER-KEY TOPIC SUBSCRIBERS FILE-OF-KEYS|-"},
};
enum { ROLES_COUNT = sizeof roles / sizeof *roles };

int64_t bench_clock_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void bench_fail(const char *what)
{
    fprintf(stderr, "bench: %s\n", what);
    exit(EXIT_FAILURE);
}

void bench_expect(enum bb_code code, const char *what)
{
    if (code == BB_OK)
        return;
    fprintf(stderr, "bench: %s: %s\n", what, bb_code_sentence(code, BB_ENGLISH));
    exit(EXIT_FAILURE);
}

void bench_home(char out[BENCH_PATH_SIZE_MAX], const char *folder, const char *kind, size_t number)
{
    if (snprintf(out, BENCH_PATH_SIZE_MAX, "%s/%s-%zu", folder, kind, number) >= BENCH_PATH_SIZE_MAX)
        bench_fail("the folder's name is too long");
}

// Not through stdio: a line that waits in a buffer would not make the descriptor readable.
bool bench_read_order(struct bench_order *out)
{
    char line[64];
    size_t size = 0;
    while (read(STDIN_FILENO, line + size, 1) == 1) {
        if (line[size] == '\n') {
            line[size] = 0;
            *out = (struct bench_order){0};
            return sscanf(line, "%15s %u %u", out->word, &out->first, &out->second) >= 1;
        }
        if (++size == sizeof line)
            return false;
    }
    return false;
}

void bench_watch(int epoll, int fd, uint32_t number)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = number};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0)
        bench_fail("epoll does not take a descriptor");
}

int bench_epoll(void)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        bench_fail("no epoll");
    return epoll;
}

struct share {
    void (*run)(void *context, size_t first, size_t end);
    void *context;
    size_t first, end;
};

static void *run_share(void *context)
{
    struct share share = *(struct share *)context;
    free(context);
    share.run(share.context, share.first, share.end);
    return NULL;
}

void bench_share(size_t count, size_t total, void (*run)(void *context, size_t first, size_t end), void *context)
{
    for (size_t i = 0; i < count; i++) {
        pthread_t thread;
        struct share *share = malloc(sizeof *share);
        if (!share)
            bench_fail("no memory");
        *share = (struct share){run, context, total * i / count, total * (i + 1) / count};
        if (pthread_create(&thread, NULL, run_share, share) != 0)
            bench_fail("no thread");
    }
}

// A giver takes about a dozen descriptors.
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    raise_descriptors();
    alarm(LIFE_SECONDS_MAX);
    for (size_t i = 0; argc > 1 && i < ROLES_COUNT; i++) {
        if (strcmp(argv[1], roles[i].name) == 0 && argc == roles[i].arguments + 2)
            return roles[i].run(roles[i].arguments, argv + 2);
    }
    for (size_t i = 0; i < ROLES_COUNT; i++)
        fprintf(stderr, "buurtbel-bench %s %s\n", roles[i].name, roles[i].usage);
    return EXIT_FAILURE;
}
