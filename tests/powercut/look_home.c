// SPDX-License-Identifier: MPL-2.0
// Looks at the clients' part of an image with the library's own code: opens each home's store and begins a session on
// it, and looks for what its person was handed, and for what a program said it keeps.
#include "oracle.h"

#include "buurtbel.h"
#include "client.pb-c.h"
#include "client/client_store.h"
#include "session/session.h"

#include <inttypes.h>
#include <limits.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct home {
    const char *name;
    struct client_rows rows;
    struct verdict *verdict;
};

static void zero_bytes(void *context, void *bytes, size_t size)
{
    (void)context;
    memset(bytes, 0, size);
}

// The session takes the rows in, and does not know of one that it must not.
static void begin_session(struct home *home)
{
    const struct session_options options = {
        .follow = true, .timeout_ms = 1000, .software = "images", .random = zero_bytes};
    struct session_row *rows = calloc(home->rows.count + 1, sizeof *rows);
    for (size_t i = 0; rows && i < home->rows.count; i++)
        rows[i] = (struct session_row){home->rows.rows[i].key, home->rows.rows[i].key_size, home->rows.rows[i].value,
                                       home->rows.rows[i].value_size};
    struct session *session =
        rows ? session_create(&options, (struct session_time){1, 1}, rows, home->rows.count) : NULL;
    if (!session || session_broken(session) != BB_OK)
        verdict_bad(home->verdict, "%s: no session can begin on what the store holds", home->name);
    session_destroy(&session);
    free(rows);
}

// client_store_read leaves damaged rows out, as a client should; here they count.
static void count_rows(struct home *home, const char *path)
{
    MDB_env *env;
    MDB_stat stat = {0};
    int rc = mdb_env_create(&env);
    if (rc == 0) {
        rc = mdb_env_open(env, path, MDB_NOSUBDIR | MDB_RDONLY, 0600);
        if (rc == 0)
            rc = mdb_env_stat(env, &stat);
        mdb_env_close(env);
    }
    if (rc != 0 || stat.ms_entries != home->rows.count)
        verdict_bad(home->verdict, "%s: %zu of %zu rows are whole", home->name, home->rows.count, stat.ms_entries);
}

static void open_home(struct home *home, const char *image)
{
    char path[PATH_MAX];
    struct client_store *store;
    snprintf(path, sizeof path, "%s/%s/%s", image, home->name, CLIENT_STORE_FILE_NAME);
    if (access(path, F_OK) != 0)
        return;
    enum bb_code code = client_store_open(path, &store);
    if (code == BB_OK)
        code = client_store_read(store, 0, &home->rows);
    if (code != BB_OK)
        verdict_bad(home->verdict, "%s: the client's store: %s", home->name, bb_code_symbol(code));
    client_store_close(&store);
    if (code != BB_OK)
        return;
    home->verdict->checked += home->rows.count;
    count_rows(home, path);
    begin_session(home);
}

static const struct client_row *find_row(const struct home *home, uint8_t kind, const uint8_t *end, size_t end_size)
{
    for (size_t i = 0; i < home->rows.count; i++) {
        const struct client_row *row = &home->rows.rows[i];
        if (row->key[0] == kind && row->key_size > end_size &&
            memcmp(row->key + row->key_size - end_size, end, end_size) == 0)
            return row;
    }
    return NULL;
}

static const struct client_row *find_number(const struct home *home, uint8_t kind, uint64_t number)
{
    uint8_t end[8];
    for (size_t i = 0; i < sizeof end; i++)
        end[i] = (uint8_t)(number >> (56 - 8 * i));
    return find_row(home, kind, end, sizeof end);
}

// DOMAIN, rule 4: an alert ends, in this client, in an update or a cancel. So the client knows of it until then.
static void look_alert(struct home *home, const struct told *told)
{
    const struct client_row *row = find_number(home, ROW_REQUEST, told->id);
    Client__KnownRequest *known = row ? client__known_request__unpack(NULL, row->value_size, row->value) : NULL;
    if (!known)
        verdict_bad(home->verdict, "LOST: %s was shown request %016" PRIx64 " and does not know it", home->name,
                    told->id);
    else if (!known->alerted || known->request->revision < told->revision)
        verdict_bad(home->verdict, "LOST: %s was shown request %016" PRIx64 " in revision %u and knows %u%s",
                    home->name, told->id, told->revision, known->request->revision,
                    known->alerted ? "" : ", not alerted");
    if (known)
        client__known_request__free_unpacked(known, NULL);
}

static void look_kept(struct home *home, const struct told *told, const struct accepted_commands *accepted)
{
    bool done = false;
    for (size_t i = 0; i < accepted->count && !done; i++)
        done = memcmp(accepted->ids[i], told->command, ORACLE_ID_SIZE) == 0;
    if (!done && !find_row(home, ROW_COMMAND, told->command, ORACLE_ID_SIZE))
        verdict_bad(home->verdict, "LOST: a command that %s said it keeps is neither kept nor done", home->name);
}

static void look_home(const char *image, const char *name, const struct oracle *oracle, uint64_t cut_ns,
                      const struct accepted_commands *accepted, struct verdict *verdict)
{
    struct home home = {.name = name, .verdict = verdict};
    open_home(&home, image);
    for (size_t i = 0; i < oracle->count && oracle->lines[i].at_ns <= cut_ns; i++) {
        const struct told *told = &oracle->lines[i];
        if (strcmp(told->name, name) != 0 || told->kind == TOLD_WHOLE)
            continue;
        verdict->checked++;
        if (told->kind == TOLD_HANDED && !told->cancelled)
            look_alert(&home, told);
        else if (told->kind == TOLD_ITEM && !find_number(&home, ROW_ITEM, told->id))
            verdict_bad(verdict, "LOST: %s was shown item %016" PRIx64 " and does not know it", name, told->id);
        else if (told->kind == TOLD_KEPT)
            look_kept(&home, told, accepted);
    }
    client_rows_fini(&home.rows);
}

void look_homes(const char *image, const struct oracle *oracle, uint64_t cut_ns,
                const struct accepted_commands *accepted, struct verdict *verdict)
{
    char seen[16][ORACLE_NAME_SIZE];
    size_t count = 0;
    for (size_t i = 0; i < oracle->count; i++) {
        const struct told *told = &oracle->lines[i];
        size_t at = 0;
        if (told->kind != TOLD_HANDED && told->kind != TOLD_ITEM && told->kind != TOLD_KEPT)
            continue;
        while (at < count && strcmp(seen[at], told->name) != 0)
            at++;
        if (at == count && count < sizeof seen / sizeof *seen) {
            memcpy(seen[count++], told->name, sizeof seen[0]);
            look_home(image, told->name, oracle, cut_ns, accepted, verdict);
        }
    }
}
