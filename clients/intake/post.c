// SPDX-License-Identifier: MPL-2.0
// `post`: one request from the command line. Many from a file: post_file.c.
#include "intake.h"

#include "broker.h"
#include "shown.h"

struct draft {
    Wire__PublishRequest request;
    Wire__AudienceClass excluded[CLASSES_MAX];
};

static int read_excluded(struct ui *ui, const struct arguments *arguments, struct draft *draft)
{
    int at = 0;
    for (const char *word; (word = argument_next(arguments, OPTION_EXCLUDE, &at)) != NULL;) {
        uint32_t class = 0;
        int status = read_word(ui, &bb_classes, word, &class);
        if (status != STATUS_DONE) {
            return status;
        }
        bool again = false;
        for (size_t i = 0; i < draft->request.n_excluded_classes; i++) {
            again = again || draft->excluded[i] == (Wire__AudienceClass) class;
        }
        if (!again) {
            draft->excluded[draft->request.n_excluded_classes++] = (Wire__AudienceClass) class;
        }
    }
    draft->request.excluded_classes = draft->excluded;
    return STATUS_DONE;
}

static int read_words(struct ui *ui, const struct arguments *arguments, Wire__PublishRequest *request)
{
    uint32_t size = SIZE_SMALL, wanted = 0, needed = 1;
    int status = option_word(ui, arguments, OPTION_SIZE, &bb_sizes, &size);
    if (status == STATUS_DONE) {
        status = option_word(ui, arguments, OPTION_WANTED, &bb_wanted, &wanted);
    }
    if (status == STATUS_DONE) {
        status = option_number(ui, arguments, OPTION_NEEDED, 1, NEEDED_MAX, &needed);
    }
    request->size = (Wire__RequestSize)size;
    request->wanted = (Wire__Wanted)wanted;
    request->needed = needed;
    request->priority =
        argument_given(arguments, OPTION_SOON) ? WIRE__PRIORITY__PRIORITY_SOON : WIRE__PRIORITY__PRIORITY_NORMAL;
    const char *day = argument_value(arguments, OPTION_NEEDED_BY);
    if (status == STATUS_DONE && day != NULL && !day_end_parse(day, &request->needed_by_ms)) {
        complain(
            ui,
            tr(ui, "\"%s\" is no date. Write it as 2026-12-31.", "\"%s\" is geen datum. Schrijf hem als 2026-12-31."),
            day);
        status = STATUS_USAGE;
    }
    return status;
}

static int read_draft(struct ui *ui, const struct arguments *arguments, struct draft *draft)
{
    static const enum flag needed[] = {OPTION_ASKER, OPTION_CATEGORY, OPTION_TEXT};
    Wire__PublishRequest *request = &draft->request;
    wire__publish_request__init(request);
    int status = STATUS_DONE;
    for (size_t i = 0; status == STATUS_DONE && i < sizeof needed / sizeof *needed; i++) {
        status = option_needed(ui, arguments, needed[i]);
    }
    if (status == STATUS_DONE) {
        status = option_id(ui, arguments, OPTION_ASKER, &request->asker);
    }
    if (status == STATUS_DONE) {
        status = option_id(ui, arguments, OPTION_EARLIER, &request->earlier);
    }
    if (status == STATUS_DONE) {
        status = read_words(ui, arguments, request);
    }
    if (status == STATUS_DONE) {
        status = read_excluded(ui, arguments, draft);
    }
    const char *language = argument_value(arguments, OPTION_TEXT_LANGUAGE);
    request->language = text_field(language != NULL ? language : "nl");
    request->category = text_field(argument_value(arguments, OPTION_CATEGORY));
    request->text = text_field(argument_value(arguments, OPTION_TEXT));
    request->area = text_field(argument_value(arguments, OPTION_AREA));
    request->ref = text_field(argument_value(arguments, OPTION_REF));
    request->address_meant = argument_given(arguments, OPTION_ADDRESS_MEANT);
    request->asker_agreed = true;
    return status;
}

// Before anything is sent, so that a slip does not even reach the broker.
static int screen(struct ui *ui, const struct arguments *arguments, const Wire__PublishRequest *request)
{
    enum bb_code code = bb_text_check(argument_value(arguments, OPTION_TEXT));
    if (code != BB_OK && !(code == BB_HAS_ADDRESS && request->address_meant)) {
        return complain_code(ui, code);
    }
    return STATUS_DONE;
}

static void tell_posted(struct ui *ui, const Wire__Reply *reply)
{
    if (reply->state == (uint32_t)REQUEST_REFERRED) {
        printf(tr(ui, "Request %s is with the coordinators now.\n", "Hulpvraag %s is nu bij de kwartiermakers.\n"),
               shown_id(ui, reply->made));
    } else {
        printf(tr(ui, "Request %s is on its way to the givers.\n", "Hulpvraag %s is op weg naar de gevers.\n"),
               shown_id(ui, reply->made));
    }
}

static int publish(struct ui *ui, struct bb_client *client, Wire__PublishRequest *request, bool yes)
{
    int status = audience_agreed(ui, client, request, yes);
    if (status != STATUS_DONE) {
        return status;
    }
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_PUBLISH_REQUEST;
    command.publish_request = request;
    Wire__Reply *reply = NULL;
    status = broker_give(ui, client, &command, &reply);
    if (status == STATUS_DONE && !ui->json && reply != NULL) {
        tell_posted(ui, reply);
    }
    if (reply != NULL) {
        wire__reply__free_unpacked(reply, NULL);
    }
    return status;
}

int post_run(struct ui *ui, const struct arguments *arguments)
{
    if (argument_given(arguments, OPTION_FILE)) {
        return post_file_run(ui, arguments);
    }
    struct draft draft = {.excluded = {0}};
    int status = read_draft(ui, arguments, &draft);
    if (status == STATUS_DONE) {
        status = asker_agreed(ui, arguments);
    }
    if (status == STATUS_DONE) {
        status = screen(ui, arguments, &draft.request);
    }
    struct bb_client *client = NULL;
    if (status == STATUS_DONE) {
        status = broker_open(ui, &client);
    }
    if (status == STATUS_DONE) {
        status = publish(ui, client, &draft.request, argument_given(arguments, OPTION_YES));
    }
    bb_client_close(&client);
    return status;
}
