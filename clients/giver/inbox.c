// SPDX-License-Identifier: MPL-2.0
// `inbox`: where this giver was chosen, and the contact details that came with it.
//
// A release is opened here, on the giver's computer, each time it is shown; what was opened is wiped right after.
#include "giver.h"

#include "json_lines.h"
#include "shown.h"
#include "views.h"

#include <string.h>

static void show_contact(struct ui *ui, const struct bb_contact *contact)
{
    const char *const values[] = {contact->phone, contact->email, contact->address};
    printf("  %s%s%s", paint(ui, PAINT_BOLD), shown_string(ui, contact->name), paint(ui, PAINT_PLAIN));
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        if (values[i][0] != '\0') {
            printf("  %s", shown_string(ui, values[i]));
        }
    }
    putchar('\n');
    // What was shown must not stay in the program's buffers longer than on screen.
    memset(ui->shown, 0, sizeof ui->shown);
}

static void show_release(struct ui *ui, const Wire__ReleaseView *release)
{
    printf("%s%s%s  %s\n", paint(ui, PAINT_GREEN), tr(ui, "Contact details for you", "Contactgegevens voor u"),
           paint(ui, PAINT_PLAIN), shown_time(ui, release->released_at_ms));
    printf(tr(ui, "  offer %s · request %s\n", "  aanbod %s · hulpvraag %s\n"), shown_id(ui, release->offer),
           shown_id(ui, release->request));
}

static void show_opened(struct ui *ui, struct bb_client *client, const Wire__ReleaseView *release)
{
    struct bb_contact contact;
    enum bb_code code = bb_release_open(client, release, &contact);
    if (code != BB_OK) {
        printf("  %s\n", bb_code_sentence(code, ui->language));
        return;
    }
    show_contact(ui, &contact);
    bb_contact_wipe(&contact);
    printf("  %s\n", tr(ui, "Please use them for this help only.", "Gebruik ze alleen voor deze hulp."));
}

static void show_party(struct ui *ui, const Wire__PartyView *party)
{
    printf("%s  %s%s\n", shown_text(ui, party->name), bb_word(&bb_party_states, party->state, ui->language),
           party->paused ? tr(ui, " · paused", " · gepauzeerd") : "");
}

void inbox_show(struct ui *ui, struct bb_client *client, const Wire__MailboxItem *item)
{
    if (item->what_case == WIRE__MAILBOX_ITEM__WHAT_OFFER) {
        printf(tr(ui, "Your answer to request %s\n", "Uw antwoord op hulpvraag %s\n"),
               shown_id(ui, item->offer->request));
        view_offer(ui, item->offer);
    } else if (item->what_case == WIRE__MAILBOX_ITEM__WHAT_RELEASE) {
        show_release(ui, item->release);
    } else if (item->what_case == WIRE__MAILBOX_ITEM__WHAT_PARTY) {
        show_party(ui, item->party);
    } else if (item->what_case == WIRE__MAILBOX_ITEM__WHAT_REQUEST) {
        view_request(ui, client, item->request);
    }
}

static void print_item_json(struct ui *ui, struct bb_client *client, const Wire__MailboxItem *item)
{
    json_t *line = json_of(&item->base);
    if (item->what_case == WIRE__MAILBOX_ITEM__WHAT_RELEASE) {
        struct bb_contact contact;
        enum bb_code code = bb_release_open(client, item->release, &contact);
        json_object_del(json_object_get(line, "release"), "box_bytes"); // sealed: of no use to a reader
        if (code == BB_OK) {
            json_object_set_new(line, "contact", json_of_contact(&contact));
            bb_contact_wipe(&contact);
        } else {
            json_object_set_new(line, "problem", json_string(bb_code_symbol(code)));
        }
    }
    json_print(ui, &line);
}

struct reading {
    struct ui *ui;
    struct bb_client *client;
    size_t count;
};

static void show_item(void *context, const Wire__MailboxItem *item, int64_t heard_at_ms)
{
    (void)heard_at_ms;
    struct reading *reading = context;
    reading->count++;
    if (reading->ui->json) {
        print_item_json(reading->ui, reading->client, item);
    } else {
        inbox_show(reading->ui, reading->client, item);
        if (item->what_case == WIRE__MAILBOX_ITEM__WHAT_RELEASE) {
            show_opened(reading->ui, reading->client, item->release);
        }
    }
}

int inbox_run(struct ui *ui, const struct arguments *arguments)
{
    (void)arguments;
    struct catch_up catch_up;
    int status = catch_up_open(ui, &catch_up);
    if (status != STATUS_DONE) {
        return status;
    }
    struct reading reading = {ui, catch_up.client, 0};
    enum bb_code code = bb_client_visit_items(catch_up.client, show_item, &reading);
    if (code == BB_OK && reading.count == 0 && !ui->json) {
        printf("%s\n", tr(ui, "Nothing yet. You will see here where you are chosen.",
                          "Nog niets. Hier ziet u straks waar u gekozen bent."));
    }
    catch_up_close(ui, &catch_up);
    return code == BB_OK ? STATUS_DONE : complain_code(ui, code);
}
