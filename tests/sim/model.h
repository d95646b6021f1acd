// SPDX-License-Identifier: MPL-2.0
// The model: what must be true of the community, whatever the network does. Written from DOMAIN.md, not from the code.
//
// It is fed with what clients gave and were told, and with the journal, fact by fact, and keeps a small picture of the
// community of its own. Tables say which fact needs which command and whose right, and which moves there are; rules are
// functions in lists (model_rules.c). A new state costs a row, a new promise a function.
#ifndef BUURTBEL_SIM_MODEL_H
#define BUURTBEL_SIM_MODEL_H

#include "sim.h"

#include "stored.pb-c.h"
#include "words.h"

enum {
    PARTIES_MAX = 128,
    MEMBERS_MAX = 128,
    ASKERS_MAX = 256,
    REQUESTS_MAX = 512,
    OFFERS_MAX = 2048,
    CARDS_MAX = 512,
    GIVEN_MAX = 2048,
    NOTICES_MAX = 16384,
};

struct m_party {
    enum bb_role role;
    uint32_t audience_class, state;
    bool paused;
    bool ever_paused;
};
struct m_member {
    uint64_t party;
    bool revoked;
};
struct m_card { // an invitation
    uint32_t uses_left;
    int64_t expires_at_ms;
    uint64_t party, made_by;
    enum bb_role role;
    bool revoked, standing;
};
struct m_asker {
    uint64_t desk;
};
struct m_request {
    uint64_t desk, asker;
    uint32_t state, needed, excluded, reason;
    bool touched;
};
struct m_offer {
    uint64_t request, party, member;
    uint32_t state, kind;
    bool touched;
};

// A command that somebody gave, and what came of it.
struct given {
    uint64_t who; // member, or invitation with the highest bit
    uint8_t id[COMMAND_ID_SIZE];
    Wire__Command *command;
    int client;
    bool told_ok, told_no;
    uint32_t no_code;
    uint64_t entry, made, party; // as it was told
    uint32_t state;
    uint64_t in_entry; // of the journal; 0: not there
};

struct heard_notice {
    uint64_t channel, seq;
    uint8_t hash[8];
};

struct model {
    struct world *world;
    struct m_party parties[PARTIES_MAX];
    struct m_member members[MEMBERS_MAX];
    struct m_card cards[CARDS_MAX];
    struct m_asker askers[ASKERS_MAX];
    struct m_request requests[REQUESTS_MAX];
    struct m_offer offers[OFFERS_MAX];
    uint64_t requests_last, offers_last, parties_last, members_last;
    struct given *given[GIVEN_MAX];
    size_t given_count, checked_given;
    struct heard_notice *notices; // a hash table: what each number of each channel was
    size_t notices_count;
    struct arena *arena;
    uint64_t head; // of the journal, as far as it was read
    int64_t head_at_ms;
    uint8_t head_hash[32];
    uint64_t parties_suspended;
    // The fact that is looked at
    const Stored__Fact *fact;
    uint64_t entry;
    int64_t entry_at_ms;
    const struct given *cause;
};

struct model *model_create(struct world *world);
void model_destroy(struct model **model);
bool model_founded(struct model *model);

// What people do and hear.
void model_given(struct model *model, const struct client *client, const uint8_t *id, const Wire__Command *command);
void model_told(struct model *model, const struct client *client, const Wire__Reply *reply);
const struct given *model_find(const struct model *model, uint64_t who, const uint8_t *id);
// A notice left the broker, or reached somebody: the same number is always the same notice.
void model_notice(struct model *model, uint64_t channel, const Wire__Notice *notice);

// Reads the journal on from where it was read to, and judges. Needs a broker that runs.
void model_audit(struct model *model);
// The whole store once more: chain, records, channels.
void model_audit_all(struct model *model);

// model_facts.c: one fact.
void model_fact(struct model *model, const Stored__Fact *fact);
// model_rules.c: what holds after each entry, for what it touched.
void model_rules(struct model *model);
bool offer_lives(uint32_t state);
bool offer_is_held(uint32_t state); // taken: it fills a place
uint32_t model_taken(const struct model *model, uint64_t request);

#define model_breaks(model, rule, ...) world_fail((model)->world, rule, __VA_ARGS__)

#endif
