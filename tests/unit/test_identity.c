// SPDX-License-Identifier: MPL-2.0
// Tests of identity.c and home.c: what is kept, who can read it, and what is no identity.
#include "folder.h"

#include "buurtbel.h"
#include "file/file.h"
#include "file/home.h"
#include "seal/identity.h"

#include <czmq.h>
#include <sodium.h>
#include <sys/stat.h>
#include <zmq.h>

static struct identity identity_example(void)
{
    struct identity it = {
        .community = "meppel",
        .role = ROLE_DESK,
        .party_name = "Stichting 't Hoekje — Zoë",
        .member_name = "Bëa \"de Brug\"",
        .command_endpoint = "tcp://127.0.0.1:7400",
        .publish_endpoint = "tcp://127.0.0.1:7401",
    };
    memset(it.server_key, 7, sizeof it.server_key);
    identity_make_keys(&it);
    return it;
}

static char *save_example(const char *folder, struct identity *it)
{
    char *path = home_path(folder, IDENTITY_FILE_NAME);
    assert_non_null(path);
    *it = identity_example();
    assert_int_equal(identity_save(it, path), BB_OK);
    return path;
}

static void what_was_saved_is_loaded(void **state)
{
    struct identity saved, loaded;
    char *path = save_example(*state, &saved);
    assert_int_equal(identity_load(path, &loaded), BB_OK);
    assert_memory_equal(&loaded, &saved, sizeof saved);

    saved.enrolling = true;
    memset(saved.enrol_id, 0x5a, sizeof saved.enrol_id);
    memset(saved.admission_public, 0xa5, sizeof saved.admission_public);
    assert_int_equal(identity_save(&saved, path), BB_OK);
    assert_int_equal(identity_load(path, &loaded), BB_OK);
    assert_memory_equal(&loaded, &saved, sizeof saved);
    free(path);
}

static void nobody_else_can_read_it(void **state)
{
    struct identity saved, loaded;
    struct stat status;
    char *path = save_example(*state, &saved);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    const mode_t open_modes[] = {0640, 0620, 0604, 0602, 0610, 0644};
    for (size_t i = 0; i < sizeof open_modes / sizeof *open_modes; i++) {
        assert_int_equal(chmod(path, open_modes[i]), 0);
        assert_int_equal(identity_load(path, &loaded), BB_OPEN_PERMISSIONS);
    }
    assert_int_equal(chmod(path, 0400), 0);
    assert_int_equal(identity_load(path, &loaded), BB_OK);
    free(path);
}

static void a_missing_file_is_no_identity(void **state)
{
    struct identity loaded;
    char *path = home_path(*state, "nothing");
    assert_int_equal(identity_load(path, &loaded), BB_NO_IDENTITY);
    free(path);
}

static void zcert_can_read_it(void **state)
{
    struct identity saved;
    char *path = save_example(*state, &saved);
    zcert_t *cert = zcert_load(path);
    assert_non_null(cert);
    assert_memory_equal(zcert_public_key(cert), saved.curve.public_key, 32);
    assert_memory_equal(zcert_secret_key(cert), saved.curve.secret_key, 32);
    assert_string_equal(zcert_meta(cert, "community"), "meppel");
    assert_string_equal(zcert_meta(cert, "role"), "desk");
    zcert_destroy(&cert);
    free(path);
}

static void curve_pairs_are_those_of_libzmq(void **state)
{
    (void)state;
    struct identity it = identity_example();
    char secret[41], public_key[41], expected[41];
    zmq_z85_encode(secret, it.curve.secret_key, 32);
    zmq_z85_encode(expected, it.curve.public_key, 32);
    assert_int_equal(zmq_curve_public(public_key, secret), 0);
    assert_string_equal(public_key, expected);
}

static enum bb_code load_text(const char *path, const char *text, size_t size)
{
    struct identity loaded;
    static const struct identity nothing;
    assert_int_equal(file_write_durably(path, text, size, 0600), BB_OK);
    enum bb_code code = identity_load(path, &loaded);
    if (code != BB_OK) {
        assert_memory_equal(&loaded, &nothing, sizeof nothing);
    }
    return code;
}

static void each_line_is_needed(void **state)
{
    struct identity saved;
    char *path = save_example(*state, &saved), *text, without[4096];
    size_t size;
    assert_int_equal(file_read(path, sizeof without, (uint8_t **)&text, &size), BB_OK);
    size_t lines = 0;
    for (char *line = text, *next; *line; line = next, lines++) {
        next = strchr(line, '\n') + 1;
        memcpy(without, text, (size_t)(line - text));
        memcpy(without + (line - text), next, size - (size_t)(next - text));
        assert_int_equal(load_text(path, without, size - (size_t)(next - line)), BB_BAD_IDENTITY);
    }
    assert_int_equal(lines, 1 + 5 + 13); // version, sections, values
    assert_int_equal(load_text(path, text, size), BB_OK);
    free(text);
    free(path);
}

