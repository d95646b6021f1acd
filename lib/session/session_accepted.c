// SPDX-License-Identifier: MPL-2.0
// Commands that were accepted: a row of each is kept, and once a backup was put back that is older, its person is told.
//
// Nothing of it is held in memory. The rows lie in the store, where other processes of this home add theirs, and are
// looked through after each welcome (SESSION_LOOK_BACK). The commands themselves are session_outbox.c's business.
#include "session_inside.h"

#include <stdlib.h>
#include <string.h>

enum { LOOK_BACK_EACH = 500, DAY_MS = 24 * 3600 * 1000 };

static ProtobufCBinaryData reference(const Wire__Command *command)
{
    if (command->what_case == WIRE__COMMAND__WHAT_PUBLISH_REQUEST)
        return command->publish_request->ref;
    if (command->what_case == WIRE__COMMAND__WHAT_ADD_ASKER)
        return command->add_asker->ref;
    return (ProtobufCBinaryData){0};
}

// A repeat is answered with the entry of long ago, which may be of an epoch before the present one.
static uint32_t epoch_of(const Wire__Welcome *welcome, uint64_t entry)
{
    for (size_t i = 0; i < welcome->n_past_epochs; i++) {
        if (entry <= welcome->past_epochs[i]->last_entry)
            return welcome->past_epochs[i]->epoch;
    }
    return welcome->epoch;
}

static bool stands(const Wire__Welcome *welcome, const Client__AcceptedCommand *row)
{
    if (row->epoch == welcome->epoch)
        return true;
    for (size_t i = 0; i < welcome->n_past_epochs; i++) {
        if (welcome->past_epochs[i]->epoch == row->epoch)
            return row->entry <= welcome->past_epochs[i]->last_entry;
    }
    return false;
}

static void save(struct session *session, const Client__AcceptedCommand *row)
{
    out_save(session, row_key(ROW_ACCEPTED, row->id_bytes.data, COMMAND_ID_SIZE), &row->base);
}

void accepted_look_back(struct session *session)
{
    session->accepted_since_look = 0;
    if (!session->looks_back)
        out_plain(session, SESSION_LOOK_BACK);
    session->looks_back = true;
}

void accepted_save(struct session *session, const Wire__Command *command, const Wire__Reply *reply)
{
    if (reply->entry == 0 || !session->welcome)
        return;
    Client__AcceptedCommand row = CLIENT__ACCEPTED_COMMAND__INIT;
    row.id_bytes = command->id_bytes;
    row.what = (uint32_t)command->what_case;
    row.about = bb_command_subject(command);
    row.made = reply->made;
    row.ref = reference(command);
    row.entry = reply->entry;
    row.epoch = epoch_of(session->welcome, reply->entry);
    row.accepted_at_ms = session_now_ms(session, session->now.wall_ms);
    save(session, &row);
    if (++session->accepted_since_look >= LOOK_BACK_EACH)
        accepted_look_back(session);
}

void accepted_show(const Client__AcceptedCommand *row, struct bb_lost *out)
{
    *out = (struct bb_lost){.what = row->what,
                            .about = row->about,
                            .made = row->made,
                            .entry = row->entry,
                            .epoch = row->epoch,
                            .accepted_at_ms = row->accepted_at_ms};
    memcpy(out->id, row->id_bytes.data, COMMAND_ID_SIZE);
    if (row->ref.len > 0)
        memcpy(out->ref, row->ref.data, row->ref.len < REF_SIZE_MAX ? row->ref.len : REF_SIZE_MAX);
}

void accepted_told(struct session *session, const struct bb_lost *lost)
{
    Client__AcceptedCommand row = CLIENT__ACCEPTED_COMMAND__INIT;
    row.id_bytes = bytes_of(lost->id, COMMAND_ID_SIZE);
    row.what = lost->what;
    row.about = lost->about;
    row.made = lost->made;
    row.ref = bytes_of(lost->ref, strlen(lost->ref));
    row.entry = lost->entry;
    row.epoch = lost->epoch;
    row.accepted_at_ms = lost->accepted_at_ms;
    row.lost = row.told = true;
    save(session, &row);
}

// Saved as lost first and told then, so that a crash in between tells it once more. A later restore, of a newer backup,
// may bring a command back.
static void judge(struct session *session, Client__AcceptedCommand *row)
{
    bool lost = !stands(session->welcome, row), again = row->lost;
    if (lost != row->lost) {
        row->lost = lost;
        row->told = false;
        save(session, row);
    }
    if (!lost || row->told)
        return;
    struct bb_lost shown;
    accepted_show(row, &shown);
    out_lost(session, &shown, again);
}

static bool too_old(const struct session *session, const Client__AcceptedCommand *row)
{
    return row->accepted_at_ms <
           session_now_ms(session, session->now.wall_ms) - (int64_t)COMMAND_ID_AGE_DAYS_MAX * DAY_MS;
}

// `spare`: so many rows are to go, the oldest first.
static void look_at(struct session *session, const struct session_row *stored, size_t *spare)
{
    Client__AcceptedCommand *row = row_unpack(session, &client__accepted_command__descriptor, stored);
    if (session->broken != BB_OK)
        return;
    bool usable = row && stored->key_size == 1 + COMMAND_ID_SIZE && row->id_bytes.len == COMMAND_ID_SIZE &&
                  memcmp(row->id_bytes.data, stored->key + 1, COMMAND_ID_SIZE) == 0;
    if (usable && !too_old(session, row) && (*spare == 0 || row->lost)) {
        judge(session, row);
    } else if (stored->key_size > 0 && stored->key_size <= SESSION_KEY_SIZE_MAX) {
        *spare -= *spare > 0;
        out_save(session, row_key(ROW_ACCEPTED, stored->key + 1, stored->key_size - 1), NULL);
    }
    if (row)
        client__accepted_command__free_unpacked(row, NULL);
}

void session_look_back(struct session *session, struct session_time now, const struct session_row *rows, size_t count)
{
    session_begin(session, now);
    session->looks_back = false;
    size_t spare = count > ACCEPTED_ROWS_MAX ? count - ACCEPTED_ROWS_MAX : 0;
    for (size_t i = 0; session->welcomed && session->broken == BB_OK && i < count; i++)
        look_at(session, &rows[i], &spare);
}
