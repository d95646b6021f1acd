// SPDX-License-Identifier: MPL-2.0
// State diagrams as text; see diagrams.h.
#include "diagrams.h"

#include "core/states.h"

static void print_who(FILE *out, uint8_t who)
{
    static const struct {
        uint8_t bit;
        const char *name;
    } names[] = {{WHO_ASKERS_SIDE, "asker's side"},
                 {WHO_GIVER, "giver"},
                 {WHO_COORDINATOR, "coordinator"},
                 {WHO_SYSTEM, "system"}};
    const char *separator = "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!(who & names[i].bit))
            continue;
        fprintf(out, "%s%s", separator, names[i].name);
        separator = ", ";
    }
}

static void print_step(FILE *out, const struct bb_words *words, uint32_t state, struct step step, const char *event)
{
    if (step.next == 0)
        return;
    fprintf(out, "    %s --> %s: %s (", bb_word(words, state, BB_ENGLISH), bb_word(words, step.next, BB_ENGLISH),
            event);
    print_who(out, step.who);
    fputs(")\n", out);
}

#define EVENT_NAME(symbol, name) name,

static void print_request(FILE *out)
{
    static const char *const events[] = {REQUEST_EVENTS(EVENT_NAME)};
    for (uint32_t state = REQUEST_DRAFT; state <= REQUEST_CLOSED; state++) {
        for (int event = 0; event < REQUEST_EVENTS_COUNT; event++)
            print_step(out, &bb_request_states, state, request_step(state, (enum request_event)event), events[event]);
    }
}

static void print_offer(FILE *out)
{
    static const char *const events[] = {OFFER_EVENTS(EVENT_NAME)};
    for (uint32_t state = OFFER_OFFERED; state <= OFFER_NOT_ALLOWED; state++) {
        for (int event = 0; event < OFFER_EVENTS_COUNT; event++)
            print_step(out, &bb_offer_states, state, offer_step(state, (enum offer_event)event), events[event]);
    }
}

#undef EVENT_NAME

void diagrams_print(FILE *out)
{
    fputs("### A request\n\n```mermaid\nstateDiagram-v2\n", out);
    print_request(out);
    fputs("```\n\n### An offer\n\n```mermaid\nstateDiagram-v2\n", out);
    print_offer(out);
    fputs("```\n", out);
}
