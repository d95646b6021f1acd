// SPDX-License-Identifier: MPL-2.0
// Identity files: one table says what stands where, for reading and for writing.
//
// A file whose pairs do not belong together is refused at once, and not when the first message fails.
#include "identity.h"

#include "file/file.h"
#include "file/zpl.h"
#include "message/utf8.h"

#include <assert.h>
#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zmq.h>

enum kind { TEXT, ROLE, BINARY };

struct field {
    const char *path;
    enum kind kind;
    size_t offset, size;
    bool enrolling; // stands there only after an enrolment
};

#define AT(member) offsetof(struct identity, member), sizeof((struct identity *)0)->member

static const struct field fields[] = {
    {"metadata/community", TEXT, AT(community), false},
    {"metadata/role", ROLE, AT(role), false},
    {"metadata/party-name", TEXT, AT(party_name), false},
    {"metadata/member-name", TEXT, AT(member_name), false},
    {"curve/public-key", BINARY, AT(curve.public_key), false},
    {"curve/secret-key", BINARY, AT(curve.secret_key), false},
    {"sealing/public-key", BINARY, AT(sealing.public_key), false},
    {"sealing/secret-key", BINARY, AT(sealing.secret_key), false},
    {"signing/public-key", BINARY, AT(signing_public), false},
    // libsodium's secret key is the seed with the public key behind it; the seed alone is kept.
    {"signing/secret-seed", BINARY, offsetof(struct identity, signing_secret), KEY_SIZE, false},
    {"broker/server-key", BINARY, AT(server_key), false},
    {"broker/command", TEXT, AT(command_endpoint), false},
    {"broker/publish", TEXT, AT(publish_endpoint), false},
    {"enrolment/command-id", BINARY, AT(enrol_id), true},
    {"enrolment/admission-key", BINARY, AT(admission_public), true},
};
static const char VERSION[] = "1";

enum { FIELDS = sizeof fields / sizeof *fields };

static_assert(SIGNING_SECRET_SIZE == crypto_sign_SECRETKEYBYTES, "Ed25519");
static_assert(KEY_SIZE == crypto_sign_SEEDBYTES && KEY_SIZE == crypto_box_SECRETKEYBYTES, "one size for all keys");

void identity_make_keys(struct identity *identity)
{
    // CURVE keys are X25519 keys, so libsodium makes them as well as zmq_curve_keypair does.
    crypto_box_keypair(identity->curve.public_key, identity->curve.secret_key);
    crypto_box_keypair(identity->sealing.public_key, identity->sealing.secret_key);
    crypto_sign_keypair(identity->signing_public, identity->signing_secret);
}

void identity_wipe(struct identity *identity)
{
    sodium_memzero(identity, sizeof *identity);
}

static bool is_pair(const struct key_pair *pair)
{
    uint8_t made[KEY_SIZE];
    return crypto_scalarmult_base(made, pair->secret_key) == 0 && memcmp(made, pair->public_key, KEY_SIZE) == 0;
}

// Makes libsodium's signing key of the seed that was read.
static bool complete_signing(struct identity *identity)
{
    uint8_t seed[KEY_SIZE], public_key[KEY_SIZE];
    memcpy(seed, identity->signing_secret, sizeof seed);
    crypto_sign_seed_keypair(public_key, identity->signing_secret, seed);
    sodium_memzero(seed, sizeof seed);
    return memcmp(public_key, identity->signing_public, KEY_SIZE) == 0;
}

static bool read_binary(const char *text, uint8_t *out, size_t size)
{
    uint8_t bytes[KEY_SIZE];
    if (strlen(text) != size / 4 * 5 || !zmq_z85_decode(bytes, text)) {
        return false;
    }
    memcpy(out, bytes, size);
    sodium_memzero(bytes, sizeof bytes);
    return true;
}

static bool read_text(const char *text, char *out, size_t room)
{
    size_t size = strlen(text);
    if (size >= room || !utf8_valid((const uint8_t *)text, size)) {
        return false;
    }
    memcpy(out, text, size + 1);
    return true;
}

static bool read_role(const char *text, enum bb_role *out)
{
    uint32_t role;
    if (!bb_word_value(&bb_roles, text, &role)) {
        return false;
    }
    *out = (enum bb_role)role;
    return true;
}

