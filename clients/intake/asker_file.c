// SPDX-License-Identifier: MPL-2.0
// Reads an asker from JSON: {"name", "phone", "email", "address", "heard_of", "ref"}.
#include "intake.h"

#include "shown.h"

#include <jansson.h>
#include <string.h>

static int wrong_field(const struct ui *ui, const char *key)
{
    complain(ui,
             tr(ui,
                "\"%s\" in this JSON is unknown, too long or no text. Known are name, phone, email, address, "
                "heard_of and ref.",
                "\"%s\" in deze JSON is onbekend, te lang of geen tekst. Bekend zijn name, phone, email, address, "
                "heard_of en ref."),
             key);
    return STATUS_USAGE;
}

static int take_field(struct ui *ui, const char *key, const json_t *value, struct bb_contact *contact,
                      Wire__AddAsker *add, char ref[REF_SIZE_MAX + 1])
{
    const struct {
        const char *key;
        char *out;
        size_t size;
    } fields[] = {{"name", contact->name, sizeof contact->name},
                  {"phone", contact->phone, sizeof contact->phone},
                  {"email", contact->email, sizeof contact->email},
                  {"address", contact->address, sizeof contact->address},
                  {"ref", ref, REF_SIZE_MAX + 1}};
    const char *text = json_string_value(value);
    if (text != NULL && strcmp(key, "heard_of") == 0) {
        uint32_t heard_of = 0;
        int status = read_word(ui, &bb_heard_of, text, &heard_of);
        add->heard_of = (Wire__HeardOf)heard_of;
        return status;
    }
    for (size_t i = 0; text != NULL && i < sizeof fields / sizeof *fields; i++) {
        if (strcmp(key, fields[i].key) == 0 && strlen(text) < fields[i].size) {
            strcpy(fields[i].out, text);
            return STATUS_DONE;
        }
    }
    return wrong_field(ui, shown_string(ui, key));
}

int asker_read(struct ui *ui, const char *path, struct bb_contact *contact, Wire__AddAsker *add,
               char ref[REF_SIZE_MAX + 1])
{
    json_error_t problem;
    json_t *object = strcmp(path, "-") == 0 ? json_loadf(stdin, 0, &problem) : json_load_file(path, 0, &problem);
    if (!json_is_object(object)) {
        json_decref(object);
        complain(ui, tr(ui, "%s holds no JSON object that can be read.", "In %s staat geen leesbaar JSON-object."),
                 path);
        return STATUS_USAGE;
    }
    int status = STATUS_DONE;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (status == STATUS_DONE) {
            status = take_field(ui, key, value, contact, add, ref);
        }
    }
    json_decref(object);
    add->ref = text_field(ref);
    if (status == STATUS_DONE && (contact->name[0] == '\0' || add->heard_of == WIRE__HEARD_OF__HEARD_UNSET)) {
        complain(ui, "%s",
                 tr(ui, "The JSON needs at least \"name\" and \"heard_of\".",
                    "In de JSON moeten minstens \"name\" en \"heard_of\" staan."));
        status = STATUS_USAGE;
    }
    return status;
}
