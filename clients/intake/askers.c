// SPDX-License-Identifier: MPL-2.0
// `asker add` and `asker list`. Contact details are sealed and opened here and are never sent in clear.
#include "intake.h"

#include "broker.h"
#include "json_lines.h"
#include "shown.h"
#include "table.h"

#include <string.h>

static int copy_field(const struct ui *ui, const struct arguments *arguments, enum flag option, char *out, size_t size)
{
    const char *text = argument_value(arguments, option);
    if (text == NULL) {
        return STATUS_DONE;
    }
    if (strlen(text) >= size) {
        return complain_code(ui, BB_TOO_LONG);
    }
    strcpy(out, text);
    return STATUS_DONE;
}

static int read_options(struct ui *ui, const struct arguments *arguments, struct bb_contact *contact,
                        Wire__AddAsker *add, char ref[REF_SIZE_MAX + 1])
{
    const struct {
        enum flag option;
        char *out;
        size_t size;
    } fields[] = {{OPTION_NAME, contact->name, sizeof contact->name},
                  {OPTION_PHONE, contact->phone, sizeof contact->phone},
                  {OPTION_EMAIL, contact->email, sizeof contact->email},
                  {OPTION_ADDRESS, contact->address, sizeof contact->address},
                  {OPTION_REF, ref, REF_SIZE_MAX + 1}};
    int status = option_needed(ui, arguments, OPTION_NAME);
    for (size_t i = 0; status == STATUS_DONE && i < sizeof fields / sizeof *fields; i++) {
        status = copy_field(ui, arguments, fields[i].option, fields[i].out, fields[i].size);
    }
    uint32_t heard_of = 0;
    if (status == STATUS_DONE) {
        status = option_needed(ui, arguments, OPTION_HEARD_OF);
    }
    if (status == STATUS_DONE) {
        status = option_word(ui, arguments, OPTION_HEARD_OF, &bb_heard_of, &heard_of);
    }
    add->heard_of = (Wire__HeardOf)heard_of;
    add->ref = text_field(ref);
    return status;
}

// Seals for all colleagues of today; who joins later gets the key from one of them.
static int seal(struct ui *ui, struct bb_client *client, const struct bb_contact *contact, Wire__SealedContact **out)
{
    Wire__ListMembers list = WIRE__LIST_MEMBERS__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_MEMBERS;
    query.members = &list;
    Wire__Answer *answer = NULL;
    // One page always holds them: MEMBERS_PER_PARTY_MAX is smaller than PAGE_ITEMS_MAX.
    int status = broker_ask(ui, client, &query, WIRE__ANSWER__WHAT_MEMBERS, &answer);
    if (status != STATUS_DONE) {
        return status;
    }
    enum bb_code code = bb_contact_seal(client, contact, answer->members, out);
    wire__answer__free_unpacked(answer, NULL);
    return code == BB_OK ? STATUS_DONE : complain_code(ui, code);
}

static int give_asker(struct ui *ui, struct bb_client *client, Wire__AddAsker *add)
{
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_ADD_ASKER;
    command.add_asker = add;
    Wire__Reply *reply = NULL;
    int status = broker_give(ui, client, &command, &reply);
    if (status == STATUS_DONE && !ui->json && reply != NULL) {
        printf(tr(ui, "Registered. This asker's number is %s.\n", "Ingeschreven. Het nummer van deze vrager is %s.\n"),
               shown_id(ui, reply->made));
    }
    if (reply != NULL) {
        wire__reply__free_unpacked(reply, NULL);
    }
    return status;
}

static int seal_and_give(struct ui *ui, const struct bb_contact *contact, Wire__AddAsker *add)
{
    struct bb_client *client = NULL;
    int status = broker_open(ui, &client);
    if (status != STATUS_DONE) {
        return status;
    }
    // The recovery key comes with the welcome.
    status = broker_welcome(ui, client) != NULL ? STATUS_DONE : STATUS_UNREACHABLE;
    if (status == STATUS_DONE) {
        status = seal(ui, client, contact, &add->contact);
    }
    if (status == STATUS_DONE) {
        status = give_asker(ui, client, add);
    }
    if (add->contact != NULL) {
        wire__sealed_contact__free_unpacked(add->contact, NULL);
        add->contact = NULL;
    }
    bb_client_close(&client);
    return status;
}

int asker_add_run(struct ui *ui, const struct arguments *arguments)
{
    struct bb_contact contact = {.name = ""};
    char ref[REF_SIZE_MAX + 1] = "";
    Wire__AddAsker add = WIRE__ADD_ASKER__INIT;
    const char *file = argument_value(arguments, OPTION_FILE);
    int status =
        file != NULL ? asker_read(ui, file, &contact, &add, ref) : read_options(ui, arguments, &contact, &add, ref);
    if (status == STATUS_DONE) {
        status = seal_and_give(ui, &contact, &add);
    }
    bb_contact_wipe(&contact);
    return status;
}

