// SPDX-License-Identifier: MPL-2.0
// `post --file`: many requests, one JSON object a line, each a PublishRequest.
//
// Each line needs a `ref`, so that sending a file twice posts once. A line that is refused does not stop the others;
// once the broker is away the rest is kept in the outbox without waiting for it again.
#include "intake.h"

#include "broker.h"
#include "json_lines.h"
#include "shown.h"

#include <stdlib.h>
#include <string.h>

struct file_post {
    struct ui *ui;
    struct bb_client *client;
    bool agreed; // --asker-agreed speaks for every line
    bool away;
    size_t row, refused, kept;
};

static void tell_row_json(const struct file_post *post, ProtobufCBinaryData ref, enum bb_code code,
                          const char *sentence, const Wire__Reply *reply)
{
    json_t *line = json_pack("{s:I, s:s, s:s}", "row", (json_int_t)post->row, "outcome",
                             code == BB_OK                             ? "ok"
                             : code == BB_TIMED_OUT || code == BB_AWAY ? "kept"
                                                                       : "refused",
                             "code", bb_code_symbol(code));
    if (ref.len > 0) {
        json_object_set_new(line, "ref", json_stringn((const char *)ref.data, ref.len));
    }
    if (code != BB_OK && sentence != NULL) {
        json_object_set_new(line, "sentence", json_string(sentence));
    }
    if (reply != NULL) {
        json_object_set_new(line, "reply", json_of(&reply->base));
    }
    json_print(post->ui, &line);
}

static void tell_row(struct file_post *post, ProtobufCBinaryData ref, enum bb_code code, const char *sentence,
                     const Wire__Reply *reply)
{
    struct ui *ui = post->ui;
    bool kept = code == BB_TIMED_OUT || code == BB_AWAY;
    post->kept += kept;
    post->refused += code != BB_OK && !kept;
    if (ui->json) {
        tell_row_json(post, ref, code, sentence, reply);
    } else if (code == BB_OK) {
        printf("%zu  ok  %s  %s\n", post->row, shown_id(ui, reply != NULL ? reply->made : 0), shown_text(ui, ref));
    } else {
        printf("%zu  %s  %s  %s\n", post->row, kept ? tr(ui, "kept", "bewaard") : tr(ui, "refused", "niet gelukt"),
               shown_text(ui, ref), kept || sentence == NULL ? "" : sentence);
    }
}

// For a code that this program does not know, the broker's own sentence.
static const char *sentence_of(struct ui *ui, enum bb_code code, const Wire__Reply *reply)
{
    const char *sentence = bb_code_sentence(code, ui->language);
    return sentence != NULL || reply == NULL ? sentence : shown_text(ui, reply->sentence);
}

static enum bb_code screen_row(const struct file_post *post, const Wire__PublishRequest *request)
{
    char text[REQUEST_TEXT_SIZE_MAX + 1];
    if (request->text.len >= sizeof text) {
        return BB_TOO_LONG;
    }
    if (request->text.len > 0) {
        memcpy(text, request->text.data, request->text.len);
    }
    text[request->text.len] = '\0';
    if (request->ref.len == 0) {
        return BB_MISSING;
    }
    if (!post->agreed && !request->asker_agreed) {
        return BB_ASKER_MUST_AGREE;
    }
    enum bb_code code = bb_text_check(text);
    return code == BB_HAS_ADDRESS && request->address_meant ? BB_OK : code;
}

static void send_row(struct file_post *post, Wire__PublishRequest *request)
{
    struct ui *ui = post->ui;
    Wire__Command command = WIRE__COMMAND__INIT;
    command.what_case = WIRE__COMMAND__WHAT_PUBLISH_REQUEST;
    command.publish_request = request;
    request->asker_agreed = true;
    Wire__Reply *reply = NULL;
    enum bb_code code;
    if (post->away) {
        code = bb_client_send(post->client, &command, NULL, NULL);
        code = code == BB_OK ? BB_AWAY : code;
    } else {
        code = bb_client_command(post->client, &command, &reply);
        post->away = code == BB_TIMED_OUT || code == BB_AWAY;
    }
    tell_row(post, request->ref, code, sentence_of(ui, code, reply), reply);
    if (reply != NULL) {
        wire__reply__free_unpacked(reply, NULL);
    }
}

