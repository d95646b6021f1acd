// SPDX-License-Identifier: MPL-2.0
// What init.c and init_files.c share: the choices that were made and the keys that belong to them.
#ifndef CTL_INIT_H
#define CTL_INIT_H

#include "ui.h"

enum { INIT_ENDPOINT_SIZE = 300, KEY_TEXT_SIZE = 41 };

struct init {
    const char *folder;
    const char *community, *name;
    const char *command, *publish, *http, *map_size;                             // to bind
    char command_public[INIT_ENDPOINT_SIZE], publish_public[INIT_ENDPOINT_SIZE]; // as others reach it
    char command_near[INIT_ENDPOINT_SIZE], publish_near[INIT_ENDPOINT_SIZE];     // from this computer
    bool guessed; // the public endpoints are this computer's name, which somebody should look at
    char server_public[KEY_TEXT_SIZE], server_secret[KEY_TEXT_SIZE]; // Z85
    uint8_t server_key[32];
    uint8_t recovery_public[32], recovery_secret[32];
    struct bb_founder_keys founder;
};

// Write one file each, durable and 0600. BB_IO.
BB_CHECKED enum bb_code init_write_server_keys(const struct init *init);
BB_CHECKED enum bb_code init_write_configuration(const struct init *init);
BB_CHECKED enum bb_code init_write_founding(const struct init *init);
BB_CHECKED enum bb_code init_write_recovery_key(const struct init *init);

// The folder itself, and the entries in it.
BB_CHECKED enum bb_code init_sync_folder(const struct init *init);

#endif
