// SPDX-License-Identifier: MPL-2.0
// What the broker lost of this member's commands; see lost.h.
#include "lost.h"

#include "broker.h"
#include "json_lines.h"
#include "kept.h"
#include "shown.h"
#include "table.h"

static const struct {
    const char *en, *nl;
} deeds[] = {
    [WIRE__COMMAND__WHAT_MAKE_INVITATION] = {"invitation made", "uitnodiging gemaakt"},
    [WIRE__COMMAND__WHAT_REVOKE_INVITATION] = {"invitation taken back", "uitnodiging ingetrokken"},
    [WIRE__COMMAND__WHAT_APPROVE_PARTY] = {"party approved", "partij toegelaten"},
    [WIRE__COMMAND__WHAT_SUSPEND_PARTY] = {"party put on hold", "partij stilgezet"},
    [WIRE__COMMAND__WHAT_REINSTATE_PARTY] = {"party let in again", "partij weer toegelaten"},
    [WIRE__COMMAND__WHAT_REVOKE_MEMBER] = {"member's access ended", "toegang van medewerker beëindigd"},
    [WIRE__COMMAND__WHAT_ADD_ASKER] = {"asker registered", "vrager ingeschreven"},
    [WIRE__COMMAND__WHAT_PUBLISH_REQUEST] = {"request published", "hulpvraag geplaatst"},
    [WIRE__COMMAND__WHAT_CHOOSE_OFFER] = {"offer chosen", "aanbod gekozen"},
    [WIRE__COMMAND__WHAT_DECLINE_OFFER] = {"offer declined", "aanbod afgeslagen"},
    [WIRE__COMMAND__WHAT_RELEASE] = {"contact details given", "contactgegevens gegeven"},
    [WIRE__COMMAND__WHAT_CONFIRM_HELP] = {"outcome of the help entered", "afloop van de hulp gemeld"},
    [WIRE__COMMAND__WHAT_CLOSE_REQUEST] = {"request closed", "hulpvraag afgerond"},
    [WIRE__COMMAND__WHAT_CANCEL_OFFER] = {"chosen offer cancelled", "gekozen aanbod afgezegd"},
    [WIRE__COMMAND__WHAT_OPEN_REFERRED] = {"request opened", "hulpvraag opengezet"},
    [WIRE__COMMAND__WHAT_GIVE_ANSWER] = {"answer given", "antwoord gegeven"},
    [WIRE__COMMAND__WHAT_WITHDRAW_OFFER] = {"offer taken back", "aanbod ingetrokken"},
    [WIRE__COMMAND__WHAT_REPORT_DONE] = {"help reported as given", "hulp als gegeven gemeld"},
    [WIRE__COMMAND__WHAT_PAUSE] = {"paused", "pauze begonnen"},
    [WIRE__COMMAND__WHAT_RESUME] = {"resumed", "pauze beëindigd"},
};

static const char *deed(const struct ui *ui, uint32_t what)
{
    if (what >= sizeof deeds / sizeof *deeds || deeds[what].en == NULL) {
        return tr(ui, "command of a newer program", "opdracht van een nieuwer programma");
    }
    return ui->language == BB_DUTCH ? deeds[what].nl : deeds[what].en;
}

void tell_lost(const struct ui *ui, const struct bb_event *event)
{
    if (event->lost == NULL) {
        return;
    }
    uint64_t thing = event->lost->made != 0 ? event->lost->made : event->lost->about;
    char id[BB_ID_TEXT_SIZE] = "-";
    if (thing != 0) {
        bb_id_text(thing, id);
    }
    complain(ui,
             tr(ui,
                "An older backup was put back, and something that you had entered is gone: %s (%s). Look at all of it "
                "with %s lost, and enter again what is still needed.",
                "Er is een oudere back-up teruggezet, en iets wat u had ingevoerd is weg: %s (%s). Bekijk alles met "
                "%s lost, en voer opnieuw in wat nog nodig is."),
             deed(ui, event->lost->what), id, ui->program);
}

