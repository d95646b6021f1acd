// SPDX-License-Identifier: MPL-2.0
// The daemon's configuration, read from buurtbeld.zpl once at the start and checked as a whole.
//
// The keys stand in config.def. What main gets can be used as it is: paths are resolved, numbers in range, endpoints
// well formed, the server's key pair loaded. Opens nothing but files for reading; called by main and by tests.
#ifndef BUURTBELD_CONFIG_H
#define BUURTBELD_CONFIG_H

#include "bounds.h"
#include "codes.h"

#include <stdint.h>
#include <stdio.h>

enum { SERVER_KEY_TEXT_SIZE = 41 };

#define CONFIG_FIELD_BIND char *
#define CONFIG_FIELD_REACH char *
#define CONFIG_FIELD_LOOPBACK char *
#define CONFIG_FIELD_PATH char *
#define CONFIG_FIELD_FOLDER char *
#define CONFIG_FIELD_COUNT uint64_t
#define CONFIG_FIELD_SIZE uint64_t
#define CONFIG_FIELD_SWITCH uint64_t

struct config {
#define X(key, field, kind, least, most, fallback, example, help) CONFIG_FIELD_##kind field;
#include "config.def"
#undef X
    uint8_t server_public_key[32];
    char server_public_text[SERVER_KEY_TEXT_SIZE]; // Z85
    char server_secret_text[SERVER_KEY_TEXT_SIZE];
};

// Every problem goes to `problems` as a line of its own. BB_BAD_CONFIG when there is one, BB_NO_MEMORY.
BB_CHECKED enum bb_code config_load(const char *path, struct config **out, FILE *problems);
// Wipes the secrets.
void config_destroy(struct config **config);

// A commented configuration with every key.
void config_print_example(FILE *out);

#endif
