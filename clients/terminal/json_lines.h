// SPDX-License-Identifier: MPL-2.0
// Output for programs: one JSON object a line. Messages are shown by bb_json, everywhere the same way.
#ifndef TERMINAL_JSON_LINES_H
#define TERMINAL_JSON_LINES_H

#include "ui.h"

#include <jansson.h>

// One message, one line.
void json_line(const struct ui *ui, const ProtobufCMessage *message);

// A message as a value to put into an object; NULL when out of memory, which jansson's setters take for a failure.
json_t *json_of(const ProtobufCMessage *message);

// The filled fields of a contact that was opened here.
json_t *json_of_contact(const struct bb_contact *contact);

// Prints the object as one line, and takes it.
void json_print(const struct ui *ui, json_t **object);

#endif
