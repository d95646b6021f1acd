// SPDX-License-Identifier: MPL-2.0
// Reads buurtbeld.zpl by the table of config.def: first each line that is there, then what is missing, then what does
// not fit together, then the files that are named. A problem never ends the checking of the rest.
#include "config.h"

#include "config_table.h"
#include "file/zpl.h"
#include "host_port.h"
#include "problems.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct reading {
    struct problems problems;
    struct config *config;
    const char *path;
    size_t lines[CONFIG_KEYS_COUNT]; // where each key stands; 0: it has its default
    bool bad[CONFIG_KEYS_COUNT];     // was told about already
    bool out_of_memory;
};

static char **text_field(struct config *config, const struct config_key *key)
{
    return (char **)(void *)((char *)config + key->offset);
}

static uint64_t *number_field(struct config *config, const struct config_key *key)
{
    return (uint64_t *)(void *)((char *)config + key->offset);
}

static bool is_number(enum config_kind kind)
{
    return kind == KIND_COUNT || kind == KIND_SIZE || kind == KIND_SWITCH;
}

// ---- one value

static bool parse_number(const char *text, bool with_suffix, uint64_t *out)
{
    static const char suffixes[] = "KMGT";
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 19)
        return false;
    uint64_t number = strtoull(text, NULL, 10);
    const char *suffix = text[digits] != '\0' ? strchr(suffixes, text[digits]) : NULL;
    unsigned int shift = 0;
    if (with_suffix && suffix) {
        shift = 10 * (unsigned int)(suffix - suffixes + 1);
        digits++;
    }
    *out = number << shift;
    return text[digits] == '\0' && number <= UINT64_MAX >> shift;
}

static void bad_value(struct reading *reading, size_t i, const char *expected, const char *found)
{
    reading->bad[i] = true;
    problem_add(&reading->problems, reading->lines[i], config_keys[i].key, "expected %s, found \"%s\"", expected,
                found);
}

static void set_number(struct reading *reading, size_t i, const char *value)
{
    const struct config_key *key = &config_keys[i];
    uint64_t *field = number_field(reading->config, key);
    char expected[120];
    if (parse_number(value, key->kind == KIND_SIZE, field) && *field >= key->least && *field <= key->most)
        return;
    if (key->kind == KIND_SWITCH)
        snprintf(expected, sizeof expected, "0 or 1");
    else if (key->kind == KIND_SIZE)
        snprintf(expected, sizeof expected, "a size from %" PRIu64 "M to %" PRIu64 "T, such as 1G", key->least >> 20,
                 key->most >> 40);
    else
        snprintf(expected, sizeof expected, "a whole number from %" PRIu64 " to %" PRIu64, key->least, key->most);
    bad_value(reading, i, expected, value);
}

// What is wrong with a text, as "expected ..."; NULL when nothing is.
static const char *expected_text(enum config_kind kind, const char *value)
{
    struct host_port address;
    switch (kind) {
    case KIND_BIND:
        if (!endpoint_parse(value, &address) || address.kind == HOST_NAME || address.port == 0)
            return "an endpoint such as tcp://*:7400 or tcp://192.0.2.1:7400";
        return NULL;
    case KIND_REACH:
        if (!endpoint_parse(value, &address) || address.kind == HOST_ANY || address.port == 0)
            return "an endpoint with a name or address that clients can dial, such as tcp://buurtbel.example.nl:7400";
        return NULL;
    case KIND_LOOPBACK:
        if (!host_port_parse(value, &address) || !host_port_is_loopback(&address) || address.port == 0)
            return "an address on loopback, such as 127.0.0.1:7402 or [::1]:7402";
        return NULL;
    case KIND_PATH:
    case KIND_FOLDER:
        return value[0] == '\0' ? "a path" : NULL;
    case KIND_COUNT:
    case KIND_SIZE:
    case KIND_SWITCH:
        break;
    }
    return NULL;
}

