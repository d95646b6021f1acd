// SPDX-License-Identifier: MPL-2.0
// What a giver says: `answer`, `withdraw`, `done`, `pause`, `resume`. Kept and sent later where the broker is away.
#include "giver.h"

#include "broker.h"
#include "shown.h"

#include <string.h>

// The words of the command line are shorter than those of the vocabulary, which are taken too.
static int read_answer(const struct ui *ui, const char *word, uint32_t *kind)
{
    static const struct {
        const char *word;
        enum bb_answer_kind kind;
    } short_words[] = {{"with-conditions", ANSWER_OFFER_WITH_CONDITIONS}, {"asking", ANSWER_ASKING_INTERNALLY}};
    for (size_t i = 0; i < sizeof short_words / sizeof *short_words; i++) {
        if (strcmp(word, short_words[i].word) == 0) {
            *kind = short_words[i].kind;
            return STATUS_DONE;
        }
    }
    if (bb_word_value(&bb_answer_kinds, word, kind)) {
        return STATUS_DONE;
    }
    complain(ui,
             tr(ui, "\"%s\" is no answer. Choose offer, with-conditions, asking, cannot or not-allowed.",
                "\"%s\" is geen antwoord. Kies offer, with-conditions, asking, cannot of not-allowed."),
             word);
    return STATUS_USAGE;
}

// Conditions and rules are the point of those two answers; the broker would refuse them empty.
static int check_text(const struct ui *ui, const Wire__GiveAnswer *answer)
{
    if (answer->text.len > 0) {
        return STATUS_DONE;
    }
    if (answer->kind == WIRE__ANSWER_KIND__ANSWER_OFFER_WITH_CONDITIONS) {
        complain(ui, "%s",
                 tr(ui, "Write the conditions behind the answer, in quotes.",
                    "Schrijf de voorwaarden achter het antwoord, tussen aanhalingstekens."));
        return STATUS_USAGE;
    }
    if (answer->kind == WIRE__ANSWER_KIND__ANSWER_NOT_ALLOWED) {
        complain(
            ui, "%s",
            tr(ui, "Write the rule behind the answer, in quotes; only the coordinator reads it.",
               "Schrijf de regel achter het antwoord, tussen aanhalingstekens; alleen de kwartiermaker leest die."));
        return STATUS_USAGE;
    }
    return STATUS_DONE;
}

static void tell_answered(struct ui *ui, const Wire__GiveAnswer *answer, const Wire__Reply *reply)
{
    bool is_offer = answer->kind == WIRE__ANSWER_KIND__ANSWER_OFFER ||
                    answer->kind == WIRE__ANSWER_KIND__ANSWER_OFFER_WITH_CONDITIONS;
    if (!is_offer) {
        printf("%s\n", tr(ui, "Thank you for letting us know.", "Dank u wel dat u het laat weten."));
    } else if (reply->state == (uint32_t)OFFER_WAITING) {
        printf(tr(ui, "Thank you! Somebody was just before you; your offer %s is kept in case it falls through.\n",
                  "Dank u wel! Iemand was net eerder; uw aanbod %s blijft achter de hand.\n"),
               shown_id(ui, reply->made));
    } else {
        printf(tr(ui, "Thank you! Your offer is %s. You will hear whether it is chosen.\n",
                  "Dank u wel! Uw aanbod is %s. U hoort of het gekozen wordt.\n"),
               shown_id(ui, reply->made));
    }
}

static int give_answer(struct ui *ui, Wire__GiveAnswer *answer)
{
    struct bb_client *client = NULL;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_GIVE_ANSWER;
    command.give_answer = answer;
    int status = broker_open(ui, &client);
    if (status != STATUS_DONE) {
        return status;
    }
    Wire__Reply *reply = NULL;
    status = broker_give(ui, client, &command, &reply);
    if (status == STATUS_DONE && !ui->json && reply != NULL) {
        tell_answered(ui, answer, reply);
    }
    if (reply != NULL) {
        wire__reply__free_unpacked(reply, NULL);
    }
    bb_client_close(&client);
    return status;
}

int answer_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__GiveAnswer answer = WIRE__GIVE_ANSWER__INIT;
    uint32_t kind = 0, offer_kind = 0;
    int status = read_id(ui, arguments->positional[0], &answer.request);
    if (status == STATUS_DONE) {
        status = read_answer(ui, arguments->positional[1], &kind);
    }
    if (status == STATUS_DONE) {
        bool is_offer = kind == ANSWER_OFFER || kind == ANSWER_OFFER_WITH_CONDITIONS;
        offer_kind = is_offer ? KIND_DO : 0;
        status = option_word(ui, arguments, OPTION_KIND, &bb_offer_kinds, &offer_kind);
    }
    if (status != STATUS_DONE) {
        return status;
    }
    answer.kind = (Wire__AnswerKind)kind;
    answer.offer_kind = (Wire__OfferKind)offer_kind;
    answer.text = text_field(arguments->positionals > 2 ? arguments->positional[2] : NULL);
    status = check_text(ui, &answer);
    return status == STATUS_DONE ? give_answer(ui, &answer) : status;
}

int withdraw_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__WithdrawOffer withdraw = WIRE__WITHDRAW_OFFER__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_WITHDRAW_OFFER;
    command.withdraw_offer = &withdraw;
    int status = read_id(ui, arguments->positional[0], &withdraw.offer);
    return status != STATUS_DONE ? status
                                 : broker_do(ui, &command,
                                             tr(ui, "Your offer was taken back. No hard feelings.",
                                                "Uw aanbod is ingetrokken. Dat is helemaal goed."));
}

int done_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__ReportDone done = WIRE__REPORT_DONE__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_REPORT_DONE;
    command.report_done = &done;
    int status = read_id(ui, arguments->positional[0], &done.offer);
    return status != STATUS_DONE ? status
                                 : broker_do(ui, &command,
                                             tr(ui, "Wonderful. The desk asks the asker too.",
                                                "Wat fijn. De balie vraagt het ook aan de vrager."));
}

int pause_run(struct ui *ui, const struct arguments *arguments)
{
    (void)arguments;
    Wire__Pause pause = WIRE__PAUSE__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_PAUSE;
    command.pause = &pause;
    return broker_do(ui, &command,
                     tr(ui, "You receive nothing for now. Come back whenever you like.",
                        "U ontvangt nu even niets. Kom terug wanneer u wilt."));
}

int resume_run(struct ui *ui, const struct arguments *arguments)
{
    (void)arguments;
    Wire__Resume resume = WIRE__RESUME__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_RESUME;
    command.resume = &resume;
    return broker_do(ui, &command,
                     tr(ui, "Good that you are back. You receive requests again.",
                        "Fijn dat u er weer bent. U ontvangt weer hulpvragen."));
}
