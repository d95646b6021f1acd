// SPDX-License-Identifier: MPL-2.0
// What the files of the session share: its state, and what each file does for the others. Included by session*.c only.
//
// session.c: connection and time. session_input.c: what the broker says. session_actions.c: the queues of what comes out. session_known.c and
// session_sweep.c: requests and items that this client was told of. session_channels.c: the channels and their cursors.
// session_sync.c: catching up. session_live.c: following. session_outbox.c: commands. session_accepted.c: commands that
// were accepted. session_queries.c: queries.
#ifndef BUURTBEL_SESSION_INSIDE_H
#define BUURTBEL_SESSION_INSIDE_H

#include "client.pb-c.h"
#include "message/arena.h"
#include "seal/notice_box.h"
#include "session.h"

// The last moment of the year 9999: what lies in between can be a time, and can be added to another.
#define TIME_MS_MAX INT64_C(253402300799999)

enum { CURSOR_HASH_SIZE = 8, TOPIC_SIZE_MAX = 200, KNOWN_BUCKETS = 256, NEVER = 0 };

struct queued {
    struct queued *next;
    struct session_action action;
    const ProtobufCMessageDescriptor *type; // of `packed`, which becomes `owned` when it is taken
    uint8_t *packed;
    size_t packed_size;
};
struct queue {
    struct queued *first, **last;
};

// A request (kind 0) or a mailbox item (kind: its number in MailboxItem).
struct known {
    struct known *next;
    uint64_t id;
    uint64_t channel; // where a request was heard first: whose snapshot speaks for it; 0 for items
    uint32_t kind, state, revision;
    uint32_t round; // of the last snapshot that had it
    bool alerted;   // an alert was queued or handed on, so an update or a cancel must follow
    bool handed;    // the present revision was handed on, or needs no event
    bool mark;      // handed on, and that is not saved yet
    struct known *next_mark, **mark_link;
    bool leaving; // its cancel is on the way out; forgotten with the mark
    int64_t heard_at_ms;
    uint8_t *packed; // PublicRequest or MailboxItem
    size_t packed_size;
};

enum sync_state { SYNC_REST, SYNC_DUE, SYNC_ASKED };

struct channel {
    uint64_t id;
    uint8_t topic[TOPIC_SIZE_MAX];
    size_t topic_size; // 0: a mailbox
    uint32_t key_id;
    uint8_t key[NOTICE_BOX_KEY_SIZE];
    uint32_t epoch; // of the cursor
    uint64_t seq;
    uint8_t hash[CURSOR_HASH_SIZE];
    uint64_t head; // the highest that was heard of
    bool listed;   // in the last welcome
    bool in_step;  // has caught up since it is followed

    enum sync_state sync;
    int64_t sync_at_ms; // due: when to ask; asked: when to ask again
    uint32_t correlation, sync_failures;
    bool snapshot; // pages of one are being taken
    uint32_t round;
    uint64_t page_token, replay_from;
    uint64_t from_seq; // the cursor of the snapshot's first page
    uint8_t from_hash[CURSOR_HASH_SIZE];
};

struct outgoing { // a command
    uint8_t id[COMMAND_ID_SIZE];
    uint8_t *packed; // Command
    size_t packed_size;
    int64_t given_at_ms; // wall
    void *ticket;
    int64_t timeout_at_ms; // NEVER once the ticket went back
    int64_t again_at_ms;   // when it is sent next
    bool under_way;
    uint32_t correlation, attempts, refusals;
};

struct asked {       // a query
    uint8_t *packed; // Query
    size_t packed_size;
    void *ticket;
    int64_t timeout_at_ms, again_at_ms;
    bool sent;
    uint32_t correlation, refusals;
};

struct session {
    bool follow;
    int timeout_ms;
    uint8_t software[SOFTWARE_SIZE_MAX];
    size_t software_size;
    session_random *random;
    void *random_context;
    struct session_time now;
    enum bb_code broken;
    uint64_t dropped;
    struct arena *arena;     // one input's messages
    struct arena *out_arena; // one frame

