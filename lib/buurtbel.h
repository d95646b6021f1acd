// SPDX-License-Identifier: MPL-2.0
// libbuurtbel: connect to a Buurtbel broker as a giver, a desk, a coordinator or an operator.
//
// The one public header. Messages are those of proto/wire.proto as protobuf-c structs (Wire__...); what they mean is
// told in proto/PROTOCOL.md. A client is a member's identity in a home folder, one connection, and one file
// descriptor to poll. The library starts no thread of its own besides libzmq's I/O thread, and calls back only from
// inside bb_client_process and the functions that wait. A client belongs to one thread.
//
// Ownership: what a callback gets is borrowed until it returns. `**` is taken over and set to NULL. Text is UTF-8.
// Each function that can fail returns enum bb_code; bb_code_sentence tells a person what happened and what to do.
#ifndef BUURTBEL_H
#define BUURTBEL_H

#include "bounds.h"
#include "codes.h"
#include "wire.pb-c.h"
#include "words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

const char *bb_version(void);

// For the first line of main() of a program that handles secrets: from then on it leaves no core dump, and no other
// program of the same user can look into its memory.
void bb_forbid_core_dumps(void);

// ---------------------------------------------------------------- enrolment and identity

// What an invitation says, without its secrets. Texts end in NUL.
struct bb_invitation_facts {
    char community[COMMUNITY_KEY_SIZE_MAX + 1];
    enum bb_role role;
    uint32_t audience_class; // enum bb_class, 0 for all but givers
    int64_t expires_at_ms;
};
BB_CHECKED enum bb_code bb_invitation_read(const char *text, struct bb_invitation_facts *out);

struct bb_enrolment {
    uint64_t party, member;
    enum bb_party_state state; // PARTY_WAITING: a coordinator says yes first
};

// Makes keys, enrols them and writes `home`/identity.zpl (0600). Secrets never leave this computer. Safe to repeat after
// a broken connection: the same keys and the same command are sent again. Creates `home` (0700) where it is missing.

BB_CHECKED enum bb_code bb_enrol(const char *home, const char *invitation, const char *party_name,
                                 const char *member_name, int timeout_ms, struct bb_enrolment *out);

// ---------------------------------------------------------------- client

struct bb_client;

enum bb_event_kind {
    BB_EVENT_CONNECTED, // the broker said welcome: `welcome`
    BB_EVENT_AWAY,      // no connection, it is tried again: `code` tells why
    BB_EVENT_REFUSED,   // it is not tried again: `code`
    BB_EVENT_ALERT,     // a request to show: `request`
    BB_EVENT_UPDATE,    // a request that was shown has changed: `request`
    BB_EVENT_CANCEL,    // take it away: `request`
    BB_EVENT_ITEM,      // something for this party alone: `item`
    BB_EVENT_COMPLETE,  // all notices of `channel` up to `seq` have been handed on
    BB_EVENT_KEPT, // a command that was kept, and for which nobody waits any more, has its answer: `command`, `code`
    BB_EVENT_LOST, // the broker was put back to before a command of this member that it had accepted: `lost`
};

// A command of this member that was accepted, and that the broker no longer knows: enter it again if it is still needed.
struct bb_lost {
    uint8_t id[COMMAND_ID_SIZE];
    uint32_t what;  // enum Wire__Command__WhatCase
    uint32_t epoch; // in which its entry of the journal was written
    uint64_t about; // what it named: an offer, a request, an asker, a party; 0 for none
    uint64_t made;  // what it had made; 0 for nothing
    uint64_t entry;
    int64_t accepted_at_ms;
    char ref[REF_SIZE_MAX + 1]; // the desk's own reference
};

struct bb_event {
    enum bb_event_kind kind;
    enum bb_code code;
    bool again; // it may have been handed on before, by a run that ended in between
    uint64_t channel;
    uint64_t seq;
    const Wire__Welcome *welcome;
    const Wire__PublicRequest *request;
    const Wire__MailboxItem *item;
    const Wire__Command *command;
    const struct bb_lost *lost;
};
typedef void bb_event_handler(void *context, const struct bb_event *event);

struct bb_options {
    const char *home;          // holds identity.zpl and the client's store
    const char *software;      // name and version, for the operator's log; may be NULL
    bool follow;               // receive notices; only one process a home may. Without it: commands and queries
    int timeout_ms;            // of one command or query; 0: 10 seconds
    bb_event_handler *handler; // may be NULL
    void *context;
};