json_t *json_of_lost(struct ui *ui, const struct bb_lost *lost)
{
    char id[2 * COMMAND_ID_SIZE + 1];
    for (size_t i = 0; i < COMMAND_ID_SIZE; i++) {
        snprintf(id + 2 * i, 3, "%02x", lost->id[i]);
    }
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&wire__command__descriptor, lost->what);
    json_t *object = json_pack("{s:s, s:s, s:I}", "id", id, "command", field != NULL ? field->name : "",
                               "accepted_at_ms", (json_int_t)lost->accepted_at_ms);
    if (lost->about != 0) {
        json_object_set_new(object, "about", json_string(shown_id(ui, lost->about)));
    }
    if (lost->made != 0) {
        json_object_set_new(object, "made", json_string(shown_id(ui, lost->made)));
    }
    if (lost->ref[0] != '\0') {
        json_object_set_new(object, "ref", json_string(lost->ref));
    }
    return object;
}

// "-" for none.
static const char *id_or_none(struct ui *ui, uint64_t id)
{
    return id != 0 ? shown_id(ui, id) : "-";
}

struct listing {
    struct ui *ui;
    struct table *table;
};

static void list_one(void *context, const struct bb_lost *lost)
{
    struct listing *listing = context;
    struct ui *ui = listing->ui;
    if (ui->json) {
        json_t *line = json_of_lost(ui, lost);
        json_print(ui, &line);
        return;
    }
    const char *cells[] = {shown_time(ui, lost->accepted_at_ms), deed(ui, lost->what), id_or_none(ui, lost->about),
                           id_or_none(ui, lost->made), shown_string(ui, lost->ref)};
    table_add(listing->table, cells);
}

static enum bb_code print_table(struct ui *ui, const struct table *table)
{
    if (table_rows(table) > 0) {
        printf("%s\n\n",
               tr(ui,
                  "An older backup was put back at the broker, and it does not know any more what you had entered "
                  "here. Enter again what is still needed; then take it off this list with --forget.",
                  "Er is op de server een oudere back-up teruggezet, en die kent niet meer wat u hier had ingevoerd. "
                  "Voer opnieuw in wat nog nodig is; haal het dan met --forget van deze lijst."));
    }
    return table_print(table, ui,
                       tr(ui, "Nothing that you entered was lost.", "Niets van wat u invoerde is verloren gegaan."));
}

static enum bb_code list_all(struct ui *ui, struct bb_client *client)
{
    const char *headings[] = {tr(ui, "ENTERED", "INGEVOERD"), tr(ui, "WHAT", "WAT"),          tr(ui, "ABOUT", "OVER"),
                              tr(ui, "MADE", "GEMAAKT"),      tr(ui, "REFERENCE", "KENMERK"), NULL};
    struct listing listing = {ui, table_create(headings)};
    if (listing.table == NULL) {
        return BB_NO_MEMORY;
    }
    enum bb_code code = bb_client_visit_lost(client, list_one, &listing);
    if (code == BB_OK && !ui->json) {
        code = print_table(ui, listing.table);
    }
    table_destroy(&listing.table);
    return code;
}

// What is listed here need not be told as well.
static void handle(void *context, const struct bb_event *event)
{
    tell_kept(context, event);
}

int lost_run(struct ui *ui, const struct arguments *arguments)
{
    const struct bb_options options = {
        .home = ui->home, .software = ui->program, .timeout_ms = ui->timeout_ms, .handler = handle, .context = ui};
    struct bb_client *client = NULL;
    enum bb_code code = bb_client_open(&options, &client);
    if (code != BB_OK) {
        return complain_code(ui, code);
    }
    int status = broker_welcome(ui, client) != NULL ? STATUS_DONE : STATUS_UNREACHABLE;
    if (status == STATUS_DONE && !bb_client_connected(client)) {
        complain(ui, "%s",
                 tr(ui, "The broker could not be reached; this is what was known the last time.",
                    "De server was niet bereikbaar; dit was de laatste keer bekend."));
        status = STATUS_UNREACHABLE;
    }
    code = list_all(ui, client);
    if (code == BB_OK && argument_given(arguments, OPTION_FORGET)) {
        code = bb_client_forget_lost(client);
    }
    bb_client_close(&client);
    return code == BB_OK ? status : complain_code(ui, code);
}
