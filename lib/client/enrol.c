// SPDX-License-Identifier: MPL-2.0
// Enrolment: an invitation becomes an identity.
//
// Keys and command id are on disk before they are sent, so that a run after a crash repeats the same command and cannot
// enrol twice. If the answer to the first was lost, the invitation may be used up by ourselves: whoever is refused then
// asks with its own keys whether it is a member already.
#include "buurtbel.h"

#include "door.h"
#include "file/home.h"
#include "message/command_id.h"
#include "message/message_bytes.h"
#include "message/utf8.h"
#include "seal/identity.h"
#include "seal/invitation.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

enum { TIMEOUT_MS = 10000, BUSY_MS = 500 };

struct enrolment {
    const char *party_name, *member_name;
    char *path, *pending_path;
    Client__Invitation *invitation;
    struct identity identity;
    bool resumed;  // an earlier run may have been heard
    unsigned sent; // enrol commands of this run
    uint32_t correlation;
    int64_t deadline_ms;
    struct arena *arena;
};

static enum bb_code check_name(const char *name)
{
    size_t size = strlen(name);
    if (size > NAME_SIZE_MAX) {
        return BB_TOO_LONG;
    }
    return utf8_valid((const uint8_t *)name, size) && !strpbrk(name, "\n\t") ? BB_OK : BB_BAD_TEXT;
}

// The identity file cannot hold both kinds of quotes. What the broker gets is unchanged.
static void keep_name(char out[NAME_SIZE_MAX + 1], const char *name)
{
    strcpy(out, name); // check_name knows its size
    for (char *quote = strchr(out, '"'); quote; quote = strchr(quote, '"')) {
        *quote = '\'';
    }
}

static void keep_text(char *out, ProtobufCBinaryData text, size_t room)
{
    bool fits = bytes_take_text(text, out, room);
    assert(fits); // invitation_from_text has looked
    (void)fits;
}

static void fill_identity(struct enrolment *enrolment)
{
    struct identity *identity = &enrolment->identity;
    const Client__Invitation *invitation = enrolment->invitation;
    keep_text(identity->community, invitation->community, sizeof identity->community);
    keep_text(identity->command_endpoint, invitation->command_endpoint, sizeof identity->command_endpoint);
    keep_text(identity->publish_endpoint, invitation->publish_endpoint, sizeof identity->publish_endpoint);
    memcpy(identity->server_key, invitation->server_key_bytes.data, KEY_SIZE);
    memcpy(identity->admission_public, invitation->admission_public_bytes.data, KEY_SIZE);
    identity->role = (enum bb_role)invitation->role;
    keep_name(identity->party_name, enrolment->party_name);
    keep_name(identity->member_name, enrolment->member_name);
}

// Goes on with the keys of a run that had no answer to the same invitation; otherwise makes new ones.
static enum bb_code resume_or_begin(struct enrolment *enrolment)
{
    struct identity *identity = &enrolment->identity;
    enum bb_code code = identity_load(enrolment->pending_path, identity);
    if (code != BB_OK && code != BB_NO_IDENTITY && code != BB_BAD_IDENTITY) {
        return code;
    }
    enrolment->resumed =
        code == BB_OK && identity->enrolling &&
        memcmp(identity->admission_public, enrolment->invitation->admission_public_bytes.data, KEY_SIZE) == 0;
    if (!enrolment->resumed) {
        identity_wipe(identity);
        identity_make_keys(identity);
    }
    fill_identity(enrolment);
    return BB_OK;
}

static enum bb_code prepare(struct enrolment *enrolment, const char *home, const char *text)
{
    enum bb_code code = check_name(enrolment->party_name);
    if (code == BB_OK) {
        code = check_name(enrolment->member_name);
    }
    if (code == BB_OK) {
        code = invitation_from_text(text, &enrolment->invitation);
    }
    if (code == BB_OK) {
        code = home_create(home);
    }
    if (code != BB_OK) {
        return code;
    }
    enrolment->path = home_path(home, IDENTITY_FILE_NAME);
    enrolment->pending_path = home_path(home, PENDING_FILE_NAME);
    enrolment->arena = arena_create(MESSAGE_ARENA_SIZE_MAX);
    if (!enrolment->path || !enrolment->pending_path || !enrolment->arena) {
        return BB_NO_MEMORY;
    }
    return access(enrolment->path, F_OK) == 0 ? BB_ALREADY_ENROLLED : resume_or_begin(enrolment);
}

