// SPDX-License-Identifier: MPL-2.0
// buurtbel-images RECORDING --count N [--seed S] [--only I] [--focus NAME] [--scratch FOLDER]
//
// Cuts the power at N moments of a recording (load.py makes one), opens what the disks may then hold, and tells what is
// missing or damaged. Exits with 1 when anything is. Image I of a seed is always the same; --only makes that one alone
// and leaves it in the scratch folder; --focus cuts only around syncs and new names of files with NAME in their path.
#include "image.h"
#include "oracle.h"

#include <err.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    LOOK_SECONDS_MAX = 20,
    TOLD_IN_WORDS_MAX = 10,
    SOON_AFTER_NS = 200 * 1000,
    UNSURE_NS_MAX = 20 * 1000 * 1000,
    UNSURE_LONG_NS_MAX = 500 * 1000 * 1000
};

struct options {
    const char *recording, *scratch, *focus;
    size_t count, only;
    uint64_t seed;
};

struct cut {
    size_t number;
    uint64_t at_ns, seed;
};

struct totals {
    struct verdict *verdict; // of the present image; shared between processes
    size_t bad, in_the_middle, checked;
    struct image_counts counts;
};

static uint64_t within(struct dice *dice, uint64_t begun_ns, uint64_t ended_ns)
{
    uint64_t longest_ns = begun_ns + (dice_below(dice, 2) ? UNSURE_NS_MAX : UNSURE_LONG_NS_MAX);
    return begun_ns + dice_below(dice, (ended_ns < longest_ns ? ended_ns : longest_ns) - begun_ns + SOON_AFTER_NS);
}

// While names are not sure yet. 0: it has nothing to do with the focus.
static uint64_t cut_naming(const struct history *history, const char *focus, struct dice *dice)
{
    const struct naming *naming = &history->namings[dice_below(dice, history->namings_count)];
    return strstr(naming->path, focus) ? within(dice, naming->begun_ns, naming->durable_ns) : 0;
}

// Around a sync: by file first, since most syncs are the store's.
static uint64_t cut_sync(const struct history *history, const char *focus, struct dice *dice)
{
    const struct file *file = history->files[dice_below(dice, history->files_count)];
    if (file->syncs_count == 0 || !strstr(file->path, focus))
        return 0;
    const struct sync *sync = &file->syncs[dice_below(dice, file->syncs_count)];
    return within(dice, sync->begun_ns - SOON_AFTER_NS, sync->ended_ns);
}

// Moments when there is most to lose: just after somebody was told something, while files come to be, around a sync.
static uint64_t choose_cut(const struct history *history, const struct oracle *oracle, const char *focus,
                           struct dice *dice)
{
    for (;;) {
        uint64_t kind = dice_below(dice, 10), cut_ns = 0;
        if (kind < 4 && !focus[0])
            cut_ns = oracle->lines[dice_below(dice, oracle->count)].at_ns + dice_below(dice, SOON_AFTER_NS);
        else if (kind == 4 && !focus[0])
            cut_ns = history->begun_ns + dice_below(dice, history->ended_ns - history->begun_ns);
        else if (kind < 6)
            cut_ns = cut_naming(history, focus, dice);
        else
            cut_ns = cut_sync(history, focus, dice);
        if (cut_ns != 0)
            return cut_ns;
    }
}

static int by_moment(const void *a, const void *b)
{
    const struct cut *one = a, *two = b;
    return (one->at_ns > two->at_ns) - (one->at_ns < two->at_ns);
}

static struct cut *choose_cuts(const struct options *options, const struct history *history,
                               const struct oracle *oracle)
{
    struct cut *cuts = calloc(options->count, sizeof *cuts);
    if (!cuts)
        err(2, "images");
    for (size_t i = 0; i < options->count; i++) {
        struct dice dice = {options->seed * 1000003 + i};
        cuts[i] =
            (struct cut){.number = i, .at_ns = choose_cut(history, oracle, options->focus, &dice), .seed = dice.state};
    }
    qsort(cuts, options->count, sizeof *cuts, by_moment);
    return cuts;
}

// A file that was said to be whole holds what had been written when that was said.
static void look_whole(const char *image, const struct history *history, const struct told *told,
                       struct verdict *verdict)
{
    const struct file *file = history_file(history, told->name);
    char path[PATH_MAX];
    if (!file)
        errx(2, "%s was never written", told->name);
    snprintf(path, sizeof path, "%s/%s", image, told->name);
    FILE *stream = fopen(path, "re");
    bool whole = stream != NULL;
    for (size_t i = 0; whole && i < file->changes_count; i++) { // such files are written once, from front to back
        const struct change *change = &file->changes[i];
        for (uint32_t at = 0; whole && at < change->data_size; at++)
            whole = fgetc(stream) == change->data[at];
    }
    if (stream)
        fclose(stream);
    if (!whole)
        verdict_bad(verdict, "LOST: %s is %s", told->name, stream ? "not whole" : "gone");
}

