// SPDX-License-Identifier: MPL-2.0
// `init DIR`: all that a new community needs before buurtbeld is started for the first time.
//
// Makes keys, so it runs where the broker will run; nothing it makes is ever sent anywhere. Refuses a folder that holds
// anything, so that no key is ever overwritten.
#include "init.h"
#include "ctl.h"

#include "shown.h"

#include <dirent.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

static bool is_label(const char *text)
{
    size_t size = strlen(text);
    return size > 0 && size <= COMMUNITY_KEY_SIZE_MAX && text[0] >= 'a' && text[0] <= 'z' &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-_") == size;
}

// ZPL has no way to write a quote inside quotes, and everything here stands in quotes.
static bool is_plain(const char *text, size_t size_max)
{
    size_t size = strlen(text);
    for (const char *at = text; *at != '\0'; at++) {
        if ((unsigned char)*at < ' ' || *at == '"' || *at == 0x7F) {
            return false;
        }
    }
    return size > 0 && size <= size_max;
}

static bool is_host_port(const char *text)
{
    const char *port = strrchr(text, ':');
    return is_plain(text, 249) && port != NULL && port > text && port[1] != '\0' &&
           strspn(port + 1, "0123456789") == strlen(port + 1);
}

static bool is_endpoint(const char *text)
{
    return strncmp(text, "tcp://", 6) == 0 && is_host_port(text + 6);
}

static int refuse_choice(const struct ui *ui, const char *what, const char *expected)
{
    complain(ui, tr(ui, "\"%s\" cannot be used; expected %s.", "\"%s\" is niet bruikbaar; verwacht: %s."), what,
             expected);
    return STATUS_USAGE;
}

static const char *choice(const struct arguments *arguments, enum flag option, const char *otherwise)
{
    const char *value = argument_value(arguments, option);
    return value != NULL ? value : otherwise;
}

// An endpoint that binds every address tells nobody where to connect to.
static void resolve(struct init *init, const char *bound, const char *given, char *public, char *near)
{
    const char *port = strrchr(bound, ':');
    bool any = strncmp(bound, "tcp://*:", 8) == 0 || strncmp(bound, "tcp://0.0.0.0:", 14) == 0;
    snprintf(near, INIT_ENDPOINT_SIZE, "%s%s", any ? "tcp://127.0.0.1" : bound, any ? port : "");
    if (given != NULL || !any) {
        snprintf(public, INIT_ENDPOINT_SIZE, "%s", given != NULL ? given : bound);
        return;
    }
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    snprintf(public, INIT_ENDPOINT_SIZE, "tcp://%.250s%s", host[0] != '\0' ? host : "127.0.0.1", port);
    init->guessed = true;
}

static int read_choices(const struct ui *ui, const struct arguments *arguments, struct init *init)
{
    const char *command_public = argument_value(arguments, OPTION_COMMAND_PUBLIC);
    const char *publish_public = argument_value(arguments, OPTION_PUBLISH_PUBLIC);
    init->folder = arguments->positional[0];
    init->community = choice(arguments, OPTION_COMMUNITY, "buurt");
    init->name = choice(arguments, OPTION_NAME, "Buurtbel");
    init->command = choice(arguments, OPTION_COMMAND, "tcp://127.0.0.1:7400");
    init->publish = choice(arguments, OPTION_PUBLISH, "tcp://127.0.0.1:7401");
    init->http = choice(arguments, OPTION_HTTP, "127.0.0.1:7402");
    init->map_size = choice(arguments, OPTION_MAP_SIZE, "1G");
    const char *const endpoints[] = {init->command, init->publish, command_public, publish_public};
    for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
        if (endpoints[i] != NULL && !is_endpoint(endpoints[i])) {
            return refuse_choice(ui, endpoints[i], "tcp://127.0.0.1:7400");
        }
    }
    if (!is_label(init->community)) {
        return refuse_choice(ui, init->community,
                             tr(ui, "a short word in small letters", "een kort woord in kleine letters"));
    }
    if (!is_plain(init->name, NAME_SIZE_MAX)) {
        return refuse_choice(ui, init->name, tr(ui, "a name without \"", "een naam zonder \""));
    }
    if (!is_host_port(init->http)) {
        return refuse_choice(ui, init->http, "127.0.0.1:7402");
    }
    size_t digits = strspn(init->map_size, "0123456789");
    if (digits == 0 || digits > 12 || strspn(init->map_size + digits, "KMGT") > 1 ||
        strlen(init->map_size + digits) != strspn(init->map_size + digits, "KMGT")) {
        return refuse_choice(ui, init->map_size, tr(ui, "a size such as 1G", "een grootte zoals 1G"));
    }
    resolve(init, init->command, command_public, init->command_public, init->command_near);
    resolve(init, init->publish, publish_public, init->publish_public, init->publish_near);
    return STATUS_DONE;
}

