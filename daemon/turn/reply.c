// SPDX-License-Identifier: MPL-2.0
// Replies; see reply.h. Over the wire go a code of the client's business and its sentence, never errno or LMDB's words.
#include "reply.h"

#include "bounds.h"
#include "message/frame.h"

#include <string.h>

// What went wrong inside is the operator's to know; a client hears that it may try again, or that it cannot now.
static enum bb_code outward(enum bb_code code)
{
    switch (code) {
    case BB_NO_MEMORY:
    case BB_NO_KEY_SLOT:
        return BB_BUSY;
    case BB_NOT_FOUND:
    case BB_ERASED:
    case BB_IO:
        return BB_STORE_DAMAGED;
    default:
        return code;
    }
}

static enum bb_code pack(uint32_t correlation, const struct turn_answer *answer, ProtobufCBinaryData command_id,
                         struct arena *arena, uint8_t **frame, size_t *frame_size)
{
    Wire__FromBroker message = WIRE__FROM_BROKER__INIT;
    Wire__Reply reply = WIRE__REPLY__INIT;
    enum bb_code code = outward(answer->code);
    const char *sentence = bb_code_sentence(code, BB_ENGLISH);
    message.correlation = correlation;
    message.body_case = WIRE__FROM_BROKER__BODY_REPLY;
    message.reply = &reply;
    reply.code = code;
    reply.command_bytes = command_id;
    reply.sentence = (ProtobufCBinaryData){strlen(sentence), (uint8_t *)sentence};
    reply.entry = answer->entry;
    reply.made = answer->made;
    reply.party = answer->party;
    reply.state = answer->state;
    return frame_pack(&message.base, BROKER_FRAME_SIZE_MAX, arena, frame, frame_size);
}

enum bb_code reply_refusal(uint32_t correlation, enum bb_code refusal, ProtobufCBinaryData command_id,
                           struct arena *arena, uint8_t **frame, size_t *frame_size)
{
    struct turn_answer answer = {.code = refusal};
    return pack(correlation, &answer, command_id, arena, frame, frame_size);
}

enum bb_code reply_answer(uint32_t correlation, const struct turn_answer *answer, ProtobufCBinaryData command_id,
                          struct arena *arena, uint8_t **frame, size_t *frame_size)
{
    return pack(correlation, answer, command_id, arena, frame, frame_size);
}

bool reply_is_about_rights(enum bb_code code)
{
    return code == BB_NOT_ALLOWED || code == BB_NOT_YOURS || code == BB_MEMBER_REVOKED || code == BB_PARTY_SUSPENDED ||
           code == BB_PARTY_WAITING;
}