static void fini(struct enrolment *enrolment)
{
    identity_wipe(&enrolment->identity);
    invitation_destroy(&enrolment->invitation);
    arena_destroy(&enrolment->arena);
    free(enrolment->path);
    free(enrolment->pending_path);
}

static enum bb_code ask(struct enrolment *enrolment, struct door *door, Wire__FromClient *request,
                        Wire__FromBroker **answer, unsigned *sent)
{
    request->correlation = ++enrolment->correlation;
    return door_ask(door, request, enrolment->deadline_ms, enrolment->arena, answer, sent);
}

static int64_t own_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

// The id is made from the broker's time: the clock of a computer that joins may be anything.
static enum bb_code make_id(struct enrolment *enrolment, struct door *door)
{
    Wire__Ping ping = WIRE__PING__INIT;
    Wire__FromClient request = WIRE__FROM_CLIENT__INIT;
    request.body_case = WIRE__FROM_CLIENT__BODY_PING;
    request.ping = &ping;
    Wire__FromBroker *answer;
    unsigned sent = 0;
    enum bb_code code = ask(enrolment, door, &request, &answer, &sent);
    if (code != BB_OK) {
        return code;
    }
    int64_t now_ms = answer->body_case == WIRE__FROM_BROKER__BODY_PONG ? answer->pong->now_at_ms : 0;
    uint8_t random[COMMAND_ID_RANDOM_SIZE];
    randombytes_buf(random, sizeof random);
    command_id_make(now_ms > 0 ? now_ms : own_clock_ms(), random, enrolment->identity.enrol_id);
    enrolment->identity.enrolling = true;
    return BB_OK;
}

static enum bb_code send_enrol(struct enrolment *enrolment, struct door *door, Wire__FromBroker **answer)
{
    const struct identity *identity = &enrolment->identity;
    Wire__Enrol enrol = WIRE__ENROL__INIT;
    enrol.party_name = bytes_borrow_text(enrolment->party_name);
    enrol.member_name = bytes_borrow_text(enrolment->member_name);
    enrol.curve_key_bytes = bytes_borrow(identity->curve.public_key, KEY_SIZE);
    enrol.sealing_key_bytes = bytes_borrow(identity->sealing.public_key, KEY_SIZE);
    enrol.signing_key_bytes = bytes_borrow(identity->signing_public, KEY_SIZE);
    Wire__Command command = WIRE__COMMAND__INIT;
    command.id_bytes = bytes_borrow(identity->enrol_id, COMMAND_ID_SIZE);
    command.what_case = WIRE__COMMAND__WHAT_ENROL;
    command.enrol = &enrol;
    Wire__FromClient request = WIRE__FROM_CLIENT__INIT;
    request.body_case = WIRE__FROM_CLIENT__BODY_COMMAND;
    request.command = &command;
    return ask(enrolment, door, &request, answer, &enrolment->sent);
}

// One round: durable first, then sent until it is answered.
static enum bb_code enrol_once(struct enrolment *enrolment, struct door *door, struct bb_enrolment *out)
{
    enum bb_code code = identity_save(&enrolment->identity, enrolment->pending_path);
    Wire__FromBroker *answer;
    if (code == BB_OK) {
        code = send_enrol(enrolment, door, &answer);
    }
    if (code != BB_OK) {
        return code;
    }
    if (answer->body_case != WIRE__FROM_BROKER__BODY_REPLY) {
        return BB_MALFORMED;
    }
    const Wire__Reply *reply = answer->reply;
    *out =
        (struct bb_enrolment){.party = reply->party, .member = reply->made, .state = (enum bb_party_state)reply->state};
    return (enum bb_code)reply->code;
}

static enum bb_code enrol_through(struct enrolment *enrolment, struct door *door, struct bb_enrolment *out)
{
    bool fresh_id = !enrolment->identity.enrolling;
    enum bb_code code = fresh_id ? make_id(enrolment, door) : BB_OK;
    if (code != BB_OK) {
        return code;
    }
    for (;;) {
        code = enrol_once(enrolment, door, out);
        if (code == BB_BUSY && door_clock_ms() + BUSY_MS < enrolment->deadline_ms) {
            zmq_poll(NULL, 0, BUSY_MS);
        } else if ((code == BB_ID_EXPIRED || code == BB_ID_TOO_NEW) && !fresh_id) {
            fresh_id = true; // it came from an earlier run, long ago or under a wrong clock
            code = make_id(enrolment, door);
            if (code != BB_OK) {
                return code;
            }
        } else {
            return code;
        }
    }
}

