// SPDX-License-Identifier: MPL-2.0
// `list`, `show`, `status`: what this giver holds, also while the broker is away.
#include "giver.h"

#include "broker.h"
#include "json_lines.h"
#include "shown.h"
#include "table.h"
#include "views.h"

struct listing {
    struct ui *ui;
    struct bb_client *client;
    struct table *table;
};

static void add_request(void *context, const Wire__PublicRequest *request, int64_t heard_at_ms)
{
    struct listing *listing = context;
    struct ui *ui = listing->ui;
    if (ui->json) {
        json_line(ui, &request->base);
        return;
    }
    const char *cells[] = {shown_id(ui, request->request),
                           bb_word(&bb_request_states, request->state, ui->language),
                           shown_category(ui, listing->client, request->category),
                           shown_date(ui, request->needed_by_ms),
                           shown_time(ui, heard_at_ms),
                           shown_text(ui, request->text)};
    table_add(listing->table, cells);
}

static enum bb_code list_requests(struct ui *ui, struct bb_client *client)
{
    const char *headings[] = {tr(ui, "REQUEST", "HULPVRAAG"),
                              tr(ui, "STATE", "STAND"),
                              tr(ui, "CATEGORY", "CATEGORIE"),
                              tr(ui, "NEEDED BY", "UITERLIJK"),
                              tr(ui, "HEARD", "ONTVANGEN"),
                              tr(ui, "TEXT", "TEKST"),
                              NULL};
    struct listing listing = {ui, client, table_create(headings)};
    if (listing.table == NULL) {
        return BB_NO_MEMORY;
    }
    enum bb_code code = bb_client_visit_requests(client, add_request, &listing);
    if (code == BB_OK && !ui->json) {
        code = table_print(listing.table, ui,
                           tr(ui, "No requests are open right now.", "Er zijn nu geen open hulpvragen."));
    }
    table_destroy(&listing.table);
    return code;
}

int list_run(struct ui *ui, const struct arguments *arguments)
{
    (void)arguments;
    struct catch_up catch_up;
    int status = catch_up_open(ui, &catch_up);
    if (status != STATUS_DONE) {
        return status;
    }
    enum bb_code code = list_requests(ui, catch_up.client);
    catch_up.alerts = 0; // they stand in the list
    catch_up_close(ui, &catch_up);
    return code == BB_OK ? STATUS_DONE : complain_code(ui, code);
}

struct search {
    struct ui *ui;
    struct bb_client *client;
    uint64_t request;
    bool found;
};

static void show_if_held(void *context, const Wire__PublicRequest *request, int64_t heard_at_ms)
{
    (void)heard_at_ms;
    struct search *search = context;
    if (request->request != search->request || search->found) {
        return;
    }
    search->found = true;
    if (search->ui->json) {
        json_line(search->ui, &request->base);
    } else {
        view_public_request(search->ui, search->client,
                            bb_word(&bb_request_states, request->state, search->ui->language), PAINT_BOLD, request);
    }
}

static void show_offers(void *context, const Wire__MailboxItem *item, int64_t heard_at_ms)
{
    (void)heard_at_ms;
    struct search *search = context;
    if (item->what_case != WIRE__MAILBOX_ITEM__WHAT_OFFER || item->offer->request != search->request) {
        return;
    }
    search->found = true;
    if (search->ui->json) {
        json_line(search->ui, &item->base);
    } else {
        view_offer(search->ui, item->offer);
    }
}

int show_run(struct ui *ui, const struct arguments *arguments)
{
    struct search search = {.ui = ui};
    int status = read_id(ui, arguments->positional[0], &search.request);
    if (status != STATUS_DONE) {
        return status;
    }
    struct catch_up catch_up;
    status = catch_up_open(ui, &catch_up);
    if (status != STATUS_DONE) {
        return status;
    }
    search.client = catch_up.client;
    enum bb_code code = bb_client_visit_requests(catch_up.client, show_if_held, &search);
    if (code == BB_OK) {
        code = bb_client_visit_items(catch_up.client, show_offers, &search);
    }
    catch_up_close(ui, &catch_up);
    if (code == BB_OK && !search.found) {
        code = BB_UNKNOWN_ID;
    }
    return code == BB_OK ? STATUS_DONE : complain_code(ui, code);
}

static void print_status_json(struct ui *ui, const struct catch_up *catch_up, const Wire__Welcome *welcome)
{
    json_t *channels = json_array();
    for (size_t i = 0; i < catch_up->channels; i++) {
        json_array_append_new(channels, json_pack("{s:s, s:I}", "channel", shown_id(ui, catch_up->heard[i].channel),
                                                  "seq", (json_int_t)catch_up->heard[i].seq));
    }
    json_t *line = json_pack("{s:b, s:b, s:b, s:I, s:o}", "connected", (int)bb_client_connected(catch_up->client),
                             "complete", (int)catch_up->complete, "followed_elsewhere", (int)catch_up->elsewhere,
                             "outbox", (json_int_t)bb_client_outbox_count(catch_up->client), "channels", channels);
    if (welcome != NULL) {
        json_object_set_new(line, "party", json_string(shown_id(ui, welcome->party)));
        json_object_set_new(line, "state", json_string(bb_word(&bb_party_states, welcome->party_state, BB_ENGLISH)));
        json_object_set_new(line, "paused", json_boolean(welcome->paused));
    }
    json_print(ui, &line);
}

static void print_status(struct ui *ui, const struct catch_up *catch_up, const Wire__Welcome *welcome)
{
    char words[BB_CHECK_WORDS_SIZE];
    bb_client_check_words(catch_up->client, words);
    if (welcome != NULL) {
        printf("%s · %s · %s%s\n", shown_text(ui, welcome->party_name),
               bb_word(&bb_classes, welcome->audience_class, ui->language),
               bb_word(&bb_party_states, welcome->party_state, ui->language),
               welcome->paused ? tr(ui, " · paused", " · gepauzeerd") : "");
    }
    printf("%s\n", bb_client_connected(catch_up->client)
                       ? tr(ui, "Connected to the broker.", "Verbonden met de server.")
                       : tr(ui, "No connection.", "Geen verbinding."));
    if (catch_up->elsewhere) {
        printf("%s\n", tr(ui, "Another program listens here and keeps this up to date.",
                          "Een ander programma luistert hier en houdt dit bij."));
    }
    for (size_t i = 0; i < catch_up->channels; i++) {
        printf(tr(ui, "Channel %s: complete up to %llu.\n", "Kanaal %s: volledig tot en met %llu.\n"),
               shown_id(ui, catch_up->heard[i].channel), (unsigned long long)catch_up->heard[i].seq);
    }
    printf(tr(ui, "Waiting to be sent: %zu.\n", "Wacht op verzending: %zu.\n"),
           bb_client_outbox_count(catch_up->client));
    printf(tr(ui, "Your check words: %s\n", "Uw controlewoorden: %s\n"), words);
}

int status_run(struct ui *ui, const struct arguments *arguments)
{
    (void)arguments;
    struct catch_up catch_up;
    int status = catch_up_open(ui, &catch_up);
    if (status != STATUS_DONE) {
        return status;
    }
    const Wire__Welcome *welcome =
        catch_up.elsewhere ? broker_welcome(ui, catch_up.client) : bb_client_welcome(catch_up.client);
    if (ui->json) {
        print_status_json(ui, &catch_up, welcome);
    } else {
        print_status(ui, &catch_up, welcome);
    }
    catch_up_close(ui, &catch_up);
    return STATUS_DONE;
}
