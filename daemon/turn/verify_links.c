// SPDX-License-Identifier: MPL-2.0
// Links between records; see verify_links.h. What a record names by number stands in the table below; the functions
// behind it hold what is said twice.
#include "verify_links.h"

#include "core/states.h"
#include "store/journal.h"

#include <string.h>

// A field that names a record by number; 0 names none.
struct link {
    enum table from;
    const char *field;
    enum table to;
    const char *problem;
};

static const struct link links[] = {
    {TABLE_PARTY, "community", TABLE_COMMUNITY, "its community is not there"},
    {TABLE_PARTY, "last_member", TABLE_MEMBER, "its last member is not there"},
    {TABLE_PARTY, "last_offer", TABLE_OFFER, "its last offer is not there"},
    {TABLE_PARTY, "last_asker", TABLE_ASKER, "its last asker is not there"},
    {TABLE_MEMBER, "party", TABLE_PARTY, "its party is not there"},
    {TABLE_MEMBER, "previous", TABLE_MEMBER, "the member before it is not there"},
    {TABLE_MEMBER_KEY, "value", TABLE_MEMBER, "its member is not there"},
    {TABLE_INVITATION, "community", TABLE_COMMUNITY, "its community is not there"},
    {TABLE_INVITATION, "party", TABLE_PARTY, "its party is not there"},
    {TABLE_INVITATION, "made_by", TABLE_MEMBER, "who made it is not there"},
    {TABLE_INVITATION_KEY, "value", TABLE_INVITATION, "its invitation is not there"},
    {TABLE_ASKER, "community", TABLE_COMMUNITY, "its community is not there"},
    {TABLE_ASKER, "desk", TABLE_PARTY, "its desk is not there"},
    {TABLE_ASKER, "previous_of_desk", TABLE_ASKER, "the asker before it is not there"},
    {TABLE_ASKER, "last_request", TABLE_REQUEST, "its last request is not there"},
    {TABLE_REQUEST, "community", TABLE_COMMUNITY, "its community is not there"},
    {TABLE_REQUEST, "desk", TABLE_PARTY, "its desk is not there"},
    {TABLE_REQUEST, "asker", TABLE_ASKER, "its asker is not there"},
    {TABLE_REQUEST, "previous_of_asker", TABLE_REQUEST, "the request before it is not there"},
    {TABLE_REQUEST, "last_offer", TABLE_OFFER, "its last offer is not there"},
    {TABLE_REQUEST, "last_release", TABLE_RELEASE, "its last release is not there"},
    {TABLE_OFFER, "request", TABLE_REQUEST, "its request is not there"},
    {TABLE_OFFER, "party", TABLE_PARTY, "its party is not there"},
    {TABLE_OFFER, "member", TABLE_MEMBER, "its member is not there"},
    {TABLE_OFFER, "previous_of_request", TABLE_OFFER, "the offer before it is not there"},
    {TABLE_OFFER, "previous_of_party", TABLE_OFFER, "the party's offer before it is not there"},
    {TABLE_ANSWER, "value", TABLE_OFFER, "its offer is not there"},
    {TABLE_RELEASE, "request", TABLE_REQUEST, "its request is not there"},
    {TABLE_RELEASE, "offer", TABLE_OFFER, "its offer is not there"},
    {TABLE_RELEASE, "recipient", TABLE_MEMBER, "its recipient is not there"},
    {TABLE_RELEASE, "sender", TABLE_MEMBER, "its sender is not there"},
    {TABLE_RELEASE, "asker", TABLE_ASKER, "its asker is not there"},
    {TABLE_RELEASE, "previous_of_request", TABLE_RELEASE, "the release before it is not there"},
    {TABLE_CHANNEL, "last_log", TABLE_LOG, "its last notice is not there"},
    {TABLE_LOG, "previous_log", TABLE_LOG, "the notice before it is not there"},
};

// Is a row there? One that is damaged is there, and is named for itself.
static enum bb_code is_there(struct core *core, enum table table, uint64_t number, bool *out)
{
    ProtobufCMessage *record;
    enum bb_code code = store_get_number(core->txn, table, number, &record);
    *out = code != BB_NOT_FOUND;
    return code == BB_NOT_FOUND || code == BB_STORE_DAMAGED ? BB_OK : code;
}

static uint64_t field_of(const ProtobufCMessage *record, const char *name)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field_by_name(record->descriptor, name);
    uint64_t value = 0;
    if (field != NULL)
        memcpy(&value, (const uint8_t *)record + field->offset, sizeof value);
    return value;
}