// Opens the home and starts to connect; does not wait for the broker. BB_NO_IDENTITY, BB_BAD_IDENTITY,
// BB_OPEN_PERMISSIONS, BB_IN_USE (another process follows in this home), BB_IO, BB_NO_MEMORY.
BB_CHECKED enum bb_code bb_client_open(const struct bb_options *options, struct bb_client **out);

// Saves what is to be saved. Commands that have no answer yet stay in the outbox for the next run.
void bb_client_close(struct bb_client **client);

// Becomes readable when bb_client_process should be called. Borrowed.
int bb_client_fd(const struct bb_client *client);

// Receives, sends, repairs, repeats; never waits. BB_IO when the client's store cannot be written, BB_TOO_MUCH_HELD: stop then.
BB_CHECKED enum bb_code bb_client_process(struct bb_client *client);

// Waits for up to `timeout_ms` (-1: for ever) and processes. For programs without an event loop.
BB_CHECKED enum bb_code bb_client_wait(struct bb_client *client, int timeout_ms);

bool bb_client_connected(const struct bb_client *client); // welcome was received
bool bb_client_complete(const struct bb_client *client);  // follows, and holds all notices up to every known head

// Borrowed until the next call that processes; NULL before the first welcome was ever received.
const Wire__Welcome *bb_client_welcome(const struct bb_client *client);

// The broker's time as far as this client knows it, in milliseconds since 1970.
int64_t bb_client_now_ms(const struct bb_client *client);

// ---------------------------------------------------------------- commands and queries

// `reply` is never NULL; its code is BB_OK (accepted), the broker's refusal, or BB_TIMED_OUT / BB_AWAY, in which case
// the command stays in the outbox and is sent later, once.
typedef void bb_reply_handler(void *context, const Wire__Reply *reply);

// Gives `command` a fresh id, writes it to the outbox durably, and sends it until it is answered. `handler` may be NULL.
// The command is copied. BB_OUTBOX_FULL, BB_TOO_LARGE, BB_IO.
BB_CHECKED enum bb_code bb_client_send(struct bb_client *client, Wire__Command *command, bb_reply_handler *handler,
                                       void *context);

// `answer` is NULL unless code is BB_OK.
typedef void bb_answer_handler(void *context, enum bb_code code, const Wire__Answer *answer);
BB_CHECKED enum bb_code bb_client_ask(struct bb_client *client, const Wire__Query *query, bb_answer_handler *handler,
                                      void *context);

// The same, waiting for the answer up to the client's time-out. `*out` is freed with wire__reply__free_unpacked(x, NULL)
// and wire__answer__free_unpacked(x, NULL); NULL when there is none. Returns the reply's code.
BB_CHECKED enum bb_code bb_client_command(struct bb_client *client, Wire__Command *command, Wire__Reply **out);
BB_CHECKED enum bb_code bb_client_query(struct bb_client *client, const Wire__Query *query, Wire__Answer **out);

size_t bb_client_outbox_count(const struct bb_client *client);

// Visits what this client holds, oldest first: requests that are not closed, and mailbox items (the newest state of
// each offer, request, release and party). For lists that work while the broker is away.
typedef void bb_request_visitor(void *context, const Wire__PublicRequest *request, int64_t heard_at_ms);
typedef void bb_item_visitor(void *context, const Wire__MailboxItem *item, int64_t heard_at_ms);
BB_CHECKED enum bb_code bb_client_visit_requests(struct bb_client *client, bb_request_visitor *visitor, void *context);
BB_CHECKED enum bb_code bb_client_visit_items(struct bb_client *client, bb_item_visitor *visitor, void *context);

// Visits the commands of this member that the broker lost, oldest first, until they are forgotten or 90 days old. What is
// known of it is of the last welcome.
typedef void bb_lost_visitor(void *context, const struct bb_lost *lost);
BB_CHECKED enum bb_code bb_client_visit_lost(struct bb_client *client, bb_lost_visitor *visitor, void *context);
// They were seen to: they are not visited again.
BB_CHECKED enum bb_code bb_client_forget_lost(struct bb_client *client);

// What its person has before them: public id of the offer, the request, the asker or the party that a command names. 0 for
// none.
uint64_t bb_command_subject(const Wire__Command *command);

// ---------------------------------------------------------------- sealed contact