static bool read_field(const struct field *field, const char *text, struct identity *out)
{
    void *at = (char *)out + field->offset;
    switch (field->kind) {
    case TEXT:
        return read_text(text, at, field->size);
    case ROLE:
        return read_role(text, at);
    case BINARY:
        return read_binary(text, at, field->size);
    }
    return false;
}

static bool read_fields(const struct zpl *zpl, struct identity *out)
{
    const char *version = zpl_get(zpl, "version");
    if (!version || strcmp(version, VERSION) != 0) {
        return false;
    }
    out->enrolling = zpl_get(zpl, "enrolment/command-id") != NULL;
    for (size_t i = 0; i < FIELDS; i++) {
        if (fields[i].enrolling && !out->enrolling) {
            continue;
        }
        const char *text = zpl_get(zpl, fields[i].path);
        if (!text || !read_field(&fields[i], text, out)) {
            return false;
        }
    }
    return is_pair(&out->curve) && is_pair(&out->sealing) && complete_signing(out);
}

enum bb_code identity_load(const char *path, struct identity *out)
{
    uint8_t *text;
    size_t size;
    memset(out, 0, sizeof *out);
    enum bb_code code = file_read_private(path, IDENTITY_FILE_SIZE_MAX, &text, &size);
    if (code != BB_OK) {
        return code == BB_NOT_FOUND ? BB_NO_IDENTITY : code == BB_TOO_LARGE ? BB_BAD_IDENTITY : code;
    }
    struct zpl *zpl = NULL;
    struct zpl_problem problem;
    code = zpl_read((const char *)text, size, &zpl, &problem);
    sodium_memzero(text, size);
    free(text);
    if (code != BB_OK) {
        return code == BB_NO_MEMORY ? code : BB_BAD_IDENTITY;
    }
    if (!read_fields(zpl, out)) {
        identity_wipe(out);
        code = BB_BAD_IDENTITY;
    }
    zpl_destroy(&zpl);
    return code;
}

// The section of `path`, made where it is missing. `*name` is what follows the slash.
static struct zpl *section_of(struct zpl *root, const char *path, const char **name)
{
    const char *slash = strchr(path, '/');
    char section[16];
    assert(slash && (size_t)(slash - path) < sizeof section);
    memcpy(section, path, (size_t)(slash - path));
    section[slash - path] = '\0';
    *name = slash + 1;
    for (struct zpl *child = root->children; child; child = child->next) {
        if (strcmp(child->name, section) == 0) {
            return child;
        }
    }
    return zpl_add(root, section, NULL);
}

static bool write_field(struct zpl *root, const struct field *field, const struct identity *identity)
{
    char text[KEY_SIZE / 4 * 5 + 1] = "";
    const void *at = (const char *)identity + field->offset;
    const char *name, *value = text;
    switch (field->kind) {
    case TEXT:
        value = at;
        break;
    case ROLE:
        value = bb_word(&bb_roles, (uint32_t)identity->role, BB_ENGLISH);
        break;
    case BINARY:
        zmq_z85_encode(text, at, field->size);
        break;
    }
    struct zpl *section = section_of(root, field->path, &name);
    bool added = value && section && zpl_add(section, name, value);
    sodium_memzero(text, sizeof text);
    return added;
}

static struct zpl *to_zpl(const struct identity *identity)
{
    struct zpl *root = zpl_create("", NULL);
    bool whole = root && zpl_add(root, "version", VERSION);
    for (size_t i = 0; whole && i < FIELDS; i++) {
        if (!fields[i].enrolling || identity->enrolling) {
            whole = write_field(root, &fields[i], identity);
        }
    }
    if (!whole) {
        zpl_destroy(&root);
    }
    return root;
}

enum bb_code identity_save(const struct identity *identity, const char *path)
{
    if (!bb_word_known(&bb_roles, (uint32_t)identity->role)) {
        return BB_BAD_VALUE;
    }
    struct zpl *zpl = to_zpl(identity);
    if (!zpl) {
        return BB_NO_MEMORY;
    }
    char *text;
    size_t size;
    enum bb_code code = zpl_write(zpl, &text, &size);
    zpl_destroy(&zpl);
    if (code != BB_OK) {
        return code;
    }
    code = file_write_durably(path, text, size, S_IRUSR | S_IWUSR);
    sodium_memzero(text, size);
    free(text);
    return code;
}
