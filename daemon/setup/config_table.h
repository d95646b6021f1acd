// SPDX-License-Identifier: MPL-2.0
// config.def as a table. Private to config.c (reading and checking) and config_example.c (printing).
#ifndef BUURTBELD_CONFIG_TABLE_H
#define BUURTBELD_CONFIG_TABLE_H

#include "config.h"

#include <stddef.h>

enum config_kind { KIND_BIND, KIND_REACH, KIND_LOOPBACK, KIND_PATH, KIND_FOLDER, KIND_COUNT, KIND_SIZE, KIND_SWITCH };

enum config_index {
#define X(key, field, kind, least, most, fallback, example, help) CONFIG_INDEX_##field,
#include "config.def"
#undef X
    CONFIG_KEYS_COUNT,
};

struct config_key {
    const char *key; // "section/name"
    enum config_kind kind;
    size_t offset; // in struct config: char * or uint64_t, by kind
    uint64_t least, most;
    const char *fallback;
    const char *example;
    const char *help;
};
extern const struct config_key config_keys[CONFIG_KEYS_COUNT];

#endif