    bool online, welcomed, away_told;
    enum bb_code away_code;
    int64_t away_due_ms, hello_due_ms, ping_due_ms, heard_pong_ms, mark_due_ms;
    uint32_t correlation, hello_correlation;

    uint8_t boot[BOOT_ID_SIZE];
    uint32_t epoch;
    int64_t clock_offset_ms, clock_offset_saved_ms;
    int64_t last_id_ms;
    uint16_t last_id_count;
    Wire__Welcome *welcome;  // without channel keys; its paused and party_state follow what the mailbox says
    bool paused, resume_due; // due: what stayed silent while paused is shown once all is in step

    struct channel channels[CHANNELS_PER_CLIENT_MAX]; // id 0: free
    uint32_t rounds;

    struct known *known[KNOWN_BUCKETS];
    size_t known_count, marks_count;
    struct known *marks;

    bool looks_back; // SESSION_LOOK_BACK is on its way
    struct outgoing *outbox[OUTBOX_COMMANDS_MAX];
    size_t outbox_count, under_way_count, accepted_since_look;
    struct asked *queries[SESSION_QUERIES_MAX];
    size_t queries_count;

    struct queue saves, rest;
};

// session.c
void session_begin(struct session *session, struct session_time now); // of one input
void session_tell(struct session *session, enum bb_event_kind kind, enum bb_code code);
void session_hello_soon(struct session *session, uint32_t jitter_ms);
int64_t session_jitter(struct session *session, uint32_t range_ms); // a steady time, at most so far from now
uint32_t session_correlation(struct session *session);
void session_drop(struct session *session); // counts what made no sense
void session_stop(struct session *session, enum bb_code code);
void session_state_save(struct session *session);
void session_ping_soon(struct session *session);

// session_input.c
void session_party_seen(struct session *session, const Wire__PartyView *party);

// session_actions.c
void queue_init(struct queue *queue);
void queue_fini(struct queue *queue);
struct row_key {
    uint8_t bytes[SESSION_KEY_SIZE_MAX];
    size_t size;
};
struct row_key row_key(enum session_row_kind kind, const void *rest, size_t rest_size);
struct row_key row_key_numbers(enum session_row_kind kind, uint64_t first, uint64_t second, size_t count);
// A saved row's message, freed with protobuf_c_message_free_unpacked(x, NULL). NULL when it makes no sense; also without
// memory, and then the session is broken: nothing may be deleted for that.
void *row_unpack(struct session *session, const ProtobufCMessageDescriptor *type, const struct session_row *row);
void out_save(struct session *session, struct row_key key, const ProtobufCMessage *row); // NULL: delete
void out_send(struct session *session, const Wire__FromClient *message);
void out_topic(struct session *session, enum session_action_kind kind, const struct channel *channel);
void out_plain(struct session *session, enum session_action_kind kind);
void out_event(struct session *session, const struct bb_event *event, const ProtobufCMessageDescriptor *type,
               const uint8_t *packed, size_t packed_size);
void out_lost(struct session *session, const struct bb_lost *lost, bool again);
void out_reply(struct session *session, void *ticket, const Wire__Reply *reply);
void out_reply_code(struct session *session, void *ticket, enum bb_code code);
void out_answer(struct session *session, void *ticket, enum bb_code code, const Wire__Answer *answer);
uint8_t *pack_copy(const ProtobufCMessage *message, size_t *size); // malloc'd, never NULL unless out of memory
ProtobufCBinaryData bytes_of(const void *bytes, size_t size);      // borrows
uint64_t number_of(const uint8_t *bytes);                          // 8 bytes, big-endian