static void look(const char *image, const struct history *history, const struct oracle *oracle, uint64_t cut_ns,
                 struct verdict *verdict)
{
    struct accepted_commands accepted;
    for (size_t i = 0; i < oracle->count && oracle->lines[i].at_ns <= cut_ns; i++)
        if (oracle->lines[i].kind == TOLD_WHOLE)
            look_whole(image, history, &oracle->lines[i], verdict);
    look_broker(image, oracle, cut_ns, &accepted, verdict);
    look_homes(image, oracle, cut_ns, &accepted, verdict);
    accepted_fini(&accepted);
}

// In a process of its own, on a `verdict` that is shared with it: what is damaged may crash or loop.
static void look_apart(const char *image, const struct history *history, const struct oracle *oracle, uint64_t cut_ns,
                       struct verdict *verdict)
{
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child < 0)
        err(2, "images");
    if (child == 0) {
        alarm(LOOK_SECONDS_MAX);
        look(image, history, oracle, cut_ns, verdict);
        _exit(0);
    }
    if (waitpid(child, &status, 0) != child)
        err(2, "images");
    if (status != 0 && verdict->problems == 0)
        verdict_bad(verdict, "DAMAGED: who opened it was ended by signal %d (%s)", WTERMSIG(status),
                    strsignal(WTERMSIG(status)));
}

static void play_cut(const struct options *options, const struct history *history, const struct oracle *oracle,
                     struct image_maker *maker, const struct cut *cut, struct totals *totals)
{
    struct dice dice = {cut->seed};
    struct image_counts counts = {0};
    struct verdict *verdict = totals->verdict;
    *verdict = (struct verdict){0};
    image_make(maker, cut->at_ns, &dice, options->scratch, &counts);
    look_apart(options->scratch, history, oracle, cut->at_ns, verdict);
    totals->checked += verdict->checked;
    totals->in_the_middle += counts.changes_lost + counts.changes_made + counts.changes_torn + counts.names_lost > 0;
    totals->counts.changes_lost += counts.changes_lost;
    totals->counts.changes_made += counts.changes_made;
    totals->counts.changes_torn += counts.changes_torn;
    totals->counts.names_lost += counts.names_lost;
    totals->counts.names_made += counts.names_made;
    if (verdict->problems > 0 && totals->bad++ < TOLD_IN_WORDS_MAX)
        printf("image %zu of seed %" PRIu64 ", cut after %.6f s: %s (%zu problems)\n", cut->number, options->seed,
               (double)(cut->at_ns - history->begun_ns) / 1e9, verdict->first, verdict->problems);
}

static void read_options(struct options *options, int argc, char **argv)
{
    static const struct option known[] = {
        {"count", required_argument, NULL, 'c'},   {"seed", required_argument, NULL, 's'},
        {"only", required_argument, NULL, 'o'},    {"focus", required_argument, NULL, 'f'},
        {"scratch", required_argument, NULL, 'w'}, {0}};
    *options =
        (struct options){.scratch = "/dev/shm/powercut-image", .focus = "", .count = 300, .seed = 1, .only = SIZE_MAX};
    for (int option; (option = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        if (option == 'c')
            options->count = strtoull(optarg, NULL, 10);
        else if (option == 's')
            options->seed = strtoull(optarg, NULL, 10);
        else if (option == 'o')
            options->only = strtoull(optarg, NULL, 10);
        else if (option == 'f')
            options->focus = optarg;
        else if (option == 'w')
            options->scratch = optarg;
        else
            exit(2);
    }
    if (optind + 1 != argc || options->count == 0)
        errx(2, "name one recording, and a count of images");
    options->recording = argv[optind];
}

int main(int argc, char **argv)
{
    struct options options;
    struct history history;
    struct oracle oracle;
    struct totals totals = {
        .verdict = mmap(NULL, sizeof *totals.verdict, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)};
    read_options(&options, argc, argv);
    if (sodium_init() < 0 || totals.verdict == MAP_FAILED)
        errx(2, "out of memory");
    history_load(&history, options.recording);
    oracle_load(&oracle, options.recording);
    if (mkdir(options.scratch, 0700) != 0 && access(options.scratch, W_OK) != 0)
        err(2, "%s", options.scratch);
    struct cut *cuts = choose_cuts(&options, &history, &oracle);
    struct image_maker *maker = image_maker_create(&history);
    size_t made = 0;
    for (size_t i = 0; i < options.count; i++)
        if (options.only == SIZE_MAX || options.only == cuts[i].number) {
            play_cut(&options, &history, &oracle, maker, &cuts[i], &totals);
            made++;
        }
    image_maker_destroy(&maker);
    free(cuts);
    munmap(totals.verdict, sizeof *totals.verdict);
    printf(
        "%zu images of %zu records and %zu acknowledgements: %zu with writes under way (%zu lost, %zu made, %zu torn; "
        "names: %zu lost, %zu made), %zu checks, %zu bad\n",
        made, history.records_count, oracle.count, totals.in_the_middle, totals.counts.changes_lost,
        totals.counts.changes_made, totals.counts.changes_torn, totals.counts.names_lost, totals.counts.names_made,
        totals.checked, totals.bad);
    return totals.bad > 0;
}