static void a_file_that_was_cut_is_refused(void **state)
{
    struct identity saved;
    char *path = save_example(*state, &saved), *text;
    size_t size;
    assert_int_equal(file_read(path, 4096, (uint8_t **)&text, &size), BB_OK);
    for (size_t cut = 0; cut + 2 < size; cut += 7) {
        assert_int_equal(load_text(path, text, cut), BB_BAD_IDENTITY);
    }
    free(text);
    free(path);
}

static void a_file_that_is_too_large_is_refused(void **state)
{
    char *path = home_path(*state, IDENTITY_FILE_NAME), *text = calloc(1, IDENTITY_FILE_SIZE_MAX + 1);
    assert_non_null(text);
    memset(text, '\n', IDENTITY_FILE_SIZE_MAX + 1);
    assert_int_equal(load_text(path, text, IDENTITY_FILE_SIZE_MAX + 1), BB_BAD_IDENTITY);
    free(text);
    free(path);
}

static void keys_that_are_no_pair_are_refused(void **state)
{
    char *path = home_path(*state, IDENTITY_FILE_NAME);
    for (int i = 0; i < 3; i++) {
        struct identity it = identity_example(), loaded;
        uint8_t *keys[] = {it.curve.public_key, it.sealing.secret_key, it.signing_public};
        keys[i][5] ^= 1;
        assert_int_equal(identity_save(&it, path), BB_OK);
        assert_int_equal(identity_load(path, &loaded), BB_BAD_IDENTITY);
    }
    free(path);
}

static void a_founder_gets_an_identity_once(void **state)
{
    char *home = home_path(*state, "a/b/operator");
    struct bb_founder_keys keys, again;
    struct identity loaded;
    struct stat status;
    uint8_t server_key[32];
    memset(server_key, 3, sizeof server_key);
    assert_int_equal(bb_identity_found(home, "meppel", "tcp://h:1", "tcp://h:2", server_key, &keys), BB_OK);
    assert_int_equal(stat(home, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);

    char *path = home_path(home, IDENTITY_FILE_NAME);
    assert_int_equal(identity_load(path, &loaded), BB_OK);
    assert_int_equal(loaded.role, ROLE_OPERATOR);
    assert_string_equal(loaded.community, "meppel");
    assert_string_equal(loaded.command_endpoint, "tcp://h:1");
    assert_string_equal(loaded.publish_endpoint, "tcp://h:2");
    assert_memory_equal(loaded.server_key, server_key, 32);
    assert_memory_equal(loaded.curve.public_key, keys.curve, 32);
    assert_memory_equal(loaded.sealing.public_key, keys.sealing, 32);
    assert_memory_equal(loaded.signing_public, keys.signing, 32);
    assert_int_equal(bb_identity_found(home, "meppel", "tcp://h:1", "tcp://h:2", server_key, &again),
                     BB_ALREADY_ENROLLED);
    free(path);
    free(home);
}

static void a_founder_needs_what_an_identity_holds(void **state)
{
    const uint8_t server_key[32] = {3};
    struct bb_founder_keys keys;
    char long_key[COMMUNITY_KEY_SIZE_MAX + 2];
    memset(long_key, 'x', sizeof long_key - 1);
    long_key[sizeof long_key - 1] = '\0';
    assert_int_equal(bb_identity_found(*state, "", "tcp://h:1", "tcp://h:2", server_key, &keys), BB_BAD_VALUE);
    assert_int_equal(bb_identity_found(*state, long_key, "tcp://h:1", "tcp://h:2", server_key, &keys), BB_BAD_VALUE);
    assert_int_equal(bb_identity_found(*state, long_key + 1, "tcp://h:1", "tcp://h:2", server_key, &keys), BB_OK);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(what_was_saved_is_loaded),
        IN_FOLDER(nobody_else_can_read_it),
        IN_FOLDER(a_missing_file_is_no_identity),
        IN_FOLDER(zcert_can_read_it),
        cmocka_unit_test(curve_pairs_are_those_of_libzmq),
        IN_FOLDER(each_line_is_needed),
        IN_FOLDER(a_file_that_was_cut_is_refused),
        IN_FOLDER(a_file_that_is_too_large_is_refused),
        IN_FOLDER(keys_that_are_no_pair_are_refused),
        IN_FOLDER(a_founder_gets_an_identity_once),
        IN_FOLDER(a_founder_needs_what_an_identity_holds),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
