// SPDX-License-Identifier: MPL-2.0
// The texts of a new community's files. What they say is read by the daemon, by zcert and, once, by a person.
#include "init.h"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>
#include <zmq.h>

static FILE *create_file(const struct init *init, const char *name)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", init->folder, name) >= (int)sizeof path) {
        return NULL;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (fd >= 0 && file == NULL) {
        close(fd);
    }
    // Unbuffered: secrets must not stay behind in a buffer of the C library.
    if (file != NULL) {
        setvbuf(file, NULL, _IONBF, 0);
    }
    return file;
}

static enum bb_code finish_file(FILE *file)
{
    bool good = fflush(file) == 0 && ferror(file) == 0 && fsync(fileno(file)) == 0;
    return fclose(file) == 0 && good ? BB_OK : BB_IO;
}

// Also the folder above, where the new one's name stands.
enum bb_code init_sync_folder(const struct init *init)
{
    int fd = open(init->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int above = fd >= 0 ? openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    bool synced = above >= 0 && fsync(fd) == 0 && fsync(above) == 0;
    if (fd >= 0) {
        close(fd);
    }
    if (above >= 0) {
        close(above);
    }
    return synced ? BB_OK : BB_IO;
}

enum bb_code init_write_server_keys(const struct init *init)
{
    FILE *file = create_file(init, "server.zpl");
    if (file == NULL) {
        return BB_IO;
    }
    fprintf(file,
            "# The key pair of this community's broker. Whoever has it can pose as the broker: keep it secret, back it "
            "up.\n"
            "metadata\n"
            "    community = \"%s\"\n"
            "curve\n"
            "    public-key = \"%s\"\n"
            "    secret-key = \"%s\"\n",
            init->community, init->server_public, init->server_secret);
    return finish_file(file);
}

enum bb_code init_write_configuration(const struct init *init)
{
    FILE *file = create_file(init, "buurtbeld.zpl");
    if (file == NULL) {
        return BB_IO;
    }
    fprintf(
        file,
        "# Configuration of buurtbeld for %s. What is not here has its default; buurtbeld.zpl(5) lists every key.\n"
        "# Paths that do not begin with / start at the folder of this file.\n"
        "server\n"
        "    # What the daemon binds: an IP address, or * for all of this computer. Open both ports in the firewall.\n"
        "    command = \"%s\"\n"
        "    publish = \"%s\"\n"
        "    # The same as others reach it. It goes into invitations, so it should not change later.\n"
        "    command-public = \"%s\"\n"
        "    publish-public = \"%s\"\n"
        "    # /live, /ready and /metrics, on loopback only.\n"
        "    http = \"%s\"\n"
        "    keys = \"server.zpl\"\n",
        init->community, init->command, init->publish, init->command_public, init->publish_public, init->http);
    fprintf(file,
            "store\n"
            "    # On a local disk, never on a network share.\n"
            "    folder = \"store\"\n"
            "    # What it may grow to. A million requests take about 4G.\n"
            "    map-size = \"%s\"\n"
            "    # The keys of names and texts. Back it up apart from the store, and do not keep such backups long.\n"
            "    keyring = \"keyring\"\n"
            "community\n"
            "    # Read once, when the store is empty.\n"
            "    founding = \"founding.zpl\"\n",
            init->map_size);
    return finish_file(file);
}

static void write_key(FILE *file, const char *indent, const char *name, const uint8_t key[32])
{
    char text[KEY_TEXT_SIZE];
    zmq_z85_encode(text, key, 32);
    fprintf(file, "%s%s = \"%s\"\n", indent, name, text);
}

static void write_categories(FILE *file)
{
    static const struct {
        const char *key, *name, *icon;
        int coordinators_only;
    } categories[] = {
#define X(key, name, icon, coordinators_only) {key, name, icon, coordinators_only},
#include "categories.def"
#undef X
    };
    fprintf(file,
            "    # Change, add and remove them before the first start. One that is for coordinators only is never\n"
            "    # broadcast; nor is a request that is large, whatever its category.\n"
            "    categories\n");
    for (size_t i = 0; i < sizeof categories / sizeof *categories; i++) {
        fprintf(
            file,
            "        %s\n            name = \"%s\"\n            icon = \"%s\"\n            coordinators-only = %d\n",
            categories[i].key, categories[i].name, categories[i].icon, categories[i].coordinators_only);
    }
}

enum bb_code init_write_founding(const struct init *init)
{
    FILE *file = create_file(init, "founding.zpl");
    if (file == NULL) {
        return BB_IO;
    }
    fprintf(file,
            "# The community and its first operator. Read once, at the first start of buurtbeld; look through it "
            "before that.\n"
            "community\n"
            "    key = \"%s\"\n"
            "    name = \"%s\"\n",
            init->community, init->name);
    write_key(file, "    ", "recovery-key", init->recovery_public);
    fprintf(file, "    # Stands with every request that should be answered soon.\n"
                  "    emergency-line = \"Dit is geen hulpdienst. Bel bij gevaar of nood 112.\"\n"
                  "    # 1: the first offer of a tip is taken at once.\n"
                  "    tips-confirmed-at-once = 0\n");
    write_categories(file);
    fprintf(file, "operator\n    party-name = \"Beheer\"\n    member-name = \"Beheerder\"\n");
    write_key(file, "    ", "curve-key", init->founder.curve);
    write_key(file, "    ", "sealing-key", init->founder.sealing);
    write_key(file, "    ", "signing-key", init->founder.signing);
    return finish_file(file);
}

enum bb_code init_write_recovery_key(const struct init *init)
{
    FILE *file = create_file(init, "recovery-key.txt");
    if (file == NULL) {
        return BB_IO;
    }
    char z85[KEY_TEXT_SIZE], hex[65];
    zmq_z85_encode(z85, init->recovery_secret, 32);
    sodium_bin2hex(hex, sizeof hex, init->recovery_secret, 32);
    fprintf(
        file,
        "Herstelsleutel van %s\n\n"
        "De contactgegevens van vragers zijn versleuteld; alleen hun intakebalie kan ze lezen. Raakt een balie al "
        "haar\n"
        "sleutels kwijt, dan is dit de enige weg terug. Druk dit blad af, leg het in een kluis, en wis dit bestand.\n"
        "Wie dit blad heeft en bij de opslag kan, kan de contactgegevens lezen.\n\n"
        "Recovery key of %s\n\n"
        "Contact details of askers are encrypted; only their desk can read them. Where a desk loses all of its keys,\n"
        "this is the only way back. Print this page, put it into a safe, and delete this file.\n"
        "Whoever has this page and can read the store can read the contact details.\n\n"
        "X25519, secret, Z85:  ",
        init->name, init->name);
    fprintf(file, "%s\nX25519, secret, hex:  %s\n", z85, hex);
    sodium_memzero(z85, sizeof z85);
    sodium_memzero(hex, sizeof hex);
    return finish_file(file);
}
