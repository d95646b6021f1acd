// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/setup/problems.c: what a person is told of a file that has mistakes.
#include "folder.h"

#include "bounds.h"
#include "setup/problems.h"

#include <zmq.h>

struct fixture {
    void *folder;
    char path[128];
    char *told;
    size_t told_size;
    struct problems problems;
};

static int setup(void **state)
{
    struct fixture *it = calloc(1, sizeof *it);
    assert_non_null(it);
    folder_setup(&it->folder);
    snprintf(it->path, sizeof it->path, "%s/a.zpl", (const char *)it->folder);
    it->problems = (struct problems){.out = open_memstream(&it->told, &it->told_size), .file = "a.zpl"};
    assert_non_null(it->problems.out);
    *state = it;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *it = *state;
    fclose(it->problems.out);
    free(it->told);
    int rc = folder_teardown(&it->folder);
    free(it);
    return rc;
}

static const char *told(struct fixture *it)
{
    fflush(it->problems.out);
    return it->told;
}

static void write_file(const struct fixture *it, const char *text, mode_t mode)
{
    FILE *file = fopen(it->path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fchmod(fileno(file), mode), 0);
    assert_int_equal(fclose(file), 0);
}

static void without_problems_nothing_is_said(void **state)
{
    struct fixture *it = *state;
    assert_int_equal(problems_end(&it->problems), BB_OK);
    assert_string_equal(told(it), "");
}

static void a_problem_names_file_line_and_key_where_there_are_any(void **state)
{
    struct fixture *it = *state;
    problem_add(&it->problems, 3, "server/http", "expected %s, found %d", "a port", 7);
    problem_add(&it->problems, 0, "store", "is missing");
    problem_add(&it->problems, 0, NULL, "is empty");
    assert_string_equal(told(it), "a.zpl:3: server/http: expected a port, found 7\n"
                                  "a.zpl: store: is missing\n"
                                  "a.zpl: is empty\n");
    assert_int_equal(problems_end(&it->problems), BB_BAD_CONFIG);
}

static void twenty_problems_are_shown_and_the_rest_is_counted(void **state)
{
    struct fixture *it = *state;
    for (size_t i = 1; i <= PROBLEMS_SHOWN_MAX; i++)
        problem_add(&it->problems, i, NULL, "wrong");
    assert_int_equal(problems_end(&it->problems), BB_BAD_CONFIG);
    assert_null(strstr(told(it), "more"));
    problem_add(&it->problems, 21, NULL, "wrong");
    problem_add(&it->problems, 22, NULL, "wrong");
    assert_int_equal(problems_end(&it->problems), BB_BAD_CONFIG);
    assert_non_null(strstr(told(it), "a.zpl:20: wrong\na.zpl: and 2 more\n"));
    assert_null(strstr(told(it), "a.zpl:21"));
}

// What is said of an unknown word.
static const char *unknown(struct fixture *it, const char *word)
{
    static const char *const known[] = {"command", "publish", "http", "command-public"};
    size_t before = strlen(told(it));
    problem_add_unknown(&it->problems, 1, word, word, known, 4);
    return told(it) + before;
}

static void the_nearest_key_is_offered_up_to_three_letters_away(void **state)
{
    struct fixture *it = *state;
    assert_non_null(strstr(unknown(it, "comand"), "did you mean command?\n"));
    assert_non_null(strstr(unknown(it, "pubish"), "did you mean publish?\n"));
    assert_non_null(strstr(unknown(it, "htpp"), "did you mean http?\n"));
    assert_non_null(strstr(unknown(it, "command-publik"), "did you mean command-public?\n"));
    assert_non_null(strstr(unknown(it, "pubxyzh"), "did you mean publish?\n")); // three letters changed
    assert_null(strstr(unknown(it, "puwxyzh"), "did you mean publish?\n"));     // four
}

static void what_is_like_no_key_is_unknown_and_no_more(void **state)
{
    struct fixture *it = *state;
    char longest[300];
    memset(longest, 'h', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    assert_null(strstr(unknown(it, "colour-of-the-door"), "did you mean"));
    assert_null(strstr(unknown(it, longest), "did you mean"));
}

static void a_file_that_is_missing_open_or_too_large_is_told(void **state)
{
    struct fixture *it = *state;
    assert_null(problems_read_zpl(&it->problems, it->path, false));
    assert_non_null(strstr(told(it), "the file is not there"));
    write_file(it, "a = 1\n", 0640);
    assert_null(problems_read_zpl(&it->problems, it->path, true));
    assert_non_null(strstr(told(it), "run chmod 600"));
    assert_int_equal(truncate(it->path, CONFIG_FILE_SIZE_MAX + 1), 0);
    assert_null(problems_read_zpl(&it->problems, it->path, false));
    assert_non_null(strstr(told(it), "far too large"));
    assert_int_equal(it->problems.count, 3);
}

static void a_line_that_is_no_zpl_is_named(void **state)
{
    struct fixture *it = *state;
    write_file(it, "a = 1\n\tb = 2\n", 0600);
    assert_null(problems_read_zpl(&it->problems, it->path, false));
    assert_non_null(strstr(told(it), "a.zpl:2: "));
}

static void a_file_without_mistakes_is_read(void **state)
{
    struct fixture *it = *state;
    write_file(it, "server\n    http = \"127.0.0.1:1\"\n", 0600);
    struct zpl *root = problems_read_zpl(&it->problems, it->path, true);
    assert_non_null(root);
    assert_string_equal(zpl_get(root, "server/http"), "127.0.0.1:1");
    zpl_destroy(&root);
    assert_int_equal(problems_end(&it->problems), BB_OK);
}

static void a_key_is_forty_characters_of_z85_and_not_all_zero(void **state)
{
    uint8_t key[32] = {1, 2, 3}, read[32] = {0};
    char text[41 + 5];
    (void)state;
    assert_non_null(zmq_z85_encode(text, key, sizeof key));
    assert_true(key_from_z85(text, read));
    assert_memory_equal(read, key, sizeof key);
    strcat(text, "00000"); // a decoder that goes on would write past the key
    assert_false(key_from_z85(text, read));
    text[35] = '\0';
    assert_false(key_from_z85(text, read));
    assert_false(key_from_z85("", read));
    assert_false(key_from_z85("0000000000000000000000000000000000000000", read));
    assert_false(key_from_z85("0123456789012345678901234567890123456 89", read));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_problems_nothing_is_said),
        TEST(a_problem_names_file_line_and_key_where_there_are_any),
        TEST(twenty_problems_are_shown_and_the_rest_is_counted),
        TEST(the_nearest_key_is_offered_up_to_three_letters_away),
        TEST(what_is_like_no_key_is_unknown_and_no_more),
        TEST(a_file_that_is_missing_open_or_too_large_is_told),
        TEST(a_line_that_is_no_zpl_is_named),
        TEST(a_file_without_mistakes_is_read),
        TEST(a_key_is_forty_characters_of_z85_and_not_all_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
