// SPDX-License-Identifier: MPL-2.0
// `status`, `journal`, `verify`: how the broker and its store do.
#include "ctl.h"

#include "broker.h"
#include "json_lines.h"
#include "shown.h"

static void print_status(struct ui *ui, const Wire__Status *status)
{
    uint64_t used = status->store_map_size > 0 ? status->store_used_size * 100 / status->store_map_size : 0;
    printf(tr(ui, "Broker %s, running since %s (epoch %u)\n", "Server %s, gestart op %s (tijdperk %u)\n"),
           shown_text(ui, status->version), shown_time(ui, status->started_at_ms), status->epoch);
    printf(tr(ui, "Journal: %llu entries\n", "Journaal: %llu regels\n"), (unsigned long long)status->journal_head);
    printf(tr(ui, "Store: %llu of %llu MiB (%llu %%); full at %d %%\n",
              "Opslag: %llu van %llu MiB (%llu %%); vol bij %d %%\n"),
           (unsigned long long)(status->store_used_size >> 20), (unsigned long long)(status->store_map_size >> 20),
           (unsigned long long)used, (int)STORE_USED_PERCENT_MAX);
    printf(tr(ui, "Clients heard of in the last minute: %u\n",
              "Programma's waarvan in de laatste minuut iets is gehoord: %u\n"),
           status->sessions);
    printf(tr(ui, "Givers: %u active, %u waiting for a yes\n", "Gevers: %u actief, %u wachten op een ja\n"),
           status->givers_active, status->givers_waiting);
    printf(tr(ui, "Requests that are not closed: %u\n", "Hulpvragen die nog niet klaar zijn: %u\n"),
           status->requests_live);
    printf(tr(ui, "Commands since the start: %llu taken, %llu refused\n",
              "Opdrachten sinds de start: %llu gedaan, %llu geweigerd\n"),
           (unsigned long long)status->commands_accepted, (unsigned long long)status->commands_refused);
}

int status_run(struct ui *ui, const struct arguments *arguments)
{
    (void)arguments;
    Wire__AskStatus ask = WIRE__ASK_STATUS__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_STATUS;
    query.status = &ask;
    struct bb_client *client = NULL;
    Wire__Answer *answer = NULL;
    int status = broker_open(ui, &client);
    if (status == STATUS_DONE) {
        status = broker_ask(ui, client, &query, WIRE__ANSWER__WHAT_STATUS, &answer);
    }
    if (status == STATUS_DONE && ui->json) {
        json_line(ui, &answer->status->base);
    } else if (status == STATUS_DONE) {
        print_status(ui, answer->status);
    }
    if (answer != NULL) {
        wire__answer__free_unpacked(answer, NULL);
    }
    bb_client_close(&client);
    return status;
}

static void print_line(struct ui *ui, const Wire__JournalLine *line)
{
    if (ui->json) {
        json_line(ui, &line->base);
        return;
    }
    printf("%8llu  %s  %s%s%s", (unsigned long long)line->entry, shown_time(ui, line->at_ms), paint(ui, PAINT_BOLD),
           shown_text(ui, line->fact), paint(ui, PAINT_PLAIN));
    printf("  %s", shown_id(ui, line->subject));
    if (line->detail.len > 0) {
        printf("  %s", shown_text(ui, line->detail));
    }
    if (line->member != 0) {
        printf("  %s %s", tr(ui, "by", "door"), shown_id(ui, line->member));
    }
    if (line->asker != 0) {
        printf("  %s %s", tr(ui, "for", "voor"), shown_id(ui, line->asker));
    }
    putchar('\n');
}