static char *beside(const char *file, const char *path)
{
    const char *slash = strrchr(file, '/');
    char *whole = NULL;
    if (path[0] == '/' || !slash)
        return strdup(path);
    if (asprintf(&whole, "%.*s%s", (int)(slash - file + 1), file, path) < 0)
        return NULL;
    return whole;
}

static void set_text(struct reading *reading, size_t i, const char *value)
{
    const struct config_key *key = &config_keys[i];
    const char *expected = expected_text(key->kind, value);
    if (expected) {
        bad_value(reading, i, expected, value);
        return;
    }
    bool is_path = key->kind == KIND_PATH || key->kind == KIND_FOLDER;
    char *copy = is_path ? beside(reading->path, value) : strdup(value);
    if (!copy)
        reading->out_of_memory = true;
    *text_field(reading->config, key) = copy;
}

static void set_value(struct reading *reading, size_t i, const char *value)
{
    if (is_number(config_keys[i].kind))
        set_number(reading, i, value);
    else
        set_text(reading, i, value);
}

// ---- the file

static void add_unknown(struct reading *reading, size_t line, const char *key)
{
    const char *known[CONFIG_KEYS_COUNT];
    for (size_t i = 0; i < CONFIG_KEYS_COUNT; i++)
        known[i] = config_keys[i].key;
    problem_add_unknown(&reading->problems, line, key, key, known, CONFIG_KEYS_COUNT);
}

static void take_key(struct reading *reading, const char *section, const struct zpl *node)
{
    char key[128];
    size_t i = 0;
    snprintf(key, sizeof key, "%s/%s", section, node->name);
    while (i < CONFIG_KEYS_COUNT && strcmp(config_keys[i].key, key) != 0)
        i++;
    if (i == CONFIG_KEYS_COUNT) {
        add_unknown(reading, node->line, key);
        return;
    }
    if (node->children)
        problem_add(&reading->problems, node->children->line, key, "nothing can stand below this key");
    if (reading->lines[i] != 0) {
        problem_add(&reading->problems, node->line, key, "expected once, found again after line %zu",
                    reading->lines[i]);
        return;
    }
    reading->lines[i] = node->line;
    set_value(reading, i, node->value);
}

static bool is_section(const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < CONFIG_KEYS_COUNT; i++)
        if (strncmp(config_keys[i].key, name, length) == 0 && config_keys[i].key[length] == '/')
            return true;
    return false;
}

static void take_file(struct reading *reading, const struct zpl *root)
{
    for (const struct zpl *section = root->children; section; section = section->next) {
        if (!is_section(section->name))
            problem_add(&reading->problems, section->line, section->name,
                        "there is no such section; expected server, store, community or limits");
        else if (section->value[0] != '\0')
            problem_add(&reading->problems, section->line, section->name,
                        "expected keys below it, 4 spaces further in, found the value \"%s\"", section->value);
        else
            for (const struct zpl *it = section->children; it; it = it->next)
                take_key(reading, section->name, it);
    }
    for (size_t i = 0; i < CONFIG_KEYS_COUNT; i++)
        if (reading->lines[i] == 0 && config_keys[i].fallback[0] != '\0')
            set_value(reading, i, config_keys[i].fallback);
}

// ---- the whole

static void fill_reach(struct reading *reading, size_t reach, size_t bound)
{
    char **field = text_field(reading->config, &config_keys[reach]);
    const char *endpoint = *text_field(reading->config, &config_keys[bound]);
    struct host_port address;
    if (*field || reading->bad[reach] || !endpoint || !endpoint_parse(endpoint, &address))
        return;
    if (address.kind == HOST_ANY) {
        problem_add(&reading->problems, reading->lines[bound], config_keys[reach].key,
                    "needed because %s is %s: expected the endpoint as clients reach it, found nothing",
                    config_keys[bound].key, endpoint);
        return;
    }
    *field = strdup(endpoint);
    if (!*field)
        reading->out_of_memory = true;
}

static uint16_t port_of(const char *address)
{
    struct host_port parsed;
    if (address && (endpoint_parse(address, &parsed) || host_port_parse(address, &parsed)))
        return parsed.port;
    return 0;
}

