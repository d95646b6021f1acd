// SPDX-License-Identifier: MPL-2.0
// Every limit of Buurtbel, in one place: what arrives beyond one is refused with a code, never dropped in silence.
// (Not called limits.h: that would hide the C library's.)
//
// Sizes are in bytes unless the name says otherwise. A test stands at each limit and one past it.
#ifndef BUURTBEL_BOUNDS_H
#define BUURTBEL_BOUNDS_H

enum {
    PROTOCOL_VERSION = 1,

    // Frames. CURVE adds 33 bytes to each; a MAXMSGSIZE of less than 300 breaks its handshake.
    COMMAND_FRAME_SIZE_MAX = 16 * 1024, // client to broker
    BROKER_FRAME_SIZE_MAX = 64 * 1024,  // broker to client, both sockets
    CURVE_OVERHEAD_SIZE = 33,
    SUBSCRIPTION_SIZE_MAX = 512,            // on the publish socket
    MESSAGE_ARENA_SIZE_MAX = 256 * 1024,    // what one unpacked message may take
    TURN_ARENA_SIZE_MAX = 32 * 1024 * 1024, // all records and facts of one turn
    QUERY_ARENA_SIZE_MAX = 4 * 1024 * 1024, // one query of the reader

    // Texts, in bytes of UTF-8.
    REQUEST_TEXT_SIZE_MAX = 500,
    ANSWER_TEXT_SIZE_MAX = 500,
    REASON_TEXT_SIZE_MAX = 300,
    NAME_SIZE_MAX = 80,
    REF_SIZE_MAX = 64,
    CATEGORY_KEY_SIZE_MAX = 32,
    AREA_SIZE_MAX = 16,
    LANGUAGE_SIZE_MAX = 16,
    SOFTWARE_SIZE_MAX = 64,
    COMMUNITY_KEY_SIZE_MAX = 32,

    // Sealed things.
    CONTACT_BOX_SIZE_MAX = 2048,
    CONTACT_NONCE_SIZE = 24,
    WRAPPED_KEY_SIZE = 32 + 48, // a key, and what a sealed box adds
    RELEASE_PLAIN_SIZE = 1024,  // padded to this, so that the size tells nothing
    RELEASE_BOX_SIZE_MAX = 2048,
    WRAPPED_KEYS_MAX = 32, // members of one desk and the recovery key

    // Lists.
    NEEDED_MAX = 50,
    OFFERS_SHOWN_MAX = 100,
    OFFERS_PER_PARTY_MAX = 3, // on one request; answering again while the offer is open makes no new one
    PAGE_ITEMS_MAX = 100,
    PAGE_SIZE_MAX = 48 * 1024,
    CATEGORIES_MAX = 100,
    MEMBERS_PER_PARTY_MAX = 31,
    COORDINATORS_MAX = 32,
    INVITATION_USES_MAX = 1000,
    CHANNELS_PER_CLIENT_MAX = 8,
    PAST_EPOCHS_MAX = 32, // restores that a welcome tells of

    // The daemon.
    TURN_COMMANDS_MAX = 256,
    SESSIONS_MAX = 32768,
    SESSIONS_PER_MEMBER_MAX = 16,
    COMMAND_ID_SIZE = 16,
    COMMAND_ID_AGE_DAYS_MAX = 90,
    COMMAND_ID_AHEAD_MINUTES_MAX = 60,
    COMMAND_ROWS_PRUNED_PER_TURN = 64, // old rows of the deduplication table
    REFUSALS_REMEMBERED_MAX = 4096,    // the newest ones, in memory
    SUBSCRIPTIONS_BURST = 256,         // of one member, at one moment
    SUBSCRIPTIONS_PER_SECOND = 1,
    READER_QUEUE_MAX = 4096,
    READ_SLICE_MS = 10,
    KEYRING_SLOTS_AHEAD = 4096,
    STORE_USED_PERCENT_MAX = 80,

    // The client.
    OUTBOX_COMMANDS_MAX = 1000,
    ACCEPTED_ROWS_MAX = 5000, // commands that were accepted, kept for COMMAND_ID_AGE_DAYS_MAX in case a backup is put back
    IDENTITY_FILE_SIZE_MAX = 16 * 1024,
    INVITATION_TEXT_SIZE_MAX = 4096,
    CONFIG_FILE_SIZE_MAX = 256 * 1024,
};

#endif
