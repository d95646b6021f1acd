// SPDX-License-Identifier: MPL-2.0
// What the broker says: each message of the two sockets goes to whoever it is for. Welcome and pong are taken here, and
// what a party view says of the own party.
//
// All of it is untrusted: it is unpacked into a bounded arena, and what makes no sense is counted and left.
#include "session_inside.h"

#include "message/frame.h"
#include "message/message_bytes.h"

#include <stdlib.h>
#include <string.h>

enum { OFFSET_SAVED_MS = 1000, REFUSED_HELLO_MS = 30000, BUSY_HELLO_MS = 1000 };

// Keeps a copy without the channel keys, which live in memory only and as long as the connection.
static bool keep_welcome(struct session *session, const Wire__Welcome *welcome)
{
    size_t size;
    uint8_t *packed = pack_copy(&welcome->base, &size);
    Wire__Welcome *kept = packed ? wire__welcome__unpack(NULL, size, packed) : NULL;
    if (packed)
        bytes_wipe((ProtobufCBinaryData){.len = size, .data = packed});
    free(packed);
    if (!kept) {
        session->broken = BB_NO_MEMORY;
        return false;
    }
    for (size_t i = 0; i < kept->n_channels; i++) {
        bytes_wipe(kept->channels[i]->key_bytes);
        free(kept->channels[i]->key_bytes.data);
        kept->channels[i]->key_bytes = (ProtobufCBinaryData){0};
    }
    if (session->welcome)
        wire__welcome__free_unpacked(session->welcome, NULL);
    session->welcome = kept;
    return true;
}

static void tell_connected(struct session *session)
{
    size_t size;
    uint8_t *packed = pack_copy(&session->welcome->base, &size);
    if (packed)
        out_event(session, &(struct bb_event){.kind = BB_EVENT_CONNECTED}, &wire__welcome__descriptor, packed, size);
    else
        session->broken = BB_NO_MEMORY;
    free(packed);
}

static bool says_the_same(const Wire__Welcome *before, const Wire__Welcome *welcome)
{
    return before && before->party_state == welcome->party_state && before->paused == welcome->paused &&
           before->role == welcome->role && before->audience_class == welcome->audience_class;
}

static bool can_be_a_time(int64_t at_ms)
{
    return at_ms >= 0 && at_ms <= TIME_MS_MAX;
}

static void set_clock(struct session *session, int64_t broker_ms)
{
    session->clock_offset_ms = broker_ms - session->now.wall_ms;
}

static void take_welcome(struct session *session, uint32_t correlation, const Wire__Welcome *welcome)
{
    if (welcome->boot_bytes.len != BOOT_ID_SIZE || welcome->n_channels > CHANNELS_PER_CLIENT_MAX ||
        !can_be_a_time(welcome->now_at_ms)) {
        session_drop(session);
        return;
    }
    if (correlation != session->hello_correlation || !session->online)
        return; // a hello was sent twice
    bool same_history = session->welcomed && session->epoch == welcome->epoch &&
                        memcmp(session->boot, welcome->boot_bytes.data, BOOT_ID_SIZE) == 0;
    bool new_epoch = session->epoch != welcome->epoch;
    bool news = !session->welcomed || !says_the_same(session->welcome, welcome);
    if (!keep_welcome(session, welcome))
        return;
    memcpy(session->boot, welcome->boot_bytes.data, BOOT_ID_SIZE);
    session->epoch = welcome->epoch;
    session->hello_correlation = 0;
    session->hello_due_ms = session->away_due_ms = NEVER;
    session->heard_pong_ms = session->now.steady_ms;
    session->ping_due_ms = sooner(session->ping_due_ms, session->now.steady_ms + PING_MS);
    session->paused = welcome->paused;
    session->resume_due = !welcome->paused;
    set_clock(session, welcome->now_at_ms);
    session_state_save(session);
    bool back = !session->welcomed;
    session->welcomed = true;
    session->away_told = false;
    if (news)
        tell_connected(session);
    if (back || new_epoch)
        accepted_look_back(session);
    if (welcome->party_state == WIRE__PARTY_STATE__PARTY_SUSPENDED)
        known_cancel_all(session);
    channels_welcome(session, welcome, same_history);
    if (back) {
        outbox_online(session);
        queries_online(session);
    }
}

