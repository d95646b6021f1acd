// SPDX-License-Identifier: MPL-2.0
// sim: runs seeds, in as many processes as it is told to, prints a failing one as a short story, and says what it saw.
#include "story.h"

#include "watch/log.h"
#include "wraps.h"

#include <getopt.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { JOBS_MAX = 16, BLIND_SEEDS = 500, KNOWN_MAX = 1000, TOLD_EVERY = 5000 };

struct options {
    uint64_t first, count, known[KNOWN_MAX];
    size_t known_count;
    int jobs, seconds;
    bool tell, twice, whole;
    const char *scratch;
};

// What one process has to say at its end.
struct report {
    uint64_t seeds, failed, next;
    struct tally tally;
};

static uint64_t current_seed;

static void say_seed(void)
{
    char text[64];
    int size = snprintf(text, sizeof text, "\nthat was seed %" PRIu64 "\n", current_seed);
    (void)!write(STDOUT_FILENO, text, (size_t)size);
}

_Noreturn void sim_give_up(const char *what, const char *file, int line)
{
    printf("the simulation itself is wrong: %s, %s:%d\n", what, file, line);
    fflush(stdout);
    abort();
}

static void on_abort(int number)
{
    say_seed();
    signal(number, SIG_DFL);
    raise(number);
}

void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static bool run_seed(const struct options *options, uint64_t seed, struct tally *tally)
{
    static struct plan plan;
    struct outcome outcome, again;
    current_seed = seed;
    plan_make(seed, &plan);
    story_run(&plan, options->scratch, tally, options->tell, &outcome);
    if (options->tell)
        printf("seed %" PRIu64 ": trace %016" PRIx64 "\n", seed, outcome.trace);
    if (!outcome.failed && options->twice) {
        story_run(&plan, options->scratch, tally, false, &again);
        if (again.trace != outcome.trace) {
            outcome.failed = true;
            printf("seed %" PRIu64 " runs differently the second time: %016" PRIx64 ", %016" PRIx64 "\n", seed,
                   outcome.trace, again.trace);
            return false;
        }
    }
    if (outcome.failed && options->whole)
        printf("seed %" PRIu64 " breaks the rule: %s\n  %s\n", seed, outcome.rule, outcome.why);
    else if (outcome.failed)
        story_shortened(&plan, options->scratch, &outcome);
    return !outcome.failed;
}

// Seeds that once failed come first; then each process takes every n-th of the range.
static void run_job(const struct options *options, int job, struct report *report)
{
    time_t ends_at = options->seconds > 0 ? time(NULL) + options->seconds : 0;
    for (size_t i = (size_t)job; i < options->known_count; i += (size_t)options->jobs) {
        report->seeds++;
        report->failed += !run_seed(options, options->known[i], &report->tally);
    }
    report->next = options->first + (uint64_t)job;
    for (uint64_t i = (uint64_t)job; i < options->count && report->failed == 0; i += (uint64_t)options->jobs) {
        if (ends_at != 0 && time(NULL) >= ends_at)
            break;
        report->seeds++;
        report->failed += !run_seed(options, options->first + i, &report->tally);
        report->next = options->first + i + (uint64_t)options->jobs;
        if (report->seeds % TOLD_EVERY == 0) {
            printf("process %d: %" PRIu64 " seeds, at seed %" PRIu64 "\n", job, report->seeds, options->first + i);
            fflush(stdout);
        }
    }
    fflush(stdout);
}

static void add_up(struct report *sum, const struct report *one)
{
    const uint64_t *from = (const uint64_t *)&one->tally;
    uint64_t *to = (uint64_t *)&sum->tally;
    for (size_t i = 0; i < sizeof sum->tally / sizeof *to; i++)
        to[i] += from[i];
    sum->seeds += one->seeds;
    sum->failed += one->failed;
    if (sum->next == 0 || one->next < sum->next)
        sum->next = one->next;
}

static bool run_jobs(const struct options *options, struct report *sum)
{
    int pipes[JOBS_MAX][2];
    bool well = true;
    for (int job = 0; job < options->jobs; job++) {
        sim_insist(pipe(pipes[job]) == 0);
        if (fork() != 0) {
            close(pipes[job][1]);
            continue;
        }
        static struct report report;
        run_job(options, job, &report);
        (void)!write(pipes[job][1], &report, sizeof report);
        exit(report.failed > 0);
    }
    for (int job = 0; job < options->jobs; job++) {
        static struct report one;
        int status;
        if (read(pipes[job][0], &one, sizeof one) == (ssize_t)sizeof one)
            add_up(sum, &one);
        else
            well = false;
        wait(&status);
        well = well && WIFEXITED(status) && WEXITSTATUS(status) <= 1; // a sanitizer has codes of its own
    }
    return well && sum->failed == 0;
}

// ---------------------------------------------------------------- what was seen

static bool seen(const char *what, const char *name, uint64_t count, bool matters)
{
    if (count == 0 && matters)
        printf("never seen: %s %s\n", what, name);
    return count > 0 || !matters;
}

// A simulation that no longer does what it is there for must not pass.
static bool is_blind(const struct report *sum)
{
    bool matters = sum->seeds >= BLIND_SEEDS, all = true;
    const struct tally *tally = &sum->tally;
    for (int i = 0; i < acts_count(); i++)
        all &= seen("act", act_name(i), tally->acts[i], matters);
    for (int i = 0; i < faults_count(); i++)
        all &= seen("fault", fault_name(i), tally->faults[i], matters);
    for (int i = 1; i < CRASH_POINTS_COUNT; i++)
        all &= seen("crash at point", "of a turn", tally->crashes[i], matters);
    for (unsigned i = 0; i < wire__command__descriptor.n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &wire__command__descriptor.fields[i];
        if (field->id < 10 || field->id >= 64 || field->id == WIRE__COMMAND__WHAT_ENROL)
            continue;
        all &= seen("accepted command", field->name, tally->accepted[field->id], matters);
        all &= seen("refused command", field->name, tally->refused[field->id],
                    matters && field->id != WIRE__COMMAND__WHAT_PAUSE && field->id != WIRE__COMMAND__WHAT_RESUME);
    }
    return !all;
}

