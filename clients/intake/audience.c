// SPDX-License-Identifier: MPL-2.0
// What the desk looks at before it publishes: the text, who will receive it, and whether it says yes.
#include "intake.h"

#include "broker.h"
#include "shown.h"

static int ask_audience(struct ui *ui, struct bb_client *client, const Wire__PublishRequest *request,
                        Wire__Answer **out)
{
    Wire__AskAudience ask = WIRE__ASK_AUDIENCE__INIT;
    ask.n_excluded_classes = request->n_excluded_classes;
    ask.excluded_classes = request->excluded_classes;
    ask.category = request->category;
    ask.size = request->size;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_AUDIENCE;
    query.audience = &ask;
    return broker_ask(ui, client, &query, WIRE__ANSWER__WHAT_AUDIENCE, out);
}

// DOMAIN: police, media and municipality are marked as such in the audience.
static bool is_marked(Wire__AudienceClass class)
{
    return class == WIRE__AUDIENCE_CLASS__CLASS_MEDIA || class == WIRE__AUDIENCE_CLASS__CLASS_MUNICIPALITY ||
           class == WIRE__AUDIENCE_CLASS__CLASS_POLICE;
}

static void show_audience(struct ui *ui, const Wire__Audience *audience)
{
    if (audience->coordinators_only) {
        fprintf(stderr, "%s\n",
                tr(ui, "This goes to the coordinators only; it is not broadcast.",
                   "Dit gaat alleen naar de kwartiermakers; het wordt niet rondgestuurd."));
        return;
    }
    fprintf(stderr,
            tr(ui, "Givers who will receive this: %u; joined this week: %u.\n",
               "Gevers die dit krijgen: %u; deze week erbij gekomen: %u.\n"),
            audience->total, audience->joined_this_week);
    for (size_t i = 0; i < audience->n_counts; i++) {
        const Wire__AudienceCount *count = audience->counts[i];
        if (count->givers == 0 && !count->excluded) {
            continue;
        }
        const char *note = count->excluded ? tr(ui, "  (does not get it)", "  (krijgt het niet)")
                           : is_marked(count->audience_class) && count->givers > 0
                               ? tr(ui, "  (reads along)", "  (leest mee)")
                               : "";
        fprintf(stderr, "  %5u  %s%s\n", count->givers, bb_word(&bb_classes, count->audience_class, ui->language),
                note);
    }
}

static void show_text(struct ui *ui, struct bb_client *client, const Wire__PublishRequest *request)
{
    fprintf(stderr, "  “%s”\n", shown_text(ui, request->text));
    fprintf(stderr, "%s\n",
            tr(ui, "Read it once more: does it name other people, or say something about health?",
               "Lees het nog eens: staan er namen van anderen in, of iets over gezondheid?"));
    const Wire__Welcome *welcome = bb_client_welcome(client);
    if (request->priority == WIRE__PRIORITY__PRIORITY_SOON) {
        fprintf(stderr, "%s\n",
                welcome != NULL && welcome->emergency_line.len > 0
                    ? shown_text(ui, welcome->emergency_line)
                    : tr(ui, "This is not an emergency service. In danger, call 112.",
                         "Dit is geen hulpdienst. Bel bij gevaar 112."));
    }
}

int audience_agreed(struct ui *ui, struct bb_client *client, const Wire__PublishRequest *request, bool yes)
{
    if (request->text.len > 0) {
        show_text(ui, client, request);
    }
    Wire__Answer *answer = NULL;
    int status = ask_audience(ui, client, request, &answer);
    if (status == STATUS_DONE) {
        show_audience(ui, answer->audience);
        wire__answer__free_unpacked(answer, NULL);
    } else if (!yes) {
        return status;
    }
    // With --yes the question was answered before, so a broker that is away only delays the publishing.
    return ui_agrees(ui, yes, tr(ui, "Publish it?", "Plaatsen?")) ? STATUS_DONE : STATUS_REFUSED;
}
