// SPDX-License-Identifier: MPL-2.0
// A member's identity: its three key pairs, and the broker that they are for. One ZPL file that zcert can read too.
//
// Secrets stay in this struct and in that file (0600); whoever loads or makes an identity wipes it. Called by enrol.c,
// client.c and the founding of a community.
#ifndef BUURTBEL_IDENTITY_H
#define BUURTBEL_IDENTITY_H

#include "bounds.h"
#include "codes.h"
#include "words.h"

#include <stdbool.h>
#include <stdint.h>

enum { KEY_SIZE = 32, SIGNING_SECRET_SIZE = 64, ENDPOINT_SIZE_MAX = 255 };

struct key_pair {
    uint8_t public_key[KEY_SIZE], secret_key[KEY_SIZE];
};

struct identity {
    char community[COMMUNITY_KEY_SIZE_MAX + 1];
    enum bb_role role;
    char party_name[NAME_SIZE_MAX + 1],
        member_name[NAME_SIZE_MAX + 1]; // as they were enrolled; the welcome knows better
    struct key_pair curve, sealing;
    uint8_t signing_public[KEY_SIZE];
    uint8_t signing_secret[SIGNING_SECRET_SIZE]; // as libsodium keeps it: seed and public key
    uint8_t server_key[KEY_SIZE];
    char command_endpoint[ENDPOINT_SIZE_MAX + 1], publish_endpoint[ENDPOINT_SIZE_MAX + 1];
    // The enrolment that made it; empty for a founder. Kept so that it can be repeated after a crash.
    bool enrolling;
    uint8_t enrol_id[COMMAND_ID_SIZE];
    uint8_t admission_public[KEY_SIZE];
};

// New key pairs; leaves all other fields as they are.
void identity_make_keys(struct identity *identity);

// BB_NO_IDENTITY when there is no file, BB_OPEN_PERMISSIONS when others can read it, BB_BAD_IDENTITY when it is damaged
// or its pairs do not belong together, BB_IO, BB_NO_MEMORY. `out` is wiped unless it is BB_OK.
BB_CHECKED enum bb_code identity_load(const char *path, struct identity *out);

// Durable and 0600 when it returns BB_OK. BB_BAD_VALUE when a text cannot stand in such a file.
BB_CHECKED enum bb_code identity_save(const struct identity *identity, const char *path);

void identity_wipe(struct identity *identity);

#endif