static void print_sum(const struct report *sum, double seconds)
{
    const struct tally *tally = &sum->tally;
    uint64_t accepted = 0, refused = 0;
    for (size_t i = 0; i < 64; i++) {
        accepted += tally->accepted[i];
        refused += tally->refused[i];
    }
    printf("%" PRIu64 " seeds, %" PRIu64 " failed, %.0f s, %.1f seeds/s, %" PRIu64 " simulated days\n", sum->seeds,
           sum->failed, seconds, (double)sum->seeds / (seconds > 0 ? seconds : 1), tally->virtual_ms / 86400000);
    printf("commands: %" PRIu64 " accepted, %" PRIu64 " refused; %" PRIu64 " turns, %" PRIu64 " facts, %" PRIu64
           " frames, %" PRIu64 " publications, %" PRIu64 " dropped\n",
           accepted, refused, tally->turns, tally->facts, tally->frames, tally->publications, tally->dropped);
    printf("next seed: %" PRIu64 "\n", sum->next);
}

static void print_tally(const struct tally *tally)
{
    for (int i = 0; i < acts_count(); i++)
        printf("  act %-34s %" PRIu64 "\n", act_name(i), tally->acts[i]);
    for (unsigned i = 0; i < wire__command__descriptor.n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &wire__command__descriptor.fields[i];
        if (field->id >= 10 && field->id < 64)
            printf("  command %-20s %8" PRIu64 " accepted %8" PRIu64 " refused\n", field->name,
                   tally->accepted[field->id], tally->refused[field->id]);
    }
    for (int i = 0; i < faults_count(); i++)
        printf("  fault %-32s %" PRIu64 "\n", fault_name(i), tally->faults[i]);
    for (int i = 1; i < CRASH_POINTS_COUNT; i++)
        printf("  crash point %d %" PRIu64 "\n", i, tally->crashes[i]);
}

// ---------------------------------------------------------------- options

static void read_known(struct options *options, const char *path)
{
    char line[256];
    FILE *file = fopen(path, "r");
    sim_insist(file != NULL);
    while (fgets(line, sizeof line, file) && options->known_count < KNOWN_MAX) {
        uint64_t seed;
        if (line[0] != '#' && sscanf(line, "%" SCNu64, &seed) == 1)
            options->known[options->known_count++] = seed;
    }
    fclose(file);
}

static bool read_options(int count, char **words, struct options *out, bool *table)
{
    static const struct option known[] = {{"first", 1, NULL, 'f'}, {"seeds", 1, NULL, 'n'},   {"seed", 1, NULL, 's'},
                                          {"jobs", 1, NULL, 'j'},  {"seconds", 1, NULL, 't'}, {"known", 1, NULL, 'k'},
                                          {"tell", 0, NULL, 'v'},  {"twice", 0, NULL, '2'},   {"scratch", 1, NULL, 'd'},
                                          {"whole", 0, NULL, 'w'}, {"table", 0, NULL, 'T'},   {NULL, 0, NULL, 0}};
    for (int letter; (letter = getopt_long(count, words, "", known, NULL)) != -1;) {
        if (letter == 'f')
            out->first = strtoull(optarg, NULL, 10);
        else if (letter == 'n')
            out->count = strtoull(optarg, NULL, 10);
        else if (letter == 's')
            out->first = strtoull(optarg, NULL, 10), out->count = 1;
        else if (letter == 'j')
            out->jobs = atoi(optarg);
        else if (letter == 't')
            out->seconds = atoi(optarg);
        else if (letter == 'k')
            read_known(out, optarg);
        else if (letter == 'v')
            out->tell = out->whole = true;
        else if (letter == '2')
            out->twice = true;
        else if (letter == 'w')
            out->whole = true;
        else if (letter == 'T')
            *table = true;
        else if (letter == 'd')
            out->scratch = optarg;
        else
            return false;
    }
    return optind == count && out->jobs >= 1 && out->jobs <= JOBS_MAX;
}

int main(int count, char **words)
{
    static struct options options = {.first = 1, .count = 1, .jobs = 1, .scratch = "/dev/shm"};
    static struct report sum;
    struct timespec began, ended;
    bool table = false;
    if (!read_options(count, words, &options, &table)) {
        fprintf(stderr, "usage: sim [--first N] [--seeds N] [--seed N] [--jobs N] [--seconds N] [--known FILE]\n"
                        "           [--tell] [--whole] [--twice] [--table] [--scratch FOLDER]\n");
        return 2;
    }
    wraps_begin();
    signal(SIGABRT, on_abort);
    if (__sanitizer_set_death_callback)
        __sanitizer_set_death_callback(say_seed);
    clock_gettime(CLOCK_MONOTONIC, &began);
    bool well = run_jobs(&options, &sum);
    clock_gettime(CLOCK_MONOTONIC, &ended);
    print_sum(&sum, (double)(ended.tv_sec - began.tv_sec) + (double)(ended.tv_nsec - began.tv_nsec) / 1e9);
    if (table)
        print_tally(&sum.tally);
    return well && !is_blind(&sum) ? 0 : 1;
}
