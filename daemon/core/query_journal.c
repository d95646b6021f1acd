// SPDX-License-Identifier: MPL-2.0
// The journal for an operator's eyes: who did what to what, and when. Never a text.
#include "query_lists.h"

#include "store/journal.h"

enum { LINES_DEFAULT = 20, LINES_MAX = 500 };

// What a fact is about and what came of it, as public id and word.
struct fact_line {
    uint64_t subject;
    const char *detail;
};

static struct fact_line line_of_party(const struct core *core, const Stored__Fact *fact)
{
    switch (fact->what_case) {
    case STORED__FACT__WHAT_PARTY_JOINED:
        return (struct fact_line){id_make(core->ids_key, ID_PARTY, fact->party_joined->party),
                                  bb_word(&bb_party_states, fact->party_joined->state, BB_ENGLISH)};
    case STORED__FACT__WHAT_MEMBER_JOINED:
        return (struct fact_line){id_make(core->ids_key, ID_MEMBER, fact->member_joined->member), ""};
    case STORED__FACT__WHAT_PARTY_STATE_CHANGED:
        return (struct fact_line){id_make(core->ids_key, ID_PARTY, fact->party_state_changed->party),
                                  bb_word(&bb_party_states, fact->party_state_changed->state, BB_ENGLISH)};
    case STORED__FACT__WHAT_PARTY_PAUSED:
        return (struct fact_line){id_make(core->ids_key, ID_PARTY, fact->party_paused->party),
                                  fact->party_paused->paused ? "paused" : "resumed"};
    case STORED__FACT__WHAT_MEMBER_REVOKED:
        return (struct fact_line){id_make(core->ids_key, ID_MEMBER, fact->member_revoked->member), ""};
    case STORED__FACT__WHAT_INVITATION_MADE:
        return (struct fact_line){id_make(core->ids_key, ID_INVITATION, fact->invitation_made->invitation),
                                  bb_word(&bb_roles, fact->invitation_made->role, BB_ENGLISH)};
    case STORED__FACT__WHAT_INVITATION_REVOKED:
        return (struct fact_line){id_make(core->ids_key, ID_INVITATION, fact->invitation_revoked->invitation), ""};
    default:
        return (struct fact_line){0, ""};
    }
}

static struct fact_line line_of(const struct core *core, const Stored__Fact *fact)
{
    switch (fact->what_case) {
    case STORED__FACT__WHAT_ASKER_REGISTERED:
        return (struct fact_line){id_make(core->ids_key, ID_ASKER, fact->asker_registered->asker), ""};
    case STORED__FACT__WHAT_REQUEST_ENTERED:
        return (struct fact_line){id_make(core->ids_key, ID_REQUEST, fact->request_entered->request),
                                  bb_word(&bb_request_states, fact->request_entered->state, BB_ENGLISH)};
    case STORED__FACT__WHAT_REQUEST_STATE_CHANGED: {
        const Stored__RequestStateChanged *changed = fact->request_state_changed;
        return (struct fact_line){id_make(core->ids_key, ID_REQUEST, changed->request),
                                  changed->reason != 0 ? bb_word(&bb_close_reasons, changed->reason, BB_ENGLISH)
                                                       : bb_word(&bb_request_states, changed->state, BB_ENGLISH)};
    }
    case STORED__FACT__WHAT_ANSWER_GIVEN:
        return (struct fact_line){id_make(core->ids_key, ID_OFFER, fact->answer_given->offer),
                                  bb_word(&bb_offer_states, fact->answer_given->state, BB_ENGLISH)};
    case STORED__FACT__WHAT_OFFER_STATE_CHANGED:
        return (struct fact_line){id_make(core->ids_key, ID_OFFER, fact->offer_state_changed->offer),
                                  bb_word(&bb_offer_states, fact->offer_state_changed->state, BB_ENGLISH)};
    case STORED__FACT__WHAT_CONTACT_RELEASED:
        return (struct fact_line){id_make(core->ids_key, ID_RELEASE, fact->contact_released->release),
                                  bb_word(&bb_contact_channels, fact->contact_released->channel, BB_ENGLISH)};
    default:
        return line_of_party(core, fact);
    }
}

static ProtobufCBinaryData borrow(const char *text)
{
    size_t size = 0;
    while (text[size] != '\0')
        size++;
    return (ProtobufCBinaryData){size, (uint8_t *)text};
}

static Wire__JournalLine *make_line(struct core *core, const Stored__Entry *entry, const Stored__Fact *fact)
{
    Wire__JournalLine *line = core_alloc(core, sizeof *line);
    if (!line)
        return NULL;
    wire__journal_line__init(line);
    struct fact_line about = line_of(core, fact);
    const ProtobufCFieldDescriptor *kind =
        protobuf_c_message_descriptor_get_field(&stored__fact__descriptor, (unsigned)fact->what_case);
    line->entry = entry->seq;
    line->at_ms = entry->made_at_ms;
    line->member = id_make(core->ids_key, ID_MEMBER, fact->member);
    line->party = id_make(core->ids_key, ID_PARTY, fact->party);
    line->asker = id_make(core->ids_key, ID_ASKER, fact->asker);
    line->fact = borrow(kind != NULL ? kind->name : "unknown");
    line->subject = about.subject;
    line->detail = borrow(about.detail);
    return line;
}

// The lines of one entry, from fact `*fact` on. Moves on to the next entry, or stays in this one when the page is full.
static enum bb_code add_entry(struct core *core, uint64_t *seq, uint32_t *fact, Wire__JournalPage *page)
{
    Stored__Entry *entry;
    enum bb_code code = journal_read(core->txn, *seq, &entry);
    if (code != BB_OK)
        return code;
    for (; *fact < entry->n_facts && page->n_lines < LINES_MAX; (*fact)++) {
        Wire__JournalLine *line = make_line(core, entry, entry->facts[*fact]);
        if (!line || !core_grow(core, &page->lines, page->n_lines, sizeof *page->lines))
            return BB_NO_MEMORY;
        page->lines[page->n_lines++] = line;
    }
    if (*fact < entry->n_facts)
        return BB_OK;
    *fact = 0;
    *seq += 1;
    return BB_OK;
}

static enum bb_code fill_page(struct core *core, const Wire__ReadJournal *ask, Wire__JournalPage *page)
{
    uint64_t entries = ask->limit == 0 || ask->limit > PAGE_ITEMS_MAX ? LINES_DEFAULT : ask->limit;
    uint64_t seq = ask->from_entry;
    uint32_t fact = ask->from_fact;
    if (seq == 0)
        seq = page->head > entries ? page->head - entries + 1 : 1;
    enum bb_code code = BB_OK;
    for (; code == BB_OK && entries > 0 && seq <= page->head && page->n_lines < LINES_MAX; entries--)
        code = add_entry(core, &seq, &fact, page);
    page->next_entry = seq <= page->head ? seq : 0;
    page->next_fact = fact;
    return code;
}

enum bb_code query_journal(struct core *core, const struct actor *actor, const Wire__Query *query, Wire__Answer *out)
{
    (void)actor;
    struct journal_head head;
    Wire__JournalPage *page = core_alloc(core, sizeof *page);
    if (!page)
        return BB_NO_MEMORY;
    wire__journal_page__init(page);
    out->what_case = WIRE__ANSWER__WHAT_JOURNAL;
    out->journal = page;
    enum bb_code code = journal_head(core->txn, &head);
    if (code != BB_OK)
        return code;
    page->head = head.seq;
    return fill_page(core, query->journal, page);
}
