// SPDX-License-Identifier: MPL-2.0
// A member's home folder, and the identity that a community's founding operator gets in one.
//
// Knows the folder and the names in it, not what stands in the files.
#include "home.h"

#include "buurtbel.h"
#include "file.h"
#include "seal/identity.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// A folder that was made is synced into the one above it: the keys of a member will stand in it.
static enum bb_code make_folder(const char *path)
{
    if (mkdir(path, S_IRWXU) == 0) {
        return file_sync_folder(path);
    }
    return errno == EEXIST ? BB_OK : BB_IO;
}

enum bb_code home_create(const char *home)
{
    char path[PATH_MAX];
    size_t size = strlen(home);
    if (size == 0 || size >= sizeof path) {
        return BB_IO;
    }
    memcpy(path, home, size + 1);
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        enum bb_code code = make_folder(path);
        *slash = '/';
        if (code != BB_OK) {
            return code;
        }
    }
    return make_folder(path);
}

char *home_path(const char *home, const char *name)
{
    char *path;
    return asprintf(&path, "%s/%s", home, name) < 0 ? NULL : path;
}

static bool copy_text(char *out, const char *text, size_t room)
{
    size_t size = strlen(text);
    if (size == 0 || size >= room) {
        return false;
    }
    memcpy(out, text, size + 1);
    return true;
}

enum bb_code bb_identity_found(const char *home, const char *community, const char *command_endpoint,
                               const char *publish_endpoint, const uint8_t server_key[32],
                               struct bb_founder_keys *publics)
{
    struct identity identity = {.role = ROLE_OPERATOR};
    if (sodium_init() < 0) {
        return BB_IO;
    }
    if (!copy_text(identity.community, community, sizeof identity.community) ||
        !copy_text(identity.command_endpoint, command_endpoint, sizeof identity.command_endpoint) ||
        !copy_text(identity.publish_endpoint, publish_endpoint, sizeof identity.publish_endpoint)) {
        return BB_BAD_VALUE;
    }
    enum bb_code code = home_create(home);
    if (code != BB_OK) {
        return code;
    }
    char *path = home_path(home, IDENTITY_FILE_NAME);
    if (!path) {
        return BB_NO_MEMORY;
    }
    code = BB_ALREADY_ENROLLED;
    if (access(path, F_OK) != 0) {
        memcpy(identity.server_key, server_key, KEY_SIZE);
        identity_make_keys(&identity);
        code = identity_save(&identity, path);
    }
    if (code == BB_OK) {
        memcpy(publics->curve, identity.curve.public_key, KEY_SIZE);
        memcpy(publics->sealing, identity.sealing.public_key, KEY_SIZE);
        memcpy(publics->signing, identity.signing_public, KEY_SIZE);
    }
    identity_wipe(&identity);
    free(path);
    return code;
}
