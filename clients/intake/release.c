// SPDX-License-Identifier: MPL-2.0
// `release`: gives one way of contact to the one giver who was chosen: a desk member's act, after the asker's yes
// (DOMAIN: Privacy).
//
// The contact is opened and sealed here, on this computer; whoever does it sees first to whom it goes, with the check
// words of that key, and the library stops at a key that changed.
#include "intake.h"

#include "broker.h"
#include "shown.h"

#include <stdlib.h>

struct offer_search {
    struct ui *ui;
    struct bb_client *client;
    uint64_t offer;
    uint64_t found; // its request; 0 while it is not found
};

static const Wire__OfferView *offer_in(const Wire__RequestView *request, uint64_t offer)
{
    for (size_t i = 0; i < request->n_offers; i++) {
        if (request->offers[i]->offer == offer) {
            return request->offers[i];
        }
    }
    return NULL;
}

static int show_request(struct offer_search *search, uint64_t request, Wire__Answer **out)
{
    Wire__ShowRequest show = WIRE__SHOW_REQUEST__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_REQUEST;
    query.request = &show;
    show.request = request;
    return broker_ask(search->ui, search->client, &query, WIRE__ANSWER__WHAT_REQUEST, out);
}

static uint64_t search_page(void *context, const Wire__Answer *answer)
{
    struct offer_search *search = context;
    for (size_t i = 0; i < answer->requests->n_requests; i++) {
        const Wire__RequestView *request = answer->requests->requests[i];
        if (offer_in(request, search->offer) != NULL) {
            search->found = request->request;
            return 0;
        }
        Wire__Answer *whole = NULL;
        if (request->n_offers == 0 && show_request(search, request->request, &whole) == STATUS_DONE) {
            search->found = offer_in(whole->request, search->offer) != NULL ? request->request : 0;
            wire__answer__free_unpacked(whole, NULL);
        }
        if (search->found != 0) {
            return 0;
        }
    }
    return answer->requests->page_token;
}

static void search_item(void *context, const Wire__MailboxItem *item, int64_t heard_at_ms)
{
    (void)heard_at_ms;
    struct offer_search *search = context;
    if (item->what_case == WIRE__MAILBOX_ITEM__WHAT_OFFER && item->offer->offer == search->offer) {
        search->found = item->offer->request;
    }
}

// A `watch` of this desk has noted which request an offer belongs to; without one the desk's requests are gone through.
static int find_request(struct offer_search *search)
{
    enum bb_code code = bb_client_visit_items(search->client, search_item, search);
    if (code != BB_OK) {
        return complain_code(search->ui, code);
    }
    Wire__ListRequests list = WIRE__LIST_REQUESTS__INIT;
    Wire__Query query = WIRE__QUERY__INIT;
    query.what_case = WIRE__QUERY__WHAT_REQUESTS;
    query.requests = &list;
    list.own = true;
    int status = STATUS_DONE;
    if (search->found == 0) {
        status = broker_ask_pages(search->ui, search->client, &query, WIRE__ANSWER__WHAT_REQUESTS, &list.page_token,
                                  search_page, search);
    }
    if (status == STATUS_DONE && search->found == 0) {
        status = complain_code(search->ui, BB_UNKNOWN_ID);
    }
    return status;
}

static void show_recipient(struct ui *ui, const Wire__OfferView *offer, enum bb_contact_channel channel)
{
    char words[BB_CHECK_WORDS_SIZE] = "-";
    if (offer->sealing_key_bytes.len == 32) {
        bb_check_words(offer->sealing_key_bytes.data, words);
    }
    fprintf(stderr,
            tr(ui, "This goes to one giver: %s (%s), here since %s.\n",
               "Dit gaat naar één gever: %s (%s), erbij sinds %s.\n"),
            shown_text(ui, offer->party_name), bb_word(&bb_classes, offer->audience_class, ui->language),
            shown_date(ui, offer->joined_at_ms));
    fprintf(stderr,
            tr(ui, "  who answered: %s\n  check words:  %s\n  what is given: the name, and: %s\n",
               "  wie antwoordde:  %s\n  controlewoorden: %s\n  wat u geeft: de naam, en: %s\n"),
            shown_text(ui, offer->member_name), words, bb_word(&bb_contact_channels, channel, ui->language));
    fprintf(stderr, "%s\n",
            tr(ui, "If you call the giver, compare these words.", "Belt u de gever, vergelijk dan deze woorden."));
}