static enum bb_code follow_links(struct core *core, enum table table, const ProtobufCMessage *record,
                                 const char **problem)
{
    for (size_t i = 0; i < sizeof links / sizeof *links && *problem == NULL; i++) {
        uint64_t number = links[i].from == table ? field_of(record, links[i].field) : 0;
        bool there = true;
        enum bb_code code = number != 0 ? is_there(core, links[i].to, number, &there) : BB_OK;
        if (code != BB_OK)
            return code;
        if (!there)
            *problem = links[i].problem;
    }
    return BB_OK;
}

// Records that carry their own number.
static const char *number_field(enum table table)
{
    static const char *const names[TABLES_COUNT] = {
        [TABLE_COMMUNITY] = "community",   [TABLE_PARTY] = "party",     [TABLE_MEMBER] = "member",
        [TABLE_INVITATION] = "invitation", [TABLE_ASKER] = "asker",     [TABLE_REQUEST] = "request",
        [TABLE_OFFER] = "offer",           [TABLE_RELEASE] = "release",
    };
    return names[table];
}

// ---------------------------------------------------------------- said twice

static enum bb_code check_owner(struct core *core, enum table keys, ProtobufCBinaryData key, uint64_t number,
                                const char **problem)
{
    if (key.len == 0 || key.len > STORE_KEY_SIZE_MAX) {
        *problem = "it has no key";
        return BB_OK;
    }
    struct store_key place = key_bytes(key.data, key.len);
    Stored__Counter *owner;
    enum bb_code code = store_get(core->txn, keys, &place, &owner);
    if (code == BB_NOT_FOUND || (code == BB_OK && owner->value != number))
        *problem = "its key is not known as its own";
    return code == BB_NOT_FOUND || code == BB_STORE_DAMAGED ? BB_OK : code;
}

static enum bb_code check_live(struct core *core, uint64_t number, const char **problem)
{
    Stored__Request *request;
    enum bb_code code = store_get_number(core->txn, TABLE_REQUEST, number, &request);
    if (code == BB_NOT_FOUND || (code == BB_OK && request->state == REQUEST_CLOSED))
        *problem = "its request is not there, or closed";
    return code == BB_NOT_FOUND || code == BB_STORE_DAMAGED ? BB_OK : code;
}

static enum bb_code check_request(struct core *core, const Stored__Request *request, const char **problem)
{
    bool live;
    enum bb_code code = is_there(core, TABLE_LIVE, request->request, &live);
    if (code == BB_OK && live != (request->state != REQUEST_CLOSED))
        *problem = live ? "it is closed and stands among the live ones" : "it does not stand among the live ones";
    return code;
}

static enum bb_code check_notice(struct core *core, uint64_t log, uint64_t channel, uint64_t seq, const char **problem)
{
    Stored__LogEntry *entry;
    if ((log == 0) != (seq == 0)) {
        *problem = "its notices do not begin with 1";
        return BB_OK;
    }
    enum bb_code code = log != 0 ? store_get_number(core->txn, TABLE_LOG, log, &entry) : BB_NOT_FOUND;
    if (code == BB_OK && (entry->channel != channel || entry->seq != seq))
        *problem = "the notice before it is not the one before it";
    return code == BB_NOT_FOUND || code == BB_STORE_DAMAGED ? BB_OK : code;
}

// The last number that was given out is at least the last one that is used.
static enum bb_code check_counter(struct core *core, const struct store_key *key, const Stored__Counter *counter,
                                  const char **problem)
{
    static const struct {
        const char *name;
        enum table table;
    } counters[] = {{"community", TABLE_COMMUNITY},   {"party", TABLE_PARTY},     {"member", TABLE_MEMBER},
                    {"invitation", TABLE_INVITATION}, {"asker", TABLE_ASKER},     {"request", TABLE_REQUEST},
                    {"offer", TABLE_OFFER},           {"release", TABLE_RELEASE}, {"log", TABLE_LOG}};
    for (size_t i = 0; i < sizeof counters / sizeof *counters; i++) {
        struct store_key last = key_number(UINT64_MAX);
        if (strlen(counters[i].name) != key->size || memcmp(counters[i].name, key->bytes, key->size) != 0)
            continue;
        enum bb_code code = store_at_or_before(core->txn, counters[i].table, &last, NULL);
        if (code == BB_OK && (last.size != sizeof(uint64_t) || key_to_number(&last) > counter->value))
            *problem = "a larger number is used already";
        return code == BB_NOT_FOUND ? BB_OK : code;
    }
    return BB_OK;
}

static enum bb_code check_accepted(struct core *core, const Stored__Accepted *accepted, const char **problem)
{
    struct store_key last = key_number(UINT64_MAX);
    enum bb_code code = store_at_or_before(core->txn, TABLE_JOURNAL, &last, NULL);
    if (code == BB_OK && last.size == sizeof(uint64_t) && accepted->entry > key_to_number(&last))
        *problem = "its journal entry is not there";
    return code == BB_NOT_FOUND ? BB_OK : code;
}

