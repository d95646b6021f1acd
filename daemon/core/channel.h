// SPDX-License-Identifier: MPL-2.0
// Channels: numbered sequences of notices without holes, one per community and audience class, and a mailbox a party.
//
// All channels stand in one log; each entry names the one before it of its channel. An entry is a reference to a
// record and is rendered when it is sent or read, so that it always shows the newest state.
#ifndef BUURTBEL_CORE_CHANNEL_H
#define BUURTBEL_CORE_CHANNEL_H

#include "core.h"

enum { CHANNEL_HASH_SIZE = 8 };

enum subject {
    SUBJECT_REQUEST = 1,
    SUBJECT_OFFER = 2,
    SUBJECT_RELEASE = 3,
    SUBJECT_PARTY = 4,
};

uint64_t channel_of_class(uint64_t community, uint32_t audience_class);
uint64_t channel_of_party(uint64_t party);
bool channel_is_class(uint64_t channel);
uint32_t channel_class(uint64_t channel);     // of a class channel
uint64_t channel_community(uint64_t channel); // of a class channel
uint64_t channel_party(uint64_t channel);     // of a mailbox

// The channel's end; seq 0 for one that was never written to. In the transaction's arena.
BB_CHECKED enum bb_code channel_head(struct core *core, uint64_t channel, Stored__ChannelHead **out);

// Numbers and logs a notice, and adds it to the effects.
BB_CHECKED enum bb_code channel_append(struct core *core, uint64_t channel, enum subject subject, uint64_t number,
                                       uint32_t revision);

// To all class channels that the request reaches and that ever had a giver.
BB_CHECKED enum bb_code channel_broadcast(struct core *core, const Stored__Request *request);

// To the mailbox of each coordinator of the community.
BB_CHECKED enum bb_code channel_tell_coordinators(struct core *core, uint64_t community, enum subject subject,
                                                  uint64_t number, uint32_t revision);

// What changes in a class channel's counts.
struct channel_change {
    int givers;  // active, not paused
    int waiting; // for a coordinator's yes
    int parties;
};
BB_CHECKED enum bb_code channel_count(struct core *core, uint64_t channel, struct channel_change change);

#endif