// Prints one page, and lets `read` begin where the next one does: at 0 when this was the last.
static int journal_page(struct ui *ui, struct bb_client *client, Wire__ReadJournal *read, bool quiet, uint64_t *head)
{
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_JOURNAL;
    query.journal = read;
    Wire__Answer *answer = NULL;
    int status = broker_ask(ui, client, &query, WIRE__ANSWER__WHAT_JOURNAL, &answer);
    if (status != STATUS_DONE) {
        return status;
    }
    const Wire__JournalPage *page = answer->journal;
    for (size_t i = 0; !quiet && i < page->n_lines; i++) {
        print_line(ui, page->lines[i]);
    }
    *head = page->head;
    read->from_entry = page->next_entry;
    read->from_fact = page->next_fact;
    wire__answer__free_unpacked(answer, NULL);
    return STATUS_DONE;
}

static int read_journal(struct ui *ui, struct bb_client *client, uint32_t lines)
{
    Wire__ReadJournal read = WIRE__READ_JOURNAL__INIT;
    uint64_t head = 0;
    // The head tells where to begin.
    read.limit = 1;
    int status = journal_page(ui, client, &read, true, &head);
    if (status != STATUS_DONE || head == 0) {
        return status;
    }
    read = (Wire__ReadJournal)WIRE__READ_JOURNAL__INIT;
    read.from_entry = head > lines ? head - lines + 1 : 1;
    read.limit = PAGE_ITEMS_MAX;
    while (status == STATUS_DONE && read.from_entry != 0) {
        status = journal_page(ui, client, &read, false, &head);
    }
    return status;
}

int journal_run(struct ui *ui, const struct arguments *arguments)
{
    uint32_t lines = 20;
    struct bb_client *client = NULL;
    int status = option_number(ui, arguments, OPTION_LINES, 1, 1000000, &lines);
    if (status == STATUS_DONE) {
        status = broker_open(ui, &client);
    }
    if (status == STATUS_DONE) {
        status = read_journal(ui, client, lines);
    }
    bb_client_close(&client);
    return status;
}

struct verification {
    uint64_t checked, problems;
    bool done;
};

static void take_slice(struct ui *ui, const Wire__Verified *slice, struct verification *verification)
{
    verification->checked += slice->checked;
    verification->problems += slice->n_problems;
    verification->done = slice->done || slice->next == NULL;
    if (ui->json) {
        json_line(ui, &slice->base);
        return;
    }
    for (size_t i = 0; i < slice->n_problems; i++) {
        printf("%s\n", shown_text(ui, slice->problems[i]));
    }
}

// Each slice answers with where the next one begins; the answer is kept until that question was put.
static int verify(struct ui *ui, struct bb_client *client, struct verification *verification)
{
    Wire__Verify first = WIRE__VERIFY__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_VERIFY;
    query.verify = &first;
    Wire__Answer *before = NULL;
    int status = STATUS_DONE;
    while (status == STATUS_DONE && !verification->done) {
        Wire__Answer *answer = NULL;
        status = broker_ask(ui, client, &query, WIRE__ANSWER__WHAT_VERIFY, &answer);
        if (status == STATUS_DONE) {
            take_slice(ui, answer->verify, verification);
            query.verify = answer->verify->next;
        }
        if (before != NULL) {
            wire__answer__free_unpacked(before, NULL);
        }
        before = answer;
    }
    if (before != NULL) {
        wire__answer__free_unpacked(before, NULL);
    }
    return status;
}

int verify_run(struct ui *ui, const struct arguments *arguments)
{
    (void)arguments;
    struct verification verification = {0};
    struct bb_client *client = NULL;
    int status = broker_open(ui, &client);
    if (status == STATUS_DONE) {
        status = verify(ui, client, &verification);
    }
    bb_client_close(&client);
    if (status == STATUS_DONE && !ui->json) {
        printf(tr(ui, "Checked: %llu. Problems: %llu.\n", "Gecontroleerd: %llu. Problemen: %llu.\n"),
               (unsigned long long)verification.checked, (unsigned long long)verification.problems);
    }
    return status == STATUS_DONE && verification.problems > 0 ? complain_code(ui, BB_STORE_DAMAGED) : status;
}