static void check_ports(struct reading *reading)
{
    static const size_t users[] = {CONFIG_INDEX_command_endpoint, CONFIG_INDEX_publish_endpoint,
                                   CONFIG_INDEX_http_address};
    for (size_t a = 0; a < sizeof users / sizeof *users; a++)
        for (size_t b = 0; b < a; b++) {
            uint16_t port = port_of(*text_field(reading->config, &config_keys[users[a]]));
            if (port != 0 && port == port_of(*text_field(reading->config, &config_keys[users[b]])))
                problem_add(&reading->problems, reading->lines[users[a]], config_keys[users[a]].key,
                            "expected a port of its own, found %u, which %s has", port, config_keys[users[b]].key);
        }
}

static void check_folder(struct reading *reading, size_t i)
{
    struct stat info;
    const char *path = *text_field(reading->config, &config_keys[i]);
    if (!path || (stat(path, &info) == 0 && S_ISDIR(info.st_mode)))
        return;
    problem_add(&reading->problems, reading->lines[i], config_keys[i].key,
                "expected a folder that exists, found %s; make it with mkdir -m 700", path);
}

static void load_server_keys(struct reading *reading)
{
    struct config *config = reading->config;
    if (!config->server_keys_path)
        return;
    uint8_t secret[32], derived[32];
    struct problems problems = {
        .out = reading->problems.out, .file = config->server_keys_path, .count = reading->problems.count};
    struct zpl *root = problems_read_zpl(&problems, config->server_keys_path, true);
    const char *public_text = root ? zpl_get(root, "curve/public-key") : NULL;
    const char *secret_text = root ? zpl_get(root, "curve/secret-key") : NULL;
    bool whole = public_text && secret_text && key_from_z85(public_text, config->server_public_key) &&
                 key_from_z85(secret_text, secret) && crypto_scalarmult_base(derived, secret) == 0 &&
                 memcmp(derived, config->server_public_key, sizeof derived) == 0;
    if (whole) {
        memcpy(config->server_public_text, public_text, SERVER_KEY_TEXT_SIZE);
        memcpy(config->server_secret_text, secret_text, SERVER_KEY_TEXT_SIZE);
    } else if (root) {
        problem_add(&problems, 0, "curve",
                    "expected public-key and secret-key, 40 characters of Z85 each, that belong together");
    }
    sodium_memzero(secret, sizeof secret);
    zpl_destroy(&root);
    reading->problems.count = problems.count;
}

enum bb_code config_load(const char *path, struct config **out, FILE *problems)
{
    struct reading reading = {.problems = {.out = problems, .file = path}, .path = path};
    struct zpl *root = problems_read_zpl(&reading.problems, path, false);
    if (!root)
        return problems_end(&reading.problems);
    reading.config = calloc(1, sizeof *reading.config);
    if (!reading.config) {
        zpl_destroy(&root);
        return BB_NO_MEMORY;
    }
    take_file(&reading, root);
    fill_reach(&reading, CONFIG_INDEX_command_reach, CONFIG_INDEX_command_endpoint);
    fill_reach(&reading, CONFIG_INDEX_publish_reach, CONFIG_INDEX_publish_endpoint);
    check_ports(&reading);
    check_folder(&reading, CONFIG_INDEX_store_folder);
    load_server_keys(&reading);
    zpl_destroy(&root);

    enum bb_code code = problems_end(&reading.problems);
    if (reading.out_of_memory)
        code = BB_NO_MEMORY;
    if (code == BB_OK)
        *out = reading.config;
    else
        config_destroy(&reading.config);
    return code;
}

void config_destroy(struct config **config)
{
    struct config *it = *config;
    *config = NULL;
    if (!it)
        return;
    for (size_t i = 0; i < CONFIG_KEYS_COUNT; i++)
        if (!is_number(config_keys[i].kind))
            free(*text_field(it, &config_keys[i]));
    sodium_memzero(it, sizeof *it);
    free(it);
}
