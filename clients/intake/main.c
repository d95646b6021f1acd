// SPDX-License-Identifier: MPL-2.0
// buurtbel-intake: the desk registers askers, publishes their requests and sees them through. Its subcommands.
#include "intake.h"

#include "enrol.h"
#include "lost.h"

static const struct subcommand subcommands[] = {
    ENROL_SUBCOMMAND,
    {"asker add", "", 0, 0,
     TAKES(OPTION_NAME, OPTION_PHONE, OPTION_EMAIL, OPTION_ADDRESS, OPTION_HEARD_OF, OPTION_REF, OPTION_FILE),
     "Register an asker. Contact details are encrypted here; only your desk can read them.",
     "Schrijf een vrager in. Contactgegevens worden hier versleuteld; alleen uw balie kan ze lezen.", asker_add_run},
    {"asker list", "", 0, 0, NULL, "List the askers of your desk.", "Toon de vragers van uw balie.", asker_list_run},
    {"post", "", 0, 0,
     TAKES(OPTION_ASKER, OPTION_CATEGORY, OPTION_TEXT, OPTION_SIZE, OPTION_WANTED, OPTION_AREA, OPTION_TEXT_LANGUAGE,
           OPTION_NEEDED, OPTION_NEEDED_BY, OPTION_SOON, OPTION_EXCLUDE, OPTION_REF, OPTION_ADDRESS_MEANT,
           OPTION_EARLIER, OPTION_FILE, OPTION_ASKER_AGREED, OPTION_YES),
     "Publish a request, or with --file many of them.", "Plaats een hulpvraag, of met --file een heel bestand.",
     post_run},
    {"list", "", 0, 0, TAKES(OPTION_STATE, OPTION_ALL), "List the requests of your desk.",
     "Toon de hulpvragen van uw balie.", list_run},
    {"show", "REQUEST", 1, 1, NULL, "Show one request with its offers.", "Toon een hulpvraag met het aanbod.",
     show_run},
    {"choose", "OFFER", 1, 1, TAKES(OPTION_ASKER_AGREED), "The asker takes this offer.", "De vrager kiest dit aanbod.",
     choose_run},
    {"decline", "OFFER", 1, 1, TAKES(OPTION_ASKER_AGREED), "The asker does not take this offer.",
     "De vrager kiest dit aanbod niet.", decline_run},
    {"release", "OFFER", 1, 1, TAKES(OPTION_CHANNEL, OPTION_ASKER_AGREED, OPTION_YES),
     "Give one way of contact to the chosen giver.", "Geef één manier van contact aan de gekozen gever.", release_run},
    {"confirm", "OFFER", 1, 1, TAKES(OPTION_GIVEN, OPTION_FAILED, OPTION_NEW_CONTACT, OPTION_FOLLOW_UP),
     "Say whether the help was given.", "Meld of de hulp gegeven is.", confirm_run},
    {"cancel", "OFFER", 1, 1, TAKES(OPTION_REASON), "A chosen offer falls through.",
     "Een gekozen aanbod gaat niet door.", cancel_run},
    {"close", "REQUEST", 1, 1, TAKES(OPTION_REASON, OPTION_ASKER_AGREED), "Close a request.", "Rond een hulpvraag af.",
     close_run},
    {"withdraw", "REQUEST", 1, 1, NULL, "Close a request that is not needed any more.",
     "Rond een hulpvraag af die niet meer nodig is.", withdraw_run},
    {"watch", "", 0, 0, NULL, "Show offers and changes as they come in. Ctrl-C stops.",
     "Toon aanbod en veranderingen zodra ze er zijn. Ctrl-C stopt.", watch_run},
    {"categories", "", 0, 0, NULL, "List the categories of your community.", "Toon de categorieën van uw gemeenschap.",
     categories_run},
    {"members", "", 0, 0, NULL, "List your colleagues and the check words of their keys.",
     "Toon uw collega's en de controlewoorden van hun sleutels.", members_run},
    LOST_SUBCOMMAND,
};

static const struct program program = {
    "buurtbel-intake",
    "Register askers, publish what they ask, and see it through.",
    "Schrijf vragers in, plaats hun hulpvragen en volg ze tot het eind.",
    subcommands,
    sizeof subcommands / sizeof *subcommands,
};

int main(int argc, char **argv)
{
    return program_run(&program, argc, argv);
}
