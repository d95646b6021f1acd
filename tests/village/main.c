// SPDX-License-Identifier: MPL-2.0
// buurtbel-village: the demonstration, and at the same time a test of the whole: one broker and a village of clients.
#include "story.h"

#include <argp.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    OPTION_BROKER = 256,
    OPTION_CONFIG,
    OPTION_OPERATOR,
    OPTION_HOMES,
    OPTION_KEEP_HOMES,
    OPTION_SEED,
    OPTION_GIVERS,
    OPTION_AWAY,
    OPTION_ASKERS,
    OPTION_REQUESTS,
    OPTION_MATCHES
};
enum { GIVERS_MIN = 40, REQUESTS_MIN = 20, COUNT_MAX = 2000, FOLDERS_AT_ONCE = 16 };

struct arguments {
    struct story_plan plan;
    bool keep_homes;
};

static const struct argp_option options[] = {
    {"broker", OPTION_BROKER, "FILE", 0, "the program buurtbeld", 0},
    {"config", OPTION_CONFIG, "FILE", 0, "its configuration, made by buurtbel-ctl init and not started yet", 0},
    {"operator", OPTION_OPERATOR, "DIR", 0, "home of the founding operator", 0},
    {"homes", OPTION_HOMES, "DIR", 0, "folder to make, for the homes of all others and the broker's log", 0},
    {"keep-homes", OPTION_KEEP_HOMES, NULL, 0, "leave them there when all went well", 0},
    {"seed", OPTION_SEED, "N", 0, "which givers help whom (default 1)", 1},
    {"givers", OPTION_GIVERS, "N", 0, "default 130", 1},
    {"away", OPTION_AWAY, "N", 0, "how many of them are away for a while; default 20", 1},
    {"askers", OPTION_ASKERS, "N", 0, "default 22", 1},
    {"requests", OPTION_REQUESTS, "N", 0, "default 60", 1},
    {"matches", OPTION_MATCHES, "N", 0, "default 30", 1},
    {0},
};

static size_t read_count(struct argp_state *state, const char *value, size_t least)
{
    char *end;
    unsigned long long number = strtoull(value, &end, 10);
    if (*value == '\0' || *end != '\0' || number < least || number > COUNT_MAX) {
        argp_error(state, "\"%s\" should be a number from %zu to %d", value, least, (int)COUNT_MAX);
    }
    return (size_t)number;
}

// The scenes need their parts, and enough requests that nobody else has a part in.
static void check(struct argp_state *state, const struct story_plan *plan)
{
    if (plan->broker == NULL || plan->config == NULL || plan->operator_home == NULL || plan->homes == NULL) {
        argp_error(state, "--broker, --config, --operator and --homes are needed; deploy/demo gives them");
    }
    if (plan->away * (PEOPLE_PARTS + 1) > plan->givers) {
        argp_error(state, "at most one giver of %d can be away", PEOPLE_PARTS + 1);
    }
    if (plan->matches < 3 || plan->matches > plan->requests / 2) {
        argp_error(state, "from 3 matches on, and at most half as many as requests");
    }
}

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    struct story_plan *plan = &arguments->plan;
    switch (key) {
    case OPTION_BROKER:
        plan->broker = value;
        return 0;
    case OPTION_CONFIG:
        plan->config = value;
        return 0;
    case OPTION_OPERATOR:
        plan->operator_home = value;
        return 0;
    case OPTION_HOMES:
        plan->homes = value;
        return 0;
    case OPTION_KEEP_HOMES:
        arguments->keep_homes = true;
        return 0;
    case OPTION_SEED:
        plan->seed = strtoull(value, NULL, 10);
        return 0;
    case OPTION_GIVERS:
        plan->givers = read_count(state, value, GIVERS_MIN);
        return 0;
    case OPTION_AWAY:
        plan->away = read_count(state, value, 0);
        return 0;
    case OPTION_ASKERS:
        plan->askers = read_count(state, value, 1);
        return 0;
    case OPTION_REQUESTS:
        plan->requests = read_count(state, value, REQUESTS_MIN);
        return 0;
    case OPTION_MATCHES:
        plan->matches = read_count(state, value, 0);
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "\"%s\" is not understood", value);
        return 0;
    case ARGP_KEY_END:
        check(state, plan);
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
    (void)status, (void)kind, (void)walk;
    return remove(path);
}

int main(int argc, char **argv)
{
    static const struct argp parser = {
        .options = options,
        .parser = parse_option,
        .doc = "Plays a story with one broker and a village of real clients, and checks every promise on the way.\v"
               "Exit status 0 when all promises were kept, 1 when not; then all files stay.",
    };
    struct arguments arguments = {
        .plan = {.seed = 1, .givers = 130, .away = 20, .askers = 22, .requests = 60, .matches = 30}};
    tell_begin();
    argp_parse(&parser, argc, argv, 0, NULL, &arguments);
    bool good = story_play(&arguments.plan);
    if (good && !arguments.keep_homes) {
        nftw(arguments.plan.homes, remove_entry, FOLDERS_AT_ONCE, FTW_DEPTH | FTW_PHYS);
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
