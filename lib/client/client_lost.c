// SPDX-License-Identifier: MPL-2.0
// The commands of this member that the broker lost, as the client's store has them: to be visited, and forgotten.
//
// Judges nothing: session_accepted.c marked them at a welcome. Needs no connection.
#include "client_inside.h"

#include "message/unpack.h"

static Client__AcceptedCommand *lost_of(const struct client_row *stored, enum bb_code *code)
{
    Client__AcceptedCommand *row;
    if (message_unpack(&client__accepted_command__descriptor, stored->value, stored->value_size, &row) == BB_NO_MEMORY)
        *code = BB_NO_MEMORY;
    if (row && row->lost && row->id_bytes.len == COMMAND_ID_SIZE)
        return row;
    if (row)
        client__accepted_command__free_unpacked(row, NULL);
    return NULL;
}

enum bb_code bb_client_visit_lost(struct bb_client *client, bb_lost_visitor *visitor, void *context)
{
    struct client_rows rows;
    enum bb_code code = client_store_read(client->store, ROW_ACCEPTED, &rows);
    for (size_t i = 0; code == BB_OK && i < rows.count; i++) {
        Client__AcceptedCommand *row = lost_of(&rows.rows[i], &code);
        if (!row)
            continue;
        struct bb_lost lost;
        accepted_show(row, &lost);
        visitor(context, &lost);
        client__accepted_command__free_unpacked(row, NULL);
    }
    client_rows_fini(&rows);
    return code;
}

enum bb_code bb_client_forget_lost(struct bb_client *client)
{
    struct client_rows rows;
    enum bb_code code = client_store_read(client->store, ROW_ACCEPTED, &rows);
    if (code != BB_OK)
        return code;
    for (size_t i = 0; code == BB_OK && i < rows.count; i++) {
        Client__AcceptedCommand *row = lost_of(&rows.rows[i], &code);
        if (!row)
            continue;
        code = client_store_delete(client->store, rows.rows[i].key, rows.rows[i].key_size);
        client__accepted_command__free_unpacked(row, NULL);
    }
    client_rows_fini(&rows);
    return code == BB_OK ? client_store_commit(client->store) : code;
}
