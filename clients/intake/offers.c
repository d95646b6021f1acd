// SPDX-License-Identifier: MPL-2.0
// What becomes of an offer: `choose`, `decline`, `confirm`, `cancel`.
#include "intake.h"

#include "broker.h"
#include "shown.h"

int choose_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__ChooseOffer choose = WIRE__CHOOSE_OFFER__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_CHOOSE_OFFER;
    command.choose_offer = &choose;
    choose.asker_agreed = true;
    int status = read_id(ui, arguments->positional[0], &choose.offer);
    if (status == STATUS_DONE) {
        status = asker_agreed(ui, arguments);
    }
    return status != STATUS_DONE ? status
                                 : broker_do(ui, &command,
                                             tr(ui, "It is a match. The giver hears it now.",
                                                "Het is een match. De gever hoort het nu."));
}

int decline_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__DeclineOffer decline = WIRE__DECLINE_OFFER__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_DECLINE_OFFER;
    command.decline_offer = &decline;
    decline.asker_agreed = true;
    int status = read_id(ui, arguments->positional[0], &decline.offer);
    if (status == STATUS_DONE) {
        status = asker_agreed(ui, arguments);
    }
    return status != STATUS_DONE ? status
                                 : broker_do(ui, &command,
                                             tr(ui, "The giver is thanked and told kindly.",
                                                "De gever wordt bedankt en hoort het vriendelijk."));
}

static int read_outcome(struct ui *ui, const struct arguments *arguments, Wire__ConfirmHelp *confirm)
{
    bool given = argument_given(arguments, OPTION_GIVEN);
    if (given == argument_given(arguments, OPTION_FAILED)) {
        complain(ui, "%s", tr(ui, "Say one of --given and --failed.", "Geef --given of --failed, een van de twee."));
        return STATUS_USAGE;
    }
    uint32_t new_contact = 0, follow_up = 0;
    int status = option_word(ui, arguments, OPTION_NEW_CONTACT, &bb_yes_no, &new_contact);
    if (status == STATUS_DONE) {
        status = option_word(ui, arguments, OPTION_FOLLOW_UP, &bb_yes_no, &follow_up);
    }
    confirm->given = given;
    confirm->new_contact = (Wire__YesNo)new_contact;
    confirm->follow_up_needed = (Wire__YesNo)follow_up;
    return status;
}

int confirm_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__ConfirmHelp confirm = WIRE__CONFIRM_HELP__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_CONFIRM_HELP;
    command.confirm_help = &confirm;
    int status = read_id(ui, arguments->positional[0], &confirm.offer);
    if (status == STATUS_DONE) {
        status = read_outcome(ui, arguments, &confirm);
    }
    if (status != STATUS_DONE) {
        return status;
    }
    return broker_do(ui, &command,
                     confirm.given ? tr(ui, "Wonderful. It is written down.", "Wat fijn. Het is genoteerd.")
                                   : tr(ui, "A pity. Thank you for saying so; it is written down.",
                                        "Jammer. Goed dat u het meldt; het is genoteerd."));
}

int cancel_run(struct ui *ui, const struct arguments *arguments)
{
    Wire__CancelOffer cancel = WIRE__CANCEL_OFFER__INIT;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_CANCEL_OFFER;
    command.cancel_offer = &cancel;
    int status = read_id(ui, arguments->positional[0], &cancel.offer);
    if (status == STATUS_DONE) {
        status = option_needed(ui, arguments, OPTION_REASON);
    }
    cancel.reason = text_field(argument_value(arguments, OPTION_REASON));
    return status != STATUS_DONE ? status
                                 : broker_do(ui, &command,
                                             tr(ui, "The match is cancelled; both sides hear it.",
                                                "De match gaat niet door; beide kanten horen het."));
}
