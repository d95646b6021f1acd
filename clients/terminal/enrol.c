// SPDX-License-Identifier: MPL-2.0
// `enrol`: from an invitation to an identity; see enrol.h.
#include "enrol.h"

#include "json_lines.h"
#include "shown.h"

#include <string.h>

const enum flag enrol_options[] = {OPTION_NAME, OPTION_MEMBER, OPTION_NONE};

// An invitation on the command line stands in the shell's history, so it can come through the input as well.
static int read_invitation(const struct ui *ui, const char *argument, char out[INVITATION_TEXT_SIZE_MAX + 2])
{
    size_t size = strlen(argument);
    if (strcmp(argument, "-") == 0) {
        size = fread(out, 1, INVITATION_TEXT_SIZE_MAX + 1, stdin);
    } else if (size <= INVITATION_TEXT_SIZE_MAX) {
        memcpy(out, argument, size);
    }
    if (size > INVITATION_TEXT_SIZE_MAX) {
        return complain_code(ui, BB_BAD_INVITATION);
    }
    while (size > 0 && strchr(" \t\r\n", out[size - 1]) != NULL) {
        size--;
    }
    out[size] = '\0';
    memmove(out, out + strspn(out, " \t\r\n"), strlen(out + strspn(out, " \t\r\n")) + 1);
    return STATUS_DONE;
}

static void tell_invitation(struct ui *ui, const struct bb_invitation_facts *facts)
{
    if (ui->json) {
        return;
    }
    printf(tr(ui, "An invitation of %s as %s%s%s.\n", "Een uitnodiging van %s als %s%s%s.\n"),
           shown_string(ui, facts->community), bb_word(&bb_roles, facts->role, ui->language),
           facts->audience_class != 0 ? ", " : "",
           facts->audience_class != 0 ? bb_word(&bb_classes, facts->audience_class, ui->language) : "");
    fflush(stdout);
}

static int tell_enrolled(struct ui *ui, const struct bb_enrolment *enrolment)
{
    if (ui->json) {
        json_t *object = json_pack("{s:s, s:s, s:s}", "party", shown_id(ui, enrolment->party), "member",
                                   shown_id(ui, enrolment->member), "state",
                                   bb_word(&bb_party_states, enrolment->state, BB_ENGLISH));
        json_print(ui, &object);
    } else if (enrolment->state == PARTY_WAITING) {
        printf("%s\n", tr(ui, "Welcome! A coordinator says yes first; you will hear as soon as that is done.",
                          "Welkom! Een kwartiermaker zegt eerst ja; u hoort het zodra dat is gebeurd."));
    } else {
        printf("%s\n", tr(ui, "Welcome! You can begin.", "Welkom! U kunt beginnen."));
    }
    return STATUS_DONE;
}

static int enrol_with(struct ui *ui, const struct arguments *arguments, const char *invitation)
{
    struct bb_invitation_facts facts;
    enum bb_code code = bb_invitation_read(invitation, &facts);
    if (code != BB_OK) {
        return complain_code(ui, code);
    }
    tell_invitation(ui, &facts);
    if (!argument_given(arguments, OPTION_NAME) && !argument_given(arguments, OPTION_MEMBER)) {
        return option_needed(ui, arguments, OPTION_NAME);
    }
    const char *name = argument_value(arguments, OPTION_NAME);
    const char *member = argument_value(arguments, OPTION_MEMBER);
    struct bb_enrolment enrolment;
    // A resident is a party with one member, so one name is enough; so it is for a colleague who joins a party.
    code = bb_enrol(ui->home, invitation, name != NULL ? name : member, member != NULL ? member : name, ui->timeout_ms,
                    &enrolment);
    if (code == BB_TIMED_OUT || code == BB_AWAY) {
        complain(ui, "%s",
                 tr(ui, "The broker did not answer. Run the same command again; that cannot enrol you twice.",
                    "De server gaf geen antwoord. Geef dezelfde opdracht opnieuw; u wordt niet dubbel aangemeld."));
        return STATUS_UNREACHABLE;
    }
    return code == BB_OK ? tell_enrolled(ui, &enrolment) : complain_code(ui, code);
}

int enrol_run(struct ui *ui, const struct arguments *arguments)
{
    char invitation[INVITATION_TEXT_SIZE_MAX + 2];
    int status = read_invitation(ui, arguments->positional[0], invitation);
    if (status == STATUS_DONE) {
        status = enrol_with(ui, arguments, invitation);
    }
    explicit_bzero(invitation, sizeof invitation);
    return status;
}