static bool is_empty_folder(const char *path)
{
    DIR *folder = opendir(path);
    size_t entries = 0;
    while (folder != NULL && readdir(folder) != NULL) {
        entries++;
    }
    if (folder != NULL) {
        closedir(folder);
    }
    return entries == 2; // . and ..
}

static int make_folder(const struct ui *ui, const char *path)
{
    if (mkdir(path, 0700) == 0) {
        return STATUS_DONE;
    }
    if (errno != EEXIST) {
        complain(ui,
                 tr(ui, "%s cannot be made. Look whether the folder above it is there and is yours.",
                    "%s kan niet gemaakt worden. Kijk of de map erboven bestaat en van u is."),
                 path);
        return STATUS_REFUSED;
    }
    if (!is_empty_folder(path)) {
        complain(ui,
                 tr(ui, "%s is there already and is not empty. Choose a new folder; nothing was changed.",
                    "%s bestaat al en is niet leeg. Kies een nieuwe map; er is niets veranderd."),
                 path);
        return STATUS_REFUSED;
    }
    return chmod(path, 0700) == 0 ? STATUS_DONE : complain_code(ui, BB_IO);
}

static enum bb_code make_keys(struct init *init)
{
    if (sodium_init() < 0 || zmq_curve_keypair(init->server_public, init->server_secret) != 0 ||
        zmq_z85_decode(init->server_key, init->server_public) == NULL) {
        return BB_IO;
    }
    crypto_box_keypair(init->recovery_public, init->recovery_secret);
    return BB_OK;
}

static enum bb_code make_files(struct init *init)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/operator", init->folder) >= (int)sizeof path) {
        return BB_TOO_LONG;
    }
    enum bb_code code = bb_identity_found(path, init->community, init->command_near, init->publish_near,
                                          init->server_key, &init->founder);
    snprintf(path, sizeof path, "%s/store", init->folder);
    if (code == BB_OK && mkdir(path, 0700) != 0) {
        code = BB_IO;
    }
    enum bb_code (*const writers[])(const struct init *) = {init_write_server_keys, init_write_configuration,
                                                            init_write_founding, init_write_recovery_key,
                                                            init_sync_folder};
    for (size_t i = 0; code == BB_OK && i < sizeof writers / sizeof *writers; i++) {
        code = writers[i](init);
    }
    return code;
}

static void tell_made(struct ui *ui, const struct init *init)
{
    const struct {
        const char *file, *en, *nl;
    } made[] = {
        {"buurtbeld.zpl", "configuration", "configuratie"},
        {"founding.zpl", "the community: look through its categories", "de gemeenschap: bekijk de categorieën"},
        {"server.zpl", "the broker's keys; secret", "de sleutels van de server; geheim"},
        {"operator/", "your identity as operator; secret", "uw identiteit als beheerder; geheim"},
        {"recovery-key.txt", "print this, put it into a safe, delete it", "druk dit af, leg het in een kluis, wis het"},
        {"store/", "still empty", "nog leeg"},
    };
    printf(tr(ui, "Made in %s:\n", "Gemaakt in %s:\n"), init->folder);
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        printf("  %-17s %s\n", made[i].file, tr(ui, made[i].en, made[i].nl));
    }
    if (init->guessed) {
        printf(tr(ui,
                  "Others will connect to %s: look at command-public and publish-public before you invite anybody.\n",
                  "Anderen verbinden met %s: bekijk command-public en publish-public voordat u iemand uitnodigt.\n"),
               init->command_public);
    }
    printf("\n%s\n", tr(ui, "Next:", "Nu verder:"));
    printf("  buurtbeld %s/buurtbeld.zpl\n", init->folder);
    printf("  buurtbel-ctl --home %s/operator invite --role coordinator\n", init->folder);
}

int init_run(struct ui *ui, const struct arguments *arguments)
{
    static struct init init;
    int status = read_choices(ui, arguments, &init);
    if (status == STATUS_DONE) {
        status = make_folder(ui, init.folder);
    }
    if (status != STATUS_DONE) {
        return status;
    }
    enum bb_code code = make_keys(&init);
    if (code == BB_OK) {
        code = make_files(&init);
    }
    if (code == BB_OK) {
        tell_made(ui, &init);
    } else {
        status = complain_code(ui, code);
    }
    sodium_memzero(&init, sizeof init);
    return status;
}
