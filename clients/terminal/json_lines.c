// SPDX-License-Identifier: MPL-2.0
// Output for programs; see json_lines.h.
#include "json_lines.h"

#include "shown.h"
#include "wiped.h"

#include <stdlib.h>
#include <string.h>

// On a terminal even JSON must not carry the escape sequences of others; a pipe gets it unchanged.
static void print_line(const struct ui *ui, char *line)
{
    if (line == NULL) {
        (void)complain_code(ui, BB_NO_MEMORY);
        return;
    }
    if (!ui->terminal) {
        puts(line);
        return;
    }
    size_t size = strlen(line), room = 3 * size + 1;
    char *harmless = malloc(room);
    if (harmless == NULL) {
        (void)complain_code(ui, BB_NO_MEMORY);
        return;
    }
    shown_filter((const uint8_t *)line, size, harmless, room);
    puts(harmless);
    wiped_free(harmless);
}

void json_line(const struct ui *ui, const ProtobufCMessage *message)
{
    char *line = bb_json(message);
    print_line(ui, line);
    wiped_free(line);
}

json_t *json_of(const ProtobufCMessage *message)
{
    char *line = bb_json(message);
    json_t *value = line != NULL ? json_loads(line, 0, NULL) : NULL;
    wiped_free(line);
    return value;
}

json_t *json_of_contact(const struct bb_contact *contact)
{
    json_t *object = json_object();
    const struct {
        const char *key, *value;
    } fields[] = {
        {"name", contact->name}, {"phone", contact->phone}, {"email", contact->email}, {"address", contact->address}};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (fields[i].value[0] != '\0') {
            json_object_set_new(object, fields[i].key, json_string(fields[i].value));
        }
    }
    return object;
}

void json_print(const struct ui *ui, json_t **object)
{
    char *line = *object != NULL ? json_dumps(*object, JSON_COMPACT) : NULL;
    print_line(ui, line);
    wiped_free(line);
    json_decref(*object);
    *object = NULL;
}