static enum bb_code check_ref(struct core *core, const struct store_key *key, uint64_t number, const char **problem)
{
    bool there;
    enum bb_code code = is_there(core, key->bytes[0] == 'a' ? TABLE_ASKER : TABLE_REQUEST, number, &there);
    if (code == BB_OK && !there)
        *problem = "what it names is not there";
    return code;
}

static enum bb_code check_twice(struct core *core, enum table table, const struct store_key *key,
                                const ProtobufCMessage *record, const char **problem)
{
    switch (table) {
    case TABLE_MEMBER: {
        const Stored__Member *member = (const Stored__Member *)record;
        return check_owner(core, TABLE_MEMBER_KEY, member->curve_key_bytes, member->member, problem);
    }
    case TABLE_INVITATION: {
        const Stored__Invitation *invitation = (const Stored__Invitation *)record;
        return check_owner(core, TABLE_INVITATION_KEY, invitation->admission_key_bytes, invitation->invitation,
                           problem);
    }
    case TABLE_REQUEST:
        return check_request(core, (const Stored__Request *)record, problem);
    case TABLE_LIVE:
        return check_live(core, key_to_number(key), problem);
    case TABLE_CHANNEL: {
        const Stored__ChannelHead *head = (const Stored__ChannelHead *)record;
        return check_notice(core, head->last_log, key_to_number(key), head->seq, problem);
    }
    case TABLE_LOG: {
        const Stored__LogEntry *entry = (const Stored__LogEntry *)record;
        return check_notice(core, entry->previous_log, entry->channel, entry->seq - 1, problem);
    }
    case TABLE_COUNTER:
        return check_counter(core, key, (const Stored__Counter *)record, problem);
    case TABLE_ACCEPTED:
        return check_accepted(core, (const Stored__Accepted *)record, problem);
    case TABLE_REF:
        return check_ref(core, key, ((const Stored__Counter *)record)->value, problem);
    default:
        return BB_OK;
    }
}

enum bb_code verify_record(struct core *core, enum table table, const struct store_key *key,
                           const ProtobufCMessage *record, const char **problem)
{
    const char *own = number_field(table);
    *problem = NULL;
    if (own != NULL && (key->size != sizeof(uint64_t) || field_of(record, own) != key_to_number(key))) {
        *problem = "it carries another number";
        return BB_OK;
    }
    enum bb_code code = follow_links(core, table, record, problem);
    return code == BB_OK && *problem == NULL ? check_twice(core, table, key, record, problem) : code;
}

// ---------------------------------------------------------------- what an entry made

struct made {
    enum table table;
    uint64_t number;
    const char *problem;
};

static struct made made_by(const Stored__Fact *fact)
{
    switch (fact->what_case) {
    case STORED__FACT__WHAT_COMMUNITY_FOUNDED:
        return (struct made){TABLE_COMMUNITY, fact->community_founded->community,
                             "the community it founded is missing"};
    case STORED__FACT__WHAT_PARTY_JOINED:
        return (struct made){TABLE_PARTY, fact->party_joined->party, "the party that joined in it is missing"};
    case STORED__FACT__WHAT_MEMBER_JOINED:
        return (struct made){TABLE_MEMBER, fact->member_joined->member, "the member that joined in it is missing"};
    case STORED__FACT__WHAT_INVITATION_MADE:
        return (struct made){TABLE_INVITATION, fact->invitation_made->invitation, "the invitation it made is missing"};
    case STORED__FACT__WHAT_ASKER_REGISTERED:
        return (struct made){TABLE_ASKER, fact->asker_registered->asker, "the asker it registered is missing"};
    case STORED__FACT__WHAT_REQUEST_ENTERED:
        return (struct made){TABLE_REQUEST, fact->request_entered->request, "the request it entered is missing"};
    case STORED__FACT__WHAT_ANSWER_GIVEN:
        return (struct made){TABLE_OFFER, fact->answer_given->offer, "the offer it made is missing"};
    case STORED__FACT__WHAT_CONTACT_RELEASED:
        return (struct made){TABLE_RELEASE, fact->contact_released->release, "the release it made is missing"};
    default:
        return (struct made){0};
    }
}

enum bb_code verify_made(struct core *core, const Stored__Entry *entry, const char **problem)
{
    *problem = NULL;
    for (size_t i = 0; i < entry->n_facts && *problem == NULL; i++) {
        struct made made = made_by(entry->facts[i]);
        bool there = true;
        enum bb_code code = made.number != 0 ? is_there(core, made.table, made.number, &there) : BB_OK;
        if (code != BB_OK)
            return code;
        if (!there)
            *problem = made.problem;
    }
    return BB_OK;
}