// Empty strings for what is not known. bb_contact_wipe clears it from memory.
struct bb_contact {
    char name[NAME_SIZE_MAX + 1];
    char phone[NAME_SIZE_MAX + 1];
    char email[NAME_SIZE_MAX + 1];
    char address[201];
};
void bb_contact_wipe(struct bb_contact *contact);

// Encrypts `contact` for the members (revoked ones are left out) and the community's recovery key.
// `*out` is freed with wire__sealed_contact__free_unpacked(x, NULL).
BB_CHECKED enum bb_code bb_contact_seal(struct bb_client *client, const struct bb_contact *contact,
                                        const Wire__MemberList *members, Wire__SealedContact **out);
// BB_CANNOT_OPEN when it is not wrapped for this member or was changed.
BB_CHECKED enum bb_code bb_contact_open(struct bb_client *client, const Wire__SealedContact *sealed,
                                        struct bb_contact *out);

// Seals one channel of the contact to the member who made `offer`, after pinning that member's key.
// BB_KEY_CHANGED when it is not the key of the last time; BB_MISSING when the contact lacks that channel.
// `box` receives bytes that the caller frees.
BB_CHECKED enum bb_code bb_release_seal(struct bb_client *client, const Wire__OfferView *offer, uint64_t asker,
                                        const struct bb_contact *contact, enum bb_contact_channel channel,
                                        uint8_t **box, size_t *box_size);
// Opens a release that was sent to this member and checks the sender's signature and all ids in it.
// `out` has the name and the one channel. BB_CANNOT_OPEN, BB_KEY_CHANGED (the sender's).
BB_CHECKED enum bb_code bb_release_open(struct bb_client *client, const Wire__ReleaseView *release,
                                        struct bb_contact *out);

enum { BB_CHECK_WORDS_SIZE = 24 };
// Words to read to each other over the phone: a short form of one X25519 key. `out` ends in NUL.
void bb_check_words(const uint8_t sealing_key[32], char out[BB_CHECK_WORDS_SIZE]);
// Of the own key of this client.
void bb_client_check_words(const struct bb_client *client, char out[BB_CHECK_WORDS_SIZE]);

// ---------------------------------------------------------------- invitations

// Makes an admission key pair, asks the broker for the invitation, and gives the one text to hand over (freed by the
// caller). `request` is a make_invitation command without key; endpoints and server key come from this client's identity.
// BB_AWAY or BB_TIMED_OUT when the broker cannot be reached; then nothing is kept for later.
BB_CHECKED enum bb_code bb_client_invite(struct bb_client *client, const Wire__MakeInvitation *request, char **text,
                                         uint64_t *invitation, Wire__Reply **reply);

// ---------------------------------------------------------------- a new community

struct bb_server_keys {
    char public_key[41]; // CURVE, Z85
    char secret_key[41];
};

// For `buurtbel-ctl init`: makes an identity for the founding operator in `home`, whose numbers the broker gives at
// its first start. `publics` receives the three public keys to write into the founding file.
struct bb_founder_keys {
    uint8_t curve[32], sealing[32], signing[32];
};
BB_CHECKED enum bb_code bb_identity_found(const char *home, const char *community, const char *command_endpoint,
                                          const char *publish_endpoint, const uint8_t server_key[32],
                                          struct bb_founder_keys *publics);

// ---------------------------------------------------------------- texts, numbers, JSON

enum { BB_ID_TEXT_SIZE = 14 };
void bb_id_text(uint64_t id, char out[BB_ID_TEXT_SIZE]);
bool bb_id_parse(const char *text, uint64_t *out); // false when it is no id

// Screens a request's text: BB_OK, BB_HAS_PHONE, BB_HAS_EMAIL, BB_HAS_IBAN, BB_HAS_ADDRESS.
enum bb_code bb_text_check(const char *text);

// One line of JSON, freed by the caller; NULL when out of memory.
char *bb_json(const ProtobufCMessage *message);
// Reads one JSON object. `*out` is a message of the type of `descriptor`, freed with protobuf_c_message_free_unpacked.
// `problem` (problem_size bytes) names the field that is wrong. BB_MALFORMED, BB_BAD_VALUE.
BB_CHECKED enum bb_code bb_json_parse(const char *text, const ProtobufCMessageDescriptor *descriptor,
                                      ProtobufCMessage **out, char *problem, size_t problem_size);

#ifdef __cplusplus
}
#endif

#endif