// session_known.c
struct told { // where a request or item came from
    uint64_t channel, seq;
    bool live;      // just happened, and so an event even when it says what is known
    uint32_t round; // of a snapshot, else 0
};
void known_request(struct session *session, const Wire__PublicRequest *request, struct told told);
void known_item(struct session *session, const Wire__MailboxItem *item, struct told told);
uint64_t item_id(const Wire__MailboxItem *item); // 0 for one that makes no sense
uint32_t item_revision(const Wire__MailboxItem *item);
struct known **known_place(struct session *session, uint32_t kind, uint64_t id);
struct known *known_insert(struct session *session, uint32_t kind, uint64_t id);
bool known_set_packed(struct session *session, struct known *known, const ProtobufCMessage *message);
void known_save(struct session *session, const struct known *known);
void known_unmark(struct session *session, struct known *known);
void known_unlink(struct session *session, struct known **at);
void known_forget(struct session *session, struct known **at); // and its row
// Save as not handed on (unless `again`: it stands there) and queue the event.
void known_tell(struct session *session, struct known *known, enum bb_event_kind kind, const struct told *told,
                bool again);
void known_alert(struct session *session, struct known *known, const struct told *told, bool again);
void known_cancel(struct session *session, struct known *known, const struct told *told, bool again);

// session_sweep.c
bool known_load(struct session *session, const struct session_row *row); // false: of no use
void known_hand_out_again(struct session *session);
void known_replaced(struct session *session, const struct channel *channel); // a snapshot is whole
void known_channel_ended(struct session *session, uint64_t channel);
void known_orphans(struct session *session); // cancels what no followed channel speaks for
void known_cancel_all(struct session *session);
void known_resumed(struct session *session);
void known_handed(struct session *session, uint32_t kind, uint64_t id); // its event was taken
void known_marks_save(struct session *session);
void known_fini(struct session *session);

// session_channels.c
bool channels_load(struct session *session, const struct session_row *row); // false: of no use
struct channel *channel_find(struct session *session, uint64_t id);         // NULL when there is none
void channels_welcome(struct session *session, const Wire__Welcome *welcome, bool same_history);
void channels_drop_classes(struct session *session);
void channels_offline(struct session *session);
Wire__Ping *channels_ping(struct session *session); // in the arena; NULL when that is full
void channel_cursor_save(struct session *session, const struct channel *channel);
// Hears that the channel goes up to `head`; a gap is asked for after up to `jitter_ms`.
void channel_hear_head(struct session *session, struct channel *channel, uint64_t head, uint32_t jitter_ms);
// Takes the notices that follow the cursor; false when the numbers have a hole or make no sense.
bool channel_take(struct session *session, struct channel *channel, Wire__Notice **notices, size_t count, bool live);
// Tells so when the channel is in step and nothing is under way.
void channel_settle(struct session *session, struct channel *channel);

// session_sync.c
void sync_due(struct channel *channel, int64_t at_ms);
void sync_page(struct session *session, uint32_t correlation, const Wire__SyncPage *page);
bool sync_refused(struct session *session, uint32_t correlation, const Wire__Reply *reply);
void sync_tick(struct session *session);
int64_t sync_deadline(const struct session *session);

// session_live.c
void live_push(struct session *session, const Wire__Batch *batch);
void live_published(struct session *session, const uint8_t *bytes, size_t size);

// session_outbox.c
bool outbox_load(struct session *session, const struct session_row *row);
bool outbox_reply(struct session *session, uint32_t correlation, const Wire__Reply *reply);
void outbox_online(struct session *session);
void outbox_tick(struct session *session);
int64_t outbox_deadline(const struct session *session);
void outbox_tickets_back(struct session *session, enum bb_code code);
void outbox_fini(struct session *session);

// session_accepted.c
void accepted_save(struct session *session, const Wire__Command *command, const Wire__Reply *reply);
void accepted_look_back(struct session *session);
void accepted_told(struct session *session, const struct bb_lost *lost); // its event was taken

// session_queries.c
void queries_answer(struct session *session, uint32_t correlation, const Wire__Answer *answer);
bool queries_reply(struct session *session, uint32_t correlation, const Wire__Reply *reply);
void queries_online(struct session *session);
void queries_tick(struct session *session);
int64_t queries_deadline(const struct session *session);
void queries_back(struct session *session, enum bb_code code);

static inline int64_t sooner(int64_t a, int64_t b)
{
    if (a == NEVER)
        return b;
    return b == NEVER || a < b ? a : b;
}

#endif
