// SPDX-License-Identifier: MPL-2.0
// Replies as frames: what was accepted, and refusals with their sentence.
#ifndef BUURTBELD_REPLY_H
#define BUURTBELD_REPLY_H

#include "turn.h"

// `command_id` is empty where the message was no command. The frame lies in `arena`.
BB_CHECKED enum bb_code reply_refusal(uint32_t correlation, enum bb_code refusal, ProtobufCBinaryData command_id,
                                      struct arena *arena, uint8_t **frame, size_t *frame_size);
BB_CHECKED enum bb_code reply_answer(uint32_t correlation, const struct turn_answer *answer,
                                     ProtobufCBinaryData command_id, struct arena *arena, uint8_t **frame,
                                     size_t *frame_size);

// Was it refused because of who asked?
bool reply_is_about_rights(enum bb_code code);

#endif
