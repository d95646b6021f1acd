// SPDX-License-Identifier: MPL-2.0
// buurtbel-ctl: founds a community, brings people in, looks after requests and the broker. Its subcommands.
#include "ctl.h"

#include "enrol.h"
#include "lost.h"

static const struct subcommand subcommands[] = {
    {"init", "DIR", 1, 1,
     TAKES(OPTION_COMMUNITY, OPTION_NAME, OPTION_COMMAND, OPTION_PUBLISH, OPTION_COMMAND_PUBLIC, OPTION_PUBLISH_PUBLIC,
           OPTION_HTTP, OPTION_MAP_SIZE),
     "Make the folder of a new community: keys, configuration and the first operator.",
     "Maak de map van een nieuwe gemeenschap: sleutels, configuratie en de eerste beheerder.", init_run},
    ENROL_SUBCOMMAND,
    {"invite", "", 0, 0,
     TAKES(OPTION_ROLE, OPTION_CLASS, OPTION_USES, OPTION_STANDING, OPTION_DAYS, OPTION_PARTY, OPTION_QUIET),
     "Make an invitation: one text to hand over.", "Maak een uitnodiging: een tekst om door te geven.", invite_run},
    {"invitation list", "", 0, 0, NULL, "List the invitations that were made.", "Toon de gemaakte uitnodigingen.",
     invitation_list_run},
    {"invitation revoke", "ID", 1, 1, NULL, "Take an invitation back.", "Trek een uitnodiging in.",
     invitation_revoke_run},
    {"party list", "", 0, 0, TAKES(OPTION_STATE), "List givers, desks and other parties.",
     "Toon gevers, balies en andere partijen.", party_list_run},
    {"party show", "ID", 1, 1, NULL, "Show one party and its members.", "Toon een partij en haar medewerkers.",
     party_show_run},
    {"party approve", "ID", 1, 1, TAKES(OPTION_CLASS), "Say yes to a giver who waits.",
     "Zeg ja tegen een gever die wacht.", party_approve_run},
    {"party suspend", "ID", 1, 1, TAKES(OPTION_REASON), "Put taking part on hold.", "Zet meedoen even stil.",
     party_suspend_run},
    {"party reinstate", "ID", 1, 1, TAKES(OPTION_REASON), "Let a party take part again.",
     "Laat een partij weer meedoen.", party_reinstate_run},
    {"member list", "", 0, 0, TAKES(OPTION_PARTY), "List the members of a party, else of your own.",
     "Toon de medewerkers van een partij, anders die van uzelf.", member_list_run},
    {"member revoke", "ID", 1, 1, TAKES(OPTION_REASON), "End the access of one member's key.",
     "Beëindig de toegang met de sleutel van een medewerker.", member_revoke_run},
    {"list", "", 0, 0, NULL, "List the requests that wait for a coordinator, and those that are open.",
     "Toon de hulpvragen die op de kwartiermaker wachten, en wat open is.", list_run},
    {"open", "REQUEST", 1, 1, NULL, "Publish a request that was with the coordinators.",
     "Plaats een hulpvraag die bij de kwartiermakers lag.", open_run},
    {"close", "REQUEST", 1, 1, TAKES(OPTION_REASON, OPTION_ASKER_AGREED), "Close a request.", "Rond een hulpvraag af.",
     close_run},
    {"status", "", 0, 0, NULL, "Show how the broker does.", "Toon hoe het met de server gaat.", status_run},
    {"journal", "", 0, 0, TAKES(OPTION_LINES), "Show the last lines of the journal.",
     "Toon de laatste regels van het journaal.", journal_run},
    {"verify", "", 0, 0, NULL, "Check every record of the store and the history.",
     "Controleer alles in de opslag en de geschiedenis.", verify_run},
    LOST_SUBCOMMAND,
};

static const struct program program = {
    "buurtbel-ctl",
    "Found a community, bring people in, and look after the broker.",
    "Begin een gemeenschap, nodig mensen uit en beheer de server.",
    subcommands,
    sizeof subcommands / sizeof *subcommands,
};

int main(int argc, char **argv)
{
    return program_run(&program, argc, argv);
}
