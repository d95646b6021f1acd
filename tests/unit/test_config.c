// SPDX-License-Identifier: MPL-2.0
// Reading buurtbeld.zpl: what is taken, and the line that each mistake gets.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "setup/config.h"
#include "setup/problems.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

static const char local[] = "server\n"
                            "    command = \"tcp://127.0.0.1:7400\"\n"
                            "    publish = \"tcp://127.0.0.1:7401\"\n";
static char folder[64];
static char path[128];
static char *told; // what the last load said
static size_t told_size;

static void write_file(const char *name, const char *text, mode_t mode)
{
    char whole[128];
    snprintf(whole, sizeof whole, "%s/%s", folder, name);
    FILE *file = fopen(whole, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fchmod(fileno(file), mode), 0);
    assert_int_equal(fclose(file), 0);
}

static void write_server_keys(mode_t mode)
{
    char text[256], public_text[41], secret_text[41];
    assert_int_equal(zmq_curve_keypair(public_text, secret_text), 0);
    snprintf(text, sizeof text, "curve\n    public-key = \"%s\"\n    secret-key = \"%s\"\n", public_text, secret_text);
    write_file("server.zpl", text, mode);
}

static int make_folder(void **state)
{
    (void)state;
    char store[96];
    strcpy(folder, "/tmp/test_config.XXXXXX");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/buurtbeld.zpl", folder);
    snprintf(store, sizeof store, "%s/store", folder);
    write_server_keys(0600);
    return mkdir(store, 0700);
}

static int remove_one(const char *name, const struct stat *info, int kind, struct FTW *walk)
{
    (void)info;
    (void)kind;
    (void)walk;
    return remove(name);
}