static void post_row(struct file_post *post, const char *line)
{
    struct ui *ui = post->ui;
    ProtobufCMessage *message = NULL;
    char problem[128] = "";
    enum bb_code code = bb_json_parse(line, &wire__publish_request__descriptor, &message, problem, sizeof problem);
    if (code != BB_OK) {
        char sentence[256];
        snprintf(sentence, sizeof sentence, tr(ui, "This line cannot be read: %s", "Deze regel is niet te lezen: %s"),
                 shown_string(ui, problem));
        tell_row(post, text_field(NULL), code, sentence, NULL);
        return;
    }
    Wire__PublishRequest *request = (Wire__PublishRequest *)message;
    code = screen_row(post, request);
    if (code == BB_OK) {
        send_row(post, request);
    } else {
        const char *sentence = request->ref.len > 0
                                   ? bb_code_sentence(code, ui->language)
                                   : tr(ui, "Give each line a \"ref\", so that it cannot be posted twice.",
                                        "Geef elke regel een \"ref\", zodat hij niet dubbel geplaatst wordt.");
        tell_row(post, request->ref, code, sentence, NULL);
    }
    protobuf_c_message_free_unpacked(message, NULL);
}

static int post_rows(struct file_post *post, FILE *file)
{
    char *line = NULL;
    size_t room = 0;
    while (getline(&line, &room, file) >= 0) {
        post->row++;
        if (line[strspn(line, " \t\r\n")] != '\0') {
            post_row(post, line);
        }
    }
    free(line);
    if (ferror(file) != 0) {
        return complain_code(post->ui, BB_IO);
    }
    int status = tell_reply(post->ui, post->kept > 0 ? BB_AWAY : BB_OK, NULL);
    return post->refused > 0 ? STATUS_REFUSED : status;
}

static int post_opened(struct ui *ui, const struct arguments *arguments, FILE *file)
{
    struct file_post post = {.ui = ui, .agreed = argument_given(arguments, OPTION_ASKER_AGREED)};
    int status = broker_open(ui, &post.client);
    if (status != STATUS_DONE) {
        return status;
    }
    fprintf(stderr, "%s\n",
            tr(ui, "Were all lines read once more, for names of other people and for health?",
               "Zijn alle regels nog eens gelezen, op namen van anderen en op gezondheid?"));
    Wire__PublishRequest everybody = WIRE__PUBLISH_REQUEST__INIT; // lines may exclude some, never add any
    everybody.size = WIRE__REQUEST_SIZE__SIZE_SMALL;
    status = audience_agreed(ui, post.client, &everybody, argument_given(arguments, OPTION_YES));
    if (status == STATUS_DONE) {
        status = post_rows(&post, file);
    }
    bb_client_close(&post.client);
    return status;
}

int post_file_run(struct ui *ui, const struct arguments *arguments)
{
    const char *path = argument_value(arguments, OPTION_FILE);
    bool standard_input = strcmp(path, "-") == 0;
    if (standard_input && !argument_given(arguments, OPTION_YES)) {
        complain(ui, "%s",
                 tr(ui, "The lines come through the input, so nobody can be asked there. Say --yes as well.",
                    "De regels komen via de invoer, dus daar kan niets gevraagd worden. Geef ook --yes."));
        return STATUS_REFUSED;
    }
    FILE *file = standard_input ? stdin : fopen(path, "re");
    if (file == NULL) {
        return complain_code(ui, BB_IO);
    }
    int status = post_opened(ui, arguments, file);
    if (!standard_input) {
        fclose(file);
    }
    return status;
}