static void take_pong(struct session *session, const Wire__Pong *pong)
{
    if (!session->welcomed)
        return;
    if (pong->boot_bytes.len != BOOT_ID_SIZE || !can_be_a_time(pong->now_at_ms)) {
        session_drop(session);
        return;
    }
    session->heard_pong_ms = session->now.steady_ms;
    if (memcmp(pong->boot_bytes.data, session->boot, BOOT_ID_SIZE) != 0 || pong->epoch != session->epoch) {
        session_hello_soon(session, CROWD_JITTER_MS);
        return;
    }
    set_clock(session, pong->now_at_ms);
    if (llabs(session->clock_offset_ms - session->clock_offset_saved_ms) > OFFSET_SAVED_MS)
        session_state_save(session);
    for (size_t i = 0; i < pong->n_heads; i++) {
        const Wire__Head *head = pong->heads[i];
        struct channel *channel = head->channel ? channel_find(session, head->channel) : NULL;
        if (!channel)
            continue;
        if (channel->topic_size > 0 && head->key_id != channel->key_id)
            session_hello_soon(session, CROWD_JITTER_MS);
        else
            channel_hear_head(session, channel, head->seq, GAP_JITTER_MS);
    }
}

static void take_hello_refusal(struct session *session, const Wire__Reply *reply)
{
    if (reply->code == BB_MEMBER_REVOKED) {
        session_stop(session, BB_MEMBER_REVOKED);
        return;
    }
    int64_t wait_ms = bb_code_retryable(reply->code) ? BUSY_HELLO_MS : REFUSED_HELLO_MS;
    session->hello_due_ms = session_jitter(session, CROWD_JITTER_MS) + wait_ms;
    session->heard_pong_ms = session->now.steady_ms; // it is there, it only will not have us now
    if (!bb_code_retryable(reply->code))
        session_tell(session, BB_EVENT_AWAY, (enum bb_code)reply->code);
}

static void take_reply(struct session *session, uint32_t correlation, const Wire__Reply *reply)
{
    bool ended = reply->code == BB_MEMBER_REVOKED;
    if (correlation != 0 && correlation == session->hello_correlation && reply->command_bytes.len == 0) {
        take_hello_refusal(session, reply);
        return;
    }
    bool known = outbox_reply(session, correlation, reply) ||
                 (reply->code != BB_OK &&
                  (queries_reply(session, correlation, reply) || sync_refused(session, correlation, reply)));
    bool of_ping = reply->command_bytes.len == 0; // or of what it asked before; a hello too many costs nothing
    if (ended && (known || of_ping))
        session_hello_soon(session, 0); // its answer says it once more, and that ends the session
}

void session_receive_command_socket(struct session *session, struct session_time now, const uint8_t *bytes, size_t size)
{
    session_begin(session, now);
    if (session->broken != BB_OK)
        return;
    Wire__FromBroker *message = NULL;
    if (frame_unpack(bytes, size, BROKER_FRAME_SIZE_MAX, &wire__from_broker__descriptor, session->arena, &message) !=
        BB_OK) {
        session_drop(session);
        return;
    }
    switch (message->body_case) {
    case WIRE__FROM_BROKER__BODY_WELCOME:
        take_welcome(session, message->correlation, message->welcome);
        break;
    case WIRE__FROM_BROKER__BODY_PONG:
        take_pong(session, message->pong);
        break;
    case WIRE__FROM_BROKER__BODY_REPLY:
        take_reply(session, message->correlation, message->reply);
        break;
    case WIRE__FROM_BROKER__BODY_ANSWER:
        queries_answer(session, message->correlation, message->answer);
        break;
    case WIRE__FROM_BROKER__BODY_PAGE:
        if (session->welcomed)
            sync_page(session, message->correlation, message->page);
        break;
    case WIRE__FROM_BROKER__BODY_PUSH:
        live_push(session, message->push);
        break;
    default:
        session_drop(session);
    }
}

void session_receive_publish_socket(struct session *session, struct session_time now, const uint8_t *bytes, size_t size)
{
    session_begin(session, now);
    if (session->broken == BB_OK && session->follow)
        live_published(session, bytes, size);
}

static void note_pause(struct session *session, bool paused)
{
    if (paused == session->paused)
        return;
    session->welcome->paused = paused;
    session->paused = paused;
    session->resume_due = !paused;
    session_state_save(session);
}

// Acts on what ends reading at once; for what begins it, keys are needed, so the welcome is asked for again. It also
// corrects us should this view be an old one.
void session_party_seen(struct session *session, const Wire__PartyView *party)
{
    Wire__Welcome *welcome = session->welcome;
    if (!welcome || party->party != welcome->party)
        return;
    note_pause(session, party->paused);
    if (party->state == welcome->party_state && party->audience_class == welcome->audience_class)
        return;
    bool suspended = party->state == WIRE__PARTY_STATE__PARTY_SUSPENDED;
    if (suspended && party->state != welcome->party_state) {
        channels_drop_classes(session);
        known_cancel_all(session);
    }
    session_hello_soon(session, suspended ? CROWD_JITTER_MS : GAP_JITTER_MS);
}