struct asker_listing {
    struct ui *ui;
    struct bb_client *client;
    struct table *table;
};

static void list_asker_json(struct asker_listing *listing, const Wire__AskerView *asker, enum bb_code code,
                            const struct bb_contact *contact)
{
    json_t *line = json_of(&asker->base);
    json_object_del(line, "contact"); // sealed: of no use to a reader
    if (code == BB_OK) {
        json_object_set_new(line, "contact", json_of_contact(contact));
    } else {
        json_object_set_new(line, "problem", json_string(bb_code_symbol(code)));
    }
    json_print(listing->ui, &line);
}

static void list_asker(struct asker_listing *listing, const Wire__AskerView *asker)
{
    struct ui *ui = listing->ui;
    struct bb_contact contact = {.name = ""};
    enum bb_code code =
        asker->contact != NULL ? bb_contact_open(listing->client, asker->contact, &contact) : BB_CANNOT_OPEN;
    if (ui->json) {
        list_asker_json(listing, asker, code, &contact);
        bb_contact_wipe(&contact);
        return;
    }
    char requests[16];
    snprintf(requests, sizeof requests, "%u", asker->requests);
    const char *name =
        code == BB_OK ? shown_string(ui, contact.name) : tr(ui, "(cannot be opened)", "(niet te openen)");
    const char *cells[] = {shown_id(ui, asker->asker),
                           name,
                           shown_string(ui, contact.phone),
                           shown_string(ui, contact.email),
                           shown_date(ui, asker->registered_at_ms),
                           requests,
                           shown_text(ui, asker->ref)};
    table_add(listing->table, cells);
    bb_contact_wipe(&contact);
}

static uint64_t list_page(void *context, const Wire__Answer *answer)
{
    for (size_t i = 0; i < answer->askers->n_askers; i++) {
        list_asker(context, answer->askers->askers[i]);
    }
    return answer->askers->page_token;
}

static int ask_askers(struct ui *ui, struct bb_client *client, page_reader *reader, void *context)
{
    Wire__ListAskers list = WIRE__LIST_ASKERS__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_ASKERS;
    query.askers = &list;
    return broker_ask_pages(ui, client, &query, WIRE__ANSWER__WHAT_ASKERS, &list.page_token, reader, context);
}

int asker_list_run(struct ui *ui, const struct arguments *arguments)
{
    (void)arguments;
    const char *headings[] = {
        tr(ui, "ASKER", "VRAGER"), tr(ui, "NAME", "NAAM"),           tr(ui, "PHONE", "TELEFOON"), "E-MAIL",
        tr(ui, "SINCE", "SINDS"),  tr(ui, "REQUESTS", "HULPVRAGEN"), tr(ui, "REF", "KENMERK"),    NULL};
    struct asker_listing listing = {.ui = ui};
    int status = broker_open(ui, &listing.client);
    if (status != STATUS_DONE) {
        return status;
    }
    listing.table = table_create(headings);
    status =
        listing.table == NULL ? complain_code(ui, BB_NO_MEMORY) : ask_askers(ui, listing.client, list_page, &listing);
    if (status == STATUS_DONE && !ui->json &&
        table_print(listing.table, ui,
                    tr(ui, "No askers are registered yet.", "Er zijn nog geen vragers ingeschreven.")) != BB_OK) {
        status = complain_code(ui, BB_NO_MEMORY);
    }
    table_destroy(&listing.table);
    bb_client_close(&listing.client);
    return status;
}

struct asker_search {
    struct bb_client *client;
    uint64_t asker;
    struct bb_contact *out;
    enum bb_code code;
};

static uint64_t search_page(void *context, const Wire__Answer *answer)
{
    struct asker_search *search = context;
    for (size_t i = 0; i < answer->askers->n_askers; i++) {
        const Wire__AskerView *asker = answer->askers->askers[i];
        if (asker->asker == search->asker) {
            search->code =
                asker->contact != NULL ? bb_contact_open(search->client, asker->contact, search->out) : BB_CANNOT_OPEN;
            return 0;
        }
    }
    return answer->askers->page_token;
}

int asker_contact(struct ui *ui, struct bb_client *client, uint64_t asker, struct bb_contact *out)
{
    struct asker_search search = {client, asker, out, BB_UNKNOWN_ID};
    int status = ask_askers(ui, client, search_page, &search);
    if (status == STATUS_DONE && search.code != BB_OK) {
        status = complain_code(ui, search.code);
    }
    return status;
}
