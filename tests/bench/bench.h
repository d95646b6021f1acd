// SPDX-License-Identifier: MPL-2.0
// What the roles of the bench share: a clock that all processes of this computer agree on, an end that surely comes,
// and how a role speaks with bench.py: a word and numbers in each line of standard input, one JSON object in each line
// of standard output.
#ifndef BUURTBEL_BENCH_H
#define BUURTBEL_BENCH_H

#include <buurtbel.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { BENCH_PATH_SIZE_MAX = 256, BENCH_EVENTS_AT_ONCE = 256 };

int64_t bench_clock_us(void);

// Says what went wrong and ends the process.
_Noreturn void bench_fail(const char *what);
void bench_expect(enum bb_code code, const char *what);

// "FOLDER/KIND-NUMBER": the home of a giver or a desk.
void bench_home(char out[BENCH_PATH_SIZE_MAX], const char *folder, const char *kind, size_t number);

struct bench_order {
    char word[16];
    unsigned first, second; // 0 where none is given
};
// The next line of standard input. False at its end; waits.
bool bench_read_order(struct bench_order *out);

// An epoll set that tells of each added descriptor by its number; BENCH_INPUT is standard input.
enum { BENCH_INPUT = INT32_MAX };
int bench_epoll(void);
void bench_watch(int epoll, int fd, uint32_t number);

// Starts `count` threads that share the numbers below `total` between them: run(context, first, end), which never ends.
void bench_share(size_t count, size_t total, void (*run)(void *context, size_t first, size_t end), void *context);

int bench_enrol(int count, char **arguments);
int bench_givers(int count, char **arguments);
int bench_desks(int count, char **arguments);
int bench_publisher(int count, char **arguments);
int bench_subscribers(int count, char **arguments);
int bench_deaf(int count, char **arguments);

#endif