static int remove_folder(void **state)
{
    (void)state;
    free(told);
    told = NULL;
    return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static enum bb_code load(const char *first, const char *rest, struct config **out)
{
    char text[8192];
    snprintf(text, sizeof text, "%s%s", first, rest);
    write_file("buurtbeld.zpl", text, 0644);
    free(told);
    FILE *problems = open_memstream(&told, &told_size);
    assert_non_null(problems);
    enum bb_code code = config_load(path, out, problems);
    fclose(problems);
    return code;
}

static struct config *load_well(const char *first, const char *rest)
{
    struct config *config = NULL;
    enum bb_code code = load(first, rest, &config);
    assert_string_equal(told, "");
    assert_int_equal(code, BB_OK);
    return config;
}

// The file has this problem, told as "FILE" and `expected`, and no other.
static void expect_problem(const char *first, const char *rest, const char *expected)
{
    char whole[512];
    struct config *config = NULL;
    assert_int_equal(load(first, rest, &config), BB_BAD_CONFIG);
    assert_null(config);
    snprintf(whole, sizeof whole, "%s%s\n", path, expected);
    assert_string_equal(told, whole);
}

static void what_is_left_out_has_its_default(void **state)
{
    (void)state;
    char expected[128];
    struct config *config = load_well(local, "");
    assert_string_equal(config->command_endpoint, "tcp://127.0.0.1:7400");
    assert_string_equal(config->command_reach, "tcp://127.0.0.1:7400");
    assert_string_equal(config->publish_reach, "tcp://127.0.0.1:7401");
    assert_string_equal(config->http_address, "127.0.0.1:7402");
    assert_int_equal(config->store_map_size, 1 << 30);
    assert_int_equal(config->store_preallocate, 1);
    assert_int_equal(config->sessions_max, 16384);
    snprintf(expected, sizeof expected, "%s/keyring", folder);
    assert_string_equal(config->keyring_path, expected);
    assert_int_equal(strlen(config->server_public_text), 40);
    assert_int_equal(strlen(config->server_secret_text), 40);
    config_destroy(&config);
    assert_null(config);
}

static void what_is_written_is_taken(void **state)
{
    (void)state;
    struct config *config = load_well(local, "    command-public = \"tcp://buurt.example.nl:9000\"\n"
                                             "    http = \"[::1]:80\"\n"
                                             "store\n"
                                             "    map-size = 64M\n"
                                             "    keyring = /var/lib/buurtbel/keyring\n"
                                             "    preallocate = 0\n"
                                             "limits\n"
                                             "    commands-burst = 1\n"
                                             "    handshakes-per-second = 1000000\n");
    assert_string_equal(config->command_reach, "tcp://buurt.example.nl:9000");
    assert_string_equal(config->http_address, "[::1]:80");
    assert_int_equal(config->store_map_size, 64 << 20);
    assert_string_equal(config->keyring_path, "/var/lib/buurtbel/keyring");
    assert_int_equal(config->store_preallocate, 0);
    assert_int_equal(config->commands_burst, 1);
    assert_int_equal(config->handshakes_per_second, 1000000);
    config_destroy(&config);
}

static void an_unknown_key_is_told_with_the_one_that_was_perhaps_meant(void **state)
{
    (void)state;
    expect_problem(local, "    htpp = 127.0.0.1:1\n",
                   ":4: server/htpp: there is no such key; did you mean server/http?");
    expect_problem(local, "store\n    elephants = 3\n", ":5: store/elephants: there is no such key");
    expect_problem(local, "serve\n    http = 3\n",
                   ":4: serve: there is no such section; expected server, store, community or limits");
    expect_problem(local, "store = here\n",
                   ":4: store: expected keys below it, 4 spaces further in, found the value \"here\"");
}

static void a_key_that_comes_twice_is_told_with_both_lines(void **state)
{
    (void)state;
    expect_problem(local, "    command = \"tcp://127.0.0.1:1\"\n",
                   ":4: server/command: expected once, found again after line 2");
}

static void numbers_are_held_to_their_range(void **state)
{
    (void)state;
    struct config *config = load_well(local, "limits\n    sessions-max = 32768\n");
    config_destroy(&config);
    static const char *const bad[] = {"32769", "0", "-1", "1x", "", "1K", "99999999999999999999", "1.5"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char line[64], expected[160];
        snprintf(line, sizeof line, "limits\n    sessions-max = \"%s\"\n", bad[i]);
        snprintf(expected, sizeof expected,
                 ":5: limits/sessions-max: expected a whole number from 1 to 32768, found \"%s\"", bad[i]);
        expect_problem(local, line, expected);
    }
    expect_problem(local, "store\n    preallocate = yes\n", ":5: store/preallocate: expected 0 or 1, found \"yes\"");
    expect_problem(local, "store\n    map-size = 16777215\n",
                   ":5: store/map-size: expected a size from 16M to 16T, such as 1G, found \"16777215\"");
    expect_problem(local, "store\n    map-size = 18014398509481984K\n",
                   ":5: store/map-size: expected a size from 16M to 16T, such as 1G, found \"18014398509481984K\"");
}

static void the_http_server_stays_on_loopback(void **state)
{
    (void)state;
    static const char *const bad[] = {"0.0.0.0:80", "*:80", "192.0.2.7:80", "localhost:80", "127.0.0.1", "127.0.0.1:0"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char line[64], expected[160];
        snprintf(line, sizeof line, "    http = \"%s\"\n", bad[i]);
        snprintf(expected, sizeof expected,
                 ":4: server/http: expected an address on loopback, such as 127.0.0.1:7402 or [::1]:7402, found \"%s\"",
                 bad[i]);
        expect_problem(local, line, expected);
    }
}

static void an_endpoint_that_cannot_be_bound_is_told(void **state)
{
    (void)state;
    static const char *const bad[] = {"ipc:///tmp/x", "tcp://name.example:1", "tcp://127.0.0.1", "tcp://*:0", ""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[128], expected[160];
        snprintf(text, sizeof text, "server\n    publish = \"tcp://127.0.0.1:1\"\n    command = \"%s\"\n", bad[i]);
        snprintf(expected, sizeof expected,
                 ":3: server/command: expected an endpoint such as tcp://*:7400 or tcp://192.0.2.1:7400, found \"%s\"",
                 bad[i]);
        expect_problem(text, "", expected);
    }
}

static void listening_everywhere_needs_a_name_for_invitations(void **state)
{
    (void)state;
    static const char everywhere[] = "server\n"
                                     "    publish = \"tcp://127.0.0.1:1\"\n"
                                     "    command = \"tcp://*:7400\"\n";
    expect_problem(everywhere, "",
                   ":3: server/command-public: needed because server/command is tcp://*:7400: expected "
                   "the endpoint as clients reach it, found nothing");
    struct config *config = load_well(everywhere, "    command-public = \"tcp://192.0.2.1:7400\"\n");
    config_destroy(&config);
    expect_problem(everywhere, "    command-public = \"tcp://0.0.0.0:7400\"\n",
                   ":4: server/command-public: expected an endpoint with a name or address that clients can dial, such "
                   "as tcp://buurtbel.example.nl:7400, found \"tcp://0.0.0.0:7400\"");
}

static void two_sockets_cannot_have_one_port(void **state)
{
    (void)state;
    expect_problem(local, "    http = 127.0.0.1:7401\n",
                   ":4: server/http: expected a port of its own, found 7401, which server/publish has");
}

static void a_store_folder_that_is_missing_is_named(void **state)
{
    (void)state;
    char expected[200];
    snprintf(expected, sizeof expected,
             ":5: store/folder: expected a folder that exists, found %s/nowhere; make it with mkdir -m 700", folder);
    expect_problem(local, "store\n    folder = nowhere\n", expected);
}

static void expect_keys_problem(const char *expected)
{
    char whole[300];
    struct config *config = NULL;
    assert_int_equal(load(local, "", &config), BB_BAD_CONFIG);
    snprintf(whole, sizeof whole, "%s/server.zpl: %s\n", folder, expected);
    assert_string_equal(told, whole);
}

static void server_keys_must_be_there_private_and_whole(void **state)
{
    (void)state;
    static const char not_whole[] =
        "curve: expected public-key and secret-key, 40 characters of Z85 each, that belong together";
    char file[128];
    write_server_keys(0640);
    expect_keys_problem("others can read these secret keys, or the file belongs to somebody else; run chmod 600 on it, "
                        "as its owner");
    write_file("server.zpl", "curve\n    public-key = \"too short\"\n", 0600);
    expect_keys_problem(not_whole);
    write_file("server.zpl",
               "curve\n    public-key = \"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7\"\n"
               "    secret-key = \"D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs\"\n",
               0600);
    expect_keys_problem(not_whole);
    snprintf(file, sizeof file, "%s/server.zpl", folder);
    assert_int_equal(unlink(file), 0);
    expect_keys_problem("the file is not there; buurtbel-ctl init makes one");
    write_server_keys(0600);
}

static void all_problems_are_told_at_once_up_to_twenty(void **state)
{
    (void)state;
    struct config *config = NULL;
    char text[4096] = "limits\n";
    assert_int_equal(load(local, "    http = no\nstore\n    folder = nowhere\nlimits\n    sessions-max = 0\n", &config),
                     BB_BAD_CONFIG);
    assert_non_null(strstr(told, ":4: server/http: "));
    assert_non_null(strstr(told, ":6: store/folder: "));
    assert_non_null(strstr(told, ":8: limits/sessions-max: "));
    for (int i = 0; i < PROBLEMS_SHOWN_MAX + 5; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "    elephants-%02d = 1\n", i);
    assert_int_equal(load(local, text, &config), BB_BAD_CONFIG);
    assert_non_null(strstr(told, "limits/elephants-19: "));
    assert_null(strstr(told, "limits/elephants-20: "));
    assert_non_null(strstr(told, "buurtbeld.zpl: and 5 more\n"));
}

static void a_line_that_is_no_zpl_is_told(void **state)
{
    (void)state;
    struct config *config = NULL;
    assert_int_equal(load(local, "   http = 3 spaces\n", &config), BB_BAD_CONFIG);
    assert_non_null(strstr(told, "buurtbeld.zpl:4: "));
    free(told);
    FILE *problems = open_memstream(&told, &told_size);
    assert_int_equal(config_load("/nowhere/buurtbeld.zpl", &config, problems), BB_BAD_CONFIG);
    fclose(problems);
    assert_string_equal(told, "/nowhere/buurtbeld.zpl: the file is not there; buurtbel-ctl init makes one\n");
}

static void the_example_file_is_the_one_that_the_table_prints_and_can_be_used(void **state)
{
    (void)state;
    char file_text[16384] = "";
    char *example = NULL;
    size_t example_size = 0;
    FILE *out = open_memstream(&example, &example_size);
    config_print_example(out);
    fclose(out);

    FILE *file = fopen("deploy/buurtbeld.zpl.example", "r");
    assert_non_null(file); // run from the top of the source tree
    assert_true(fread(file_text, 1, sizeof file_text - 1, file) > 0);
    fclose(file);
    assert_string_equal(file_text, example);

    struct config *config = load_well(example, "");
    assert_string_equal(config->command_reach, "tcp://buurtbel.example.nl:7400");
    assert_int_equal(config->commands_per_second, 50);
    config_destroy(&config);
    free(example);
}

int main(int argc, char **argv)
{
    // Writes the example anew: test_config --print-example >deploy/buurtbeld.zpl.example
    if (argc == 2 && strcmp(argv[1], "--print-example") == 0) {
        config_print_example(stdout);
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_left_out_has_its_default),
        cmocka_unit_test(what_is_written_is_taken),
        cmocka_unit_test(an_unknown_key_is_told_with_the_one_that_was_perhaps_meant),
        cmocka_unit_test(a_key_that_comes_twice_is_told_with_both_lines),
        cmocka_unit_test(numbers_are_held_to_their_range),
        cmocka_unit_test(the_http_server_stays_on_loopback),
        cmocka_unit_test(an_endpoint_that_cannot_be_bound_is_told),
        cmocka_unit_test(listening_everywhere_needs_a_name_for_invitations),
        cmocka_unit_test(two_sockets_cannot_have_one_port),
        cmocka_unit_test(a_store_folder_that_is_missing_is_named),
        cmocka_unit_test(server_keys_must_be_there_private_and_whole),
        cmocka_unit_test(all_problems_are_told_at_once_up_to_twenty),
        cmocka_unit_test(a_line_that_is_no_zpl_is_told),
        cmocka_unit_test(the_example_file_is_the_one_that_the_table_prints_and_can_be_used),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
