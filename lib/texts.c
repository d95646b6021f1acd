// SPDX-License-Identifier: MPL-2.0
// The public names of what the library and the daemon share inside: version, numbers, words, screening, JSON.
//
// Decides nothing; what these functions do is told and tested at the modules that they call.
#include "buurtbel.h"

#include "message/arena.h"
#include "message/id_text.h"
#include "message/json.h"
#include "seal/check_words.h"
#include "text/text_check.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static_assert(BB_CHECK_WORDS_SIZE == CHECK_WORDS_SIZE + 1, "one size");
static_assert(BB_ID_TEXT_SIZE == ID_TEXT_SIZE + 1, "one size");

const char *bb_version(void)
{
    return BUURTBEL_VERSION;
}

void bb_check_words(const uint8_t sealing_key[32], char out[BB_CHECK_WORDS_SIZE])
{
    check_words(sealing_key, out);
}

void bb_id_text(uint64_t id, char out[BB_ID_TEXT_SIZE])
{
    id_to_text(id, out);
}

bool bb_id_parse(const char *text, uint64_t *out)
{
    return id_from_text(text, out);
}

enum bb_code bb_text_check(const char *text)
{
    return text_check(text, strlen(text));
}

char *bb_json(const ProtobufCMessage *message)
{
    json_t *json = json_from_message(message);
    if (!json) {
        return NULL;
    }
    char *text = json_dumps(json, JSON_COMPACT);
    json_decref(json);
    return text;
}

// Messages of the arena end with it; the caller's is one of its own.
static enum bb_code copy_out(const ProtobufCMessage *message, ProtobufCMessage **out)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = malloc(size + 1); // never 0
    if (!packed) {
        return BB_NO_MEMORY;
    }
    protobuf_c_message_pack(message, packed);
    *out = protobuf_c_message_unpack(message->descriptor, NULL, size, packed);
    free(packed);
    return *out ? BB_OK : BB_NO_MEMORY;
}

static enum bb_code json_to_own_message(const json_t *json, const ProtobufCMessageDescriptor *descriptor,
                                        ProtobufCMessage **out, char *problem, size_t problem_size)
{
    const char *field = NULL;
    ProtobufCMessage *message;
    struct arena *arena = arena_create(MESSAGE_ARENA_SIZE_MAX);
    if (!arena) {
        return BB_NO_MEMORY;
    }
    enum bb_code code = json_to_message(json, descriptor, arena, &message, &field);
    if (code == BB_OK) {
        code = copy_out(message, out);
    } else {
        snprintf(problem, problem_size, "%s", field ? field : "");
    }
    arena_destroy(&arena);
    return code;
}

enum bb_code bb_json_parse(const char *text, const ProtobufCMessageDescriptor *descriptor, ProtobufCMessage **out,
                           char *problem, size_t problem_size)
{
    json_error_t error;
    *out = NULL;
    snprintf(problem, problem_size, "%s", "");
    json_t *json = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!json) {
        snprintf(problem, problem_size, "line %d: %s", error.line, error.text);
        return BB_MALFORMED;
    }
    enum bb_code code = json_to_own_message(json, descriptor, out, problem, problem_size);
    json_decref(json);
    return code;
}