static int complain_unsealed(struct ui *ui, enum bb_code code)
{
    if (code != BB_MISSING) {
        return complain_code(ui, code);
    }
    complain(ui, "%s",
             tr(ui, "The asker did not leave that way of contact. Choose another one with the asker; nothing was sent.",
                "Die manier van contact gaf de vrager niet op. Kies samen een andere; er is niets verstuurd."));
    return STATUS_REFUSED;
}

static int seal_and_give(struct ui *ui, struct bb_client *client, const Wire__OfferView *offer, uint64_t asker,
                         enum bb_contact_channel channel)
{
    struct bb_contact contact = {.name = ""};
    uint8_t *box = NULL;
    size_t size = 0;
    int status = asker_contact(ui, client, asker, &contact);
    if (status == STATUS_DONE) {
        enum bb_code code = bb_release_seal(client, offer, asker, &contact, channel, &box, &size);
        status = code == BB_OK ? STATUS_DONE : complain_unsealed(ui, code);
    }
    bb_contact_wipe(&contact);
    if (status == STATUS_DONE) {
        Wire__Release release = WIRE__RELEASE__INIT;
        Wire__Command command = WIRE__COMMAND__INIT;
        command.what_case = WIRE__COMMAND__WHAT_RELEASE;
        command.release = &release;
        release.offer = offer->offer;
        release.recipient = offer->member;
        release.channel = (Wire__ContactChannel)channel;
        release.box_bytes = (ProtobufCBinaryData){.len = size, .data = box};
        release.asker_agreed = true;
        status = broker_give(ui, client, &command, NULL);
    }
    free(box);
    return status;
}

static int give_to(struct offer_search *search, const Wire__OfferView *offer, uint64_t asker,
                   enum bb_contact_channel channel, bool yes)
{
    struct ui *ui = search->ui;
    show_recipient(ui, offer, channel);
    if (!ui_agrees(ui, yes, tr(ui, "Give it?", "Geven?"))) {
        return STATUS_REFUSED;
    }
    int status = seal_and_give(ui, search->client, offer, asker, channel);
    if (status == STATUS_DONE && !ui->json) {
        printf("%s\n", tr(ui, "Given. Only this giver can read it.", "Gegeven. Alleen deze gever kan het lezen."));
    }
    return status;
}

static int release_offer(struct offer_search *search, enum bb_contact_channel channel, bool yes)
{
    Wire__Answer *answer = NULL;
    int status = show_request(search, search->found, &answer);
    if (status != STATUS_DONE) {
        return status;
    }
    const Wire__OfferView *offer = offer_in(answer->request, search->offer);
    status =
        offer ? give_to(search, offer, answer->request->asker, channel, yes) : complain_code(search->ui, BB_UNKNOWN_ID);
    wire__answer__free_unpacked(answer, NULL);
    return status;
}

int release_run(struct ui *ui, const struct arguments *arguments)
{
    struct offer_search search = {.ui = ui};
    uint32_t channel = 0;
    int status = read_id(ui, arguments->positional[0], &search.offer);
    if (status == STATUS_DONE) {
        status = option_needed(ui, arguments, OPTION_CHANNEL);
    }
    if (status == STATUS_DONE) {
        status = option_word(ui, arguments, OPTION_CHANNEL, &bb_contact_channels, &channel);
    }
    if (status == STATUS_DONE) {
        status = asker_agreed(ui, arguments);
    }
    if (status == STATUS_DONE) {
        status = broker_open(ui, &search.client);
    }
    if (status == STATUS_DONE) {
        status = find_request(&search);
    }
    if (status == STATUS_DONE) {
        status = release_offer(&search, (enum bb_contact_channel)channel, argument_given(arguments, OPTION_YES));
    }
    bb_client_close(&search.client);
    return status;
}