// Says hello with the identity's own keys. BB_REFUSED_AT_THE_DOOR: these keys are no member's.
static enum bb_code ask_whether_member(struct enrolment *enrolment, struct bb_enrolment *out)
{
    struct door door;
    const struct identity *identity = &enrolment->identity;
    enum bb_code code = door_open(&door, identity->command_endpoint, identity->server_key, &identity->curve);
    if (code != BB_OK) {
        return code;
    }
    Wire__Hello hello = WIRE__HELLO__INIT;
    Wire__FromClient request = WIRE__FROM_CLIENT__INIT;
    request.body_case = WIRE__FROM_CLIENT__BODY_HELLO;
    request.hello = &hello;
    Wire__FromBroker *answer;
    unsigned sent = 0;
    code = ask(enrolment, &door, &request, &answer, &sent);
    if (code == BB_OK && answer->body_case == WIRE__FROM_BROKER__BODY_WELCOME) {
        const Wire__Welcome *welcome = answer->welcome;
        *out = (struct bb_enrolment){
            .party = welcome->party, .member = welcome->member, .state = (enum bb_party_state)welcome->party_state};
    } else if (code == BB_OK) {
        code = answer->body_case == WIRE__FROM_BROKER__BODY_REPLY && answer->reply->code != BB_OK
                   ? (enum bb_code)answer->reply->code
                   : BB_MALFORMED;
    }
    door_close(&door);
    return code;
}

static bool is_no_answer(enum bb_code code)
{
    return code == BB_AWAY || code == BB_TIMED_OUT || code == BB_IO || code == BB_NO_MEMORY || code == BB_BUSY;
}

static enum bb_code enrol_with(struct enrolment *enrolment, struct bb_enrolment *out)
{
    struct door door;
    struct key_pair admission;
    const struct identity *identity = &enrolment->identity;
    memcpy(admission.public_key, enrolment->invitation->admission_public_bytes.data, KEY_SIZE);
    memcpy(admission.secret_key, enrolment->invitation->admission_secret_bytes.data, KEY_SIZE);
    enum bb_code code = door_open(&door, identity->command_endpoint, identity->server_key, &admission);
    sodium_memzero(&admission, sizeof admission);
    if (code != BB_OK) {
        return code == BB_BAD_VALUE ? BB_BAD_INVITATION : code;
    }
    code = enrol_through(enrolment, &door, out);
    door_close(&door);

    bool heard_before = enrolment->resumed || enrolment->sent > (code == BB_REFUSED_AT_THE_DOOR ? 0 : 1);
    if (code != BB_OK && !is_no_answer(code) && heard_before) {
        enum bb_code member = ask_whether_member(enrolment, out);
        return member == BB_REFUSED_AT_THE_DOOR ? code : member;
    }
    return code;
}

// The pending file goes last: should we end in between, the identity is there and counts.
static enum bb_code keep(struct enrolment *enrolment)
{
    enrolment->identity.enrolling = false;
    enum bb_code code = identity_save(&enrolment->identity, enrolment->path);
    if (code == BB_OK) {
        (void)unlink(enrolment->pending_path);
    }
    return code;
}

enum bb_code bb_enrol(const char *home, const char *invitation, const char *party_name, const char *member_name,
                      int timeout_ms, struct bb_enrolment *out)
{
    if (sodium_init() < 0) {
        return BB_IO;
    }
    memset(out, 0, sizeof *out);
    struct enrolment enrolment = {
        .party_name = party_name ? party_name : "",
        .member_name = member_name ? member_name : "",
        .deadline_ms = door_clock_ms() + (timeout_ms > 0 ? timeout_ms : TIMEOUT_MS),
    };
    enum bb_code code = prepare(&enrolment, home, invitation);
    if (code == BB_OK) {
        code = enrol_with(&enrolment, out);
    }
    if (code == BB_OK) {
        code = keep(&enrolment);
    }
    if (code != BB_OK) {
        memset(out, 0, sizeof *out);
    }
    fini(&enrolment);
    return code;
}
