// SPDX-License-Identifier: MPL-2.0
// JSON as people's programs write it: what is taken into a message is written as JSON that gives the same message.
//
// Input: which message, then the text. It comes from files of the desk (buurtbel-intake post) and of tests.
#include "fuzz.h"

#include "buurtbel.h"
#include "client.pb-c.h"
#include "message/json.h"

static const ProtobufCMessageDescriptor *const types[] = {
    &wire__publish_request__descriptor, &wire__command__descriptor,      &wire__from_broker__descriptor,
    &wire__query__descriptor,           &client__invitation__descriptor,
};

// Packed: the same message has the same bytes.
static uint8_t *pack(const ProtobufCMessage *message, size_t *size)
{
    *size = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = malloc(*size + 1);
    insist(packed != NULL);
    protobuf_c_message_pack(message, packed);
    return packed;
}

static void expect_the_same_again(const ProtobufCMessage *message)
{
    char problem[64], *text = bb_json(message);
    ProtobufCMessage *again = NULL;
    size_t size, again_size;
    insist(text != NULL);
    insist(bb_json_parse(text, message->descriptor, &again, problem, sizeof problem) == BB_OK);
    uint8_t *packed = pack(message, &size), *again_packed = pack(again, &again_size);
    insist(size == again_size && memcmp(packed, again_packed, size) == 0);
    protobuf_c_message_free_unpacked(again, NULL);
    free(packed);
    free(again_packed);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct feed feed = {bytes, size};
    const ProtobufCMessageDescriptor *type = types[feed_byte(&feed) % (sizeof types / sizeof *types)];
    char *text = fuzz_text(feed.at, feed.left), problem[16];
    ProtobufCMessage *message = NULL;
    enum bb_code code = bb_json_parse(text, type, &message, problem, sizeof problem);
    insist((code == BB_OK) == (message != NULL));
    if (message) {
        expect_the_same_again(message);
        protobuf_c_message_free_unpacked(message, NULL);
    } else {
        insist(memchr(problem, '\0', sizeof problem) != NULL);
    }
    free(text);
    return 0;
}
