// SPDX-License-Identifier: MPL-2.0
// buurtbeld: reads the command line and the configuration, and runs the broker, or looks after a store on disk.
#include "broker.h"
#include "buurtbel.h"
#include "diagrams.h"
#include "maintenance/maintenance.h"
#include "setup/process.h"
#include "watch/log.h"
#include "watch/service.h"

#include <argp.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

const char *argp_program_version = "buurtbeld " BUURTBEL_VERSION;

enum {
    OPTION_CHECK_CONFIG = 256,
    OPTION_PRINT_CONFIG,
    OPTION_PRINT_STATES,
    OPTION_BACKUP,
    OPTION_BACKUP_KEYRING,
    OPTION_VERIFY,
    OPTION_RESTORE,
};

struct arguments {
    const char *config_path;
    const char *other_path; // of a backup
    int action;             // an option that does one thing and ends; 0: serve
    bool verbose;
};

static const struct argp_option options[] = {
    {"check-config", OPTION_CHECK_CONFIG, NULL, 0,
     "Check CONFIG as a whole, name every mistake with file and line, and end", 0},
    {"print-config", OPTION_PRINT_CONFIG, NULL, 0, "Print an example configuration with every key and end", 0},
    {"print-states", OPTION_PRINT_STATES, NULL, 0, "Print the lifecycles of requests and offers as diagrams and end",
     0},
    {"backup", OPTION_BACKUP, "FOLDER", 0,
     "Copy the store of CONFIG, also while a daemon runs, check the copy as a whole, and end. FOLDER must not be there",
     0},
    {"backup-keyring", OPTION_BACKUP_KEYRING, "FILE", 0,
     "Copy the keyring of CONFIG, after the store and to another place, and end", 0},
    {"verify", OPTION_VERIFY, NULL, 0,
     "Check every record of the store of CONFIG, its keyring and tombstones, and end. Instead of CONFIG the folder of "
     "a "
     "backup may stand",
     0},
    {"restore", OPTION_RESTORE, "FOLDER", 0,
     "Put the backup in FOLDER in the place of the store of CONFIG and end. What was revoked or suspended since stays "
     "so",
     0},
    {"verbose", 'v', NULL, 0, "Log more", 0},
    {0},
};

static error_t parse_option(int key, char *value, struct argp_state *state)
{
    struct arguments *arguments = state->input;
    switch (key) {
    case OPTION_CHECK_CONFIG:
    case OPTION_PRINT_CONFIG:
    case OPTION_PRINT_STATES:
    case OPTION_BACKUP:
    case OPTION_BACKUP_KEYRING:
    case OPTION_VERIFY:
    case OPTION_RESTORE:
        if (arguments->action != 0)
            argp_error(state, "one of these at a time");
        arguments->action = key;
        arguments->other_path = value;
        return 0;
    case 'v':
        arguments->verbose = true;
        return 0;
    case ARGP_KEY_ARG:
        if (state->arg_num > 0)
            argp_usage(state);
        arguments->config_path = value;
        return 0;
    case ARGP_KEY_END:
        if (!arguments->config_path && arguments->action != OPTION_PRINT_CONFIG &&
            arguments->action != OPTION_PRINT_STATES)
            argp_error(state,
                       "name the configuration, such as /srv/buurtbel/buurtbeld.zpl (buurtbel-ctl init makes one)");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp parser = {
    .options = options,
    .parser = parse_option,
    .args_doc = "CONFIG",
    .doc = "The Buurtbel broker: keeps requests for help and tells every giver of them.\v"
           "It runs in the foreground and logs to stderr; SIGTERM ends it after the turn that is under way. "
           "Health and figures are at /live, /ready and /metrics of server/http.",
};

// Secrets are in this memory: no core dump, and the signals wait for the loop.
static void prepare(void)
{
    sigset_t set;
    bb_forbid_core_dumps();
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static enum bb_code serve(const struct config *config)
{
    struct broker *broker;
    process_prepare(); // not before: with czmq begun, a process that ends at once crashed now and then on its way out
    enum bb_code code = broker_open(config, &broker);
    if (code != BB_OK)
        return code;
    metric_set(&broker->metrics, METRIC_READY, 1);
    log_line(LEVEL_INFO, "ready", "command", config->command_endpoint, "publish", config->publish_endpoint, "journal",
             log_number(node_head(broker->node)).text, NULL);
    service_ready();
    code = broker_run(broker);
    metric_set(&broker->metrics, METRIC_READY, 0);
    service_stopping();
    if (code != BB_OK)
        log_line(LEVEL_ERROR, "stopped", "code", bb_code_symbol(code), "problem", bb_code_sentence(code, BB_ENGLISH),
                 NULL);
    else
        log_line(LEVEL_INFO, "ended", "journal", log_number(node_head(broker->node)).text, NULL);
    broker_close(&broker);
    return code;
}

static enum bb_code act(const struct arguments *arguments, const struct config *config)
{
    switch (arguments->action) {
    case OPTION_CHECK_CONFIG:
        puts("The configuration is in order.");
        return BB_OK;
    case OPTION_BACKUP:
        return maintenance_backup(config, arguments->other_path);
    case OPTION_BACKUP_KEYRING:
        return maintenance_backup_keyring(config, arguments->other_path);
    case OPTION_VERIFY:
        return maintenance_verify(config);
    case OPTION_RESTORE:
        return maintenance_restore(config, arguments->other_path);
    default:
        return serve(config);
    }
}

static bool is_folder(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static int run(const struct arguments *arguments)
{
    if (arguments->action == OPTION_VERIFY && is_folder(arguments->config_path))
        return maintenance_verify_folder(arguments->config_path) == BB_OK ? EXIT_SUCCESS : EXIT_FAILURE;
    struct config *config = NULL; // stays so when it cannot be read
    enum bb_code code = config_load(arguments->config_path, &config, stderr);
    if (code == BB_NO_MEMORY)
        complain("configuration_not_read", code, NULL);
    if (code == BB_OK)
        code = act(arguments, config);
    config_destroy(&config);
    return code == BB_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    prepare();
    if (sodium_init() < 0) {
        fputs("buurtbeld: the cryptographic library cannot start on this computer.\n", stderr);
        return EXIT_FAILURE;
    }
    argp_parse(&parser, argc, argv, 0, NULL, &arguments);
    log_set_level(arguments.verbose ? LEVEL_DEBUG : LEVEL_INFO);
    switch (arguments.action) {
    case OPTION_PRINT_CONFIG:
        config_print_example(stdout);
        return EXIT_SUCCESS;
    case OPTION_PRINT_STATES:
        diagrams_print(stdout);
        return EXIT_SUCCESS;
    default:
        return run(&arguments);
    }
}
