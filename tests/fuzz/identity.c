// SPDX-License-Identifier: MPL-2.0
// Identity files: what is taken is whole, and is saved as a file that is loaded as the same identity.
//
// Input: the text of identity.zpl.
#include "fuzz.h"

#include "seal/identity.h"

#include <sys/stat.h>
#include <unistd.h>

static bool is_wiped(const struct identity *identity)
{
    const uint8_t *at = (const uint8_t *)identity;
    for (size_t i = 0; i < sizeof *identity; i++) {
        if (at[i] != 0)
            return false;
    }
    return true;
}

static bool same(const struct identity *a, const struct identity *b)
{
    return strcmp(a->community, b->community) == 0 && a->role == b->role && strcmp(a->party_name, b->party_name) == 0 &&
           strcmp(a->member_name, b->member_name) == 0 && memcmp(&a->curve, &b->curve, sizeof a->curve) == 0 &&
           memcmp(&a->sealing, &b->sealing, sizeof a->sealing) == 0 &&
           memcmp(a->signing_secret, b->signing_secret, sizeof a->signing_secret) == 0 &&
           memcmp(a->server_key, b->server_key, sizeof a->server_key) == 0 &&
           strcmp(a->command_endpoint, b->command_endpoint) == 0 &&
           strcmp(a->publish_endpoint, b->publish_endpoint) == 0 && a->enrolling == b->enrolling;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *path, *again_path;
    static struct identity identity, again; // too large for a stack with red zones
    if (!path) {
        fuzz_random_from_start();
        path = fuzz_path("identity.zpl");
        again_path = fuzz_path("again.zpl");
    }
    fuzz_write(path, bytes, size, S_IRUSR | S_IWUSR);
    enum bb_code code = identity_load(path, &identity);
    insist(code == BB_OK || code == BB_BAD_IDENTITY);
    if (code != BB_OK) {
        insist(is_wiped(&identity));
        return 0;
    }
    code = identity_save(&identity, again_path);
    insist(code == BB_OK || code == BB_BAD_VALUE); // both kinds of quotes in one name
    if (code == BB_OK) {
        insist(identity_load(again_path, &again) == BB_OK && same(&identity, &again));
        identity_wipe(&again);
    }
    identity_wipe(&identity);
    return 0;
}
