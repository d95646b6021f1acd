// SPDX-License-Identifier: MPL-2.0
// buurtbel-giver: receives requests for help and answers them. The table of its subcommands.
#include "giver.h"

#include "enrol.h"
#include "lost.h"

static const struct subcommand subcommands[] = {
    ENROL_SUBCOMMAND,
    {"listen", "", 0, 0, TAKES(OPTION_UNTIL_COMPLETE), "Show requests as they come in. Ctrl-C stops.",
     "Toon hulpvragen zodra ze binnenkomen. Ctrl-C stopt.", listen_run},
    {"list", "", 0, 0, NULL, "List the requests that are open now.", "Toon de hulpvragen die nu open zijn.", list_run},
    {"show", "REQUEST", 1, 1, NULL, "Show one request and your answer to it.",
     "Toon een hulpvraag en uw antwoord erop.", show_run},
    {"answer", "REQUEST offer|with-conditions|asking|cannot|not-allowed [TEXT]", 2, 3, TAKES(OPTION_KIND),
     "Answer a request. A new answer replaces the one before.",
     "Antwoord op een hulpvraag. Een nieuw antwoord vervangt het vorige.", answer_run},
    {"withdraw", "OFFER", 1, 1, NULL, "Take an offer back.", "Trek een aanbod in.", withdraw_run},
    {"done", "OFFER", 1, 1, NULL, "Say that the help was given.", "Meld dat de hulp gegeven is.", done_run},
    {"inbox", "", 0, 0, NULL, "Show where you were chosen, and the contact details that you got.",
     "Toon waar u gekozen bent, en de contactgegevens die u kreeg.", inbox_run},
    {"pause", "", 0, 0, NULL, "Receive nothing for a while. No reason is needed.",
     "Even niets ontvangen. Een reden is niet nodig.", pause_run},
    {"resume", "", 0, 0, NULL, "Receive requests again.", "Weer hulpvragen ontvangen.", resume_run},
    {"status", "", 0, 0, NULL, "Show whether everything was received and sent.",
     "Toon of alles ontvangen en verstuurd is.", status_run},
    LOST_SUBCOMMAND,
};

static const struct program program = {
    "buurtbel-giver",
    "Receive small requests for help from your neighbourhood, and answer them.",
    "Ontvang kleine hulpvragen uit uw buurt, en antwoord erop.",
    subcommands,
    sizeof subcommands / sizeof *subcommands,
};

int main(int argc, char **argv)
{
    return program_run(&program, argc, argv);
}
