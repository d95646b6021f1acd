// SPDX-License-Identifier: MPL-2.0
// Reading founding.zpl: what is taken, and the line that each mistake gets.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "setup/founding.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#define KEY "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define COMMUNITY \
    "community\n" \
    "    key = meppel\n" \
    "    name = \"De Geweldige Wijk, één buurt\"\n" \
    "    recovery-key = \"" KEY "\"\n" \
    "    emergency-line = \"Dit is geen nooddienst. Bel in nood 112.\"\n"
#define CATEGORIES \
    "    categories\n" \
    "        bike\n" \
    "            name = Fiets\n" \
    "        dont_know\n" \
    "            name = \"Ik weet niet waar ik moet zijn\"\n" \
    "            icon = question\n" \
    "            coordinators-only = 1\n"
#define OPERATOR \
    "operator\n" \
    "    party-name = Beheer\n" \
    "    member-name = \"Zoë\"\n" \
    "    curve-key = \"" KEY "\"\n" \
    "    sealing-key = \"" KEY "\"\n" \
    "    signing-key = \"" KEY "\"\n"

static char path[64];
static char *told;
static size_t told_size;

static int make_file(void **state)
{
    (void)state;
    strcpy(path, "/tmp/test_founding.XXXXXX");
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    free(told);
    told = NULL;
    return unlink(path);
}

static enum bb_code load(const char *text, struct founding **out)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    free(told);
    FILE *problems = open_memstream(&told, &told_size);
    assert_non_null(problems);
    enum bb_code code = founding_load(path, out, problems);
    fclose(problems);
    return code;
}

static void expect_problem(const char *text, const char *expected)
{
    char whole[512];
    struct founding *founding = NULL;
    assert_int_equal(load(text, &founding), BB_BAD_CONFIG);
    assert_null(founding);
    snprintf(whole, sizeof whole, "%s%s\n", path, expected);
    assert_string_equal(told, whole);
}

static void a_whole_file_gives_the_community_and_its_operator(void **state)
{
    (void)state;
    uint8_t key[32];
    struct founding *founding = NULL;
    assert_int_equal(load(COMMUNITY "    tips-confirmed-at-once = 1\n" CATEGORIES OPERATOR, &founding), BB_OK);
    assert_string_equal(told, "");
    assert_non_null(zmq_z85_decode(key, KEY));
    assert_string_equal(founding->community_key, "meppel");
    assert_string_equal(founding->community_name, "De Geweldige Wijk, één buurt");
    assert_string_equal(founding->emergency_line, "Dit is geen nooddienst. Bel in nood 112.");
    assert_true(founding->tips_confirmed_at_once);
    assert_memory_equal(founding->recovery_key, key, 32);
    assert_int_equal(founding->categories_count, 2);
    assert_string_equal(founding->categories[0].key, "bike");
    assert_string_equal(founding->categories[0].name, "Fiets");
    assert_string_equal(founding->categories[0].icon, "bike");
    assert_false(founding->categories[0].coordinators_only);
    assert_string_equal(founding->categories[1].icon, "question");
    assert_true(founding->categories[1].coordinators_only);
    assert_string_equal(founding->party_name, "Beheer");
    assert_string_equal(founding->member_name, "Zoë");
    assert_memory_equal(founding->signing_key, key, 32);
    founding_destroy(&founding);
    assert_null(founding);
}

static void tips_wait_for_the_asker_unless_said_otherwise(void **state)
{
    (void)state;
    struct founding *founding = NULL;
    assert_int_equal(load(COMMUNITY CATEGORIES OPERATOR, &founding), BB_OK);
    assert_false(founding->tips_confirmed_at_once);
    founding_destroy(&founding);
}

static void what_is_missing_is_told_all_at_once(void **state)
{
    (void)state;
    static const char *const needed[] = {
        "community/key",        "community/name",       "community/recovery-key", "community/emergency-line",
        "operator/party-name",  "operator/member-name", "operator/curve-key",     "operator/sealing-key",
        "operator/signing-key",
    };
    struct founding *founding = NULL;
    assert_int_equal(load("", &founding), BB_BAD_CONFIG);
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        char expected[80];
        snprintf(expected, sizeof expected, ": %s: is needed, and is not there\n", needed[i]);
        assert_non_null(strstr(told, expected));
    }
    assert_non_null(strstr(told, "community/categories: expected at least one category, found none"));
}

static void a_key_that_is_no_key_is_told(void **state)
{
    (void)state;
    expect_problem(COMMUNITY CATEGORIES "operator\n"
                                        "    party-name = Beheer\n"
                                        "    member-name = Zo\n"
                                        "    curve-key = tooshort\n"
                                        "    sealing-key = \"" KEY "\"\n"
                                        "    signing-key = \"" KEY "\"\n",
                   ":16: operator/curve-key: expected a public key, 40 characters of Z85, found \"tooshort\"");
    expect_problem("operator\n"
                   "    party-name = Beheer\n"
                   "    member-name = Zo\n"
                   "    curve-key = \"0000000000000000000000000000000000000000\"\n"
                   "    sealing-key = \"" KEY "\"\n"
                   "    signing-key = \"" KEY "\"\n" COMMUNITY CATEGORIES,
                   ":4: operator/curve-key: expected a public key, 40 characters of Z85, found "
                   "\"0000000000000000000000000000000000000000\"");
}

static void unknown_and_repeated_keys_are_told(void **state)
{
    (void)state;
    expect_problem(COMMUNITY "    tips-confirmed-at-one = 1\n" CATEGORIES OPERATOR,
                   ":6: community/tips-confirmed-at-one: there is no such key; did you mean "
                   "community/tips-confirmed-at-once?");
    expect_problem(COMMUNITY CATEGORIES OPERATOR "    party-name = Again\n",
                   ":19: operator/party-name: expected once, found again after line 14");
    expect_problem(COMMUNITY CATEGORIES OPERATOR "elephants\n",
                   ":19: elephants: there is no such section; expected community or operator");
    expect_problem(COMMUNITY CATEGORIES "            icons = x\n" OPERATOR,
                   ":13: community/categories/dont_know/icons: there is no such key; did you mean icon?");
}

static void categories_are_held_to_their_words(void **state)
{
    (void)state;
    expect_problem(COMMUNITY CATEGORIES "        Bike\n            name = Fiets\n" OPERATOR,
                   ":13: community/categories: expected a key of a letter and then small letters, digits, - or _, at "
                   "most 32, found \"Bike\"");
    expect_problem(COMMUNITY CATEGORIES "        bike\n            name = Fiets\n" OPERATOR,
                   ":13: community/categories: expected \"bike\" once, found it again after line 7");
    expect_problem(COMMUNITY CATEGORIES "        books\n" OPERATOR,
                   ":13: community/categories/books/name: is needed, and is not there");
    expect_problem(COMMUNITY CATEGORIES
                   "        books\n            name = B\n            coordinators-only = no\n" OPERATOR,
                   ":15: community/categories/books/coordinators-only: expected 0 or 1, found \"no\"");
}

static void a_hundred_categories_fit_and_one_more_does_not(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    struct founding *founding = NULL;
    for (int count = CATEGORIES_MAX; count <= CATEGORIES_MAX + 1; count++) {
        FILE *out = open_memstream(&text, &size);
        assert_non_null(out);
        fputs(OPERATOR COMMUNITY "    categories\n", out);
        for (int i = 0; i < count; i++)
            fprintf(out, "        c%d\n            name = C\n", i);
        fclose(out);
        if (count == CATEGORIES_MAX) {
            assert_int_equal(load(text, &founding), BB_OK);
            assert_int_equal(founding->categories_count, CATEGORIES_MAX);
            founding_destroy(&founding);
        } else {
            expect_problem(text, ":213: community/categories: expected at most 100 categories");
        }
        free(text);
    }
}

static void a_name_at_the_limit_fits_and_one_byte_more_does_not(void **state)
{
    (void)state;
    char text[4096], expected[256];
    char name[NAME_SIZE_MAX + 2] = "";
    struct founding *founding = NULL;
    memset(name, 'n', NAME_SIZE_MAX);
    snprintf(text, sizeof text, "%s        books\n            name = %s\n%s", COMMUNITY CATEGORIES, name, OPERATOR);
    assert_int_equal(load(text, &founding), BB_OK);
    assert_string_equal(founding->categories[2].name, name);
    founding_destroy(&founding);

    name[NAME_SIZE_MAX] = 'n';
    snprintf(text, sizeof text, "%s        books\n            name = %s\n%s", COMMUNITY CATEGORIES, name, OPERATOR);
    snprintf(expected, sizeof expected,
             ":14: community/categories/books/name: expected a text of 1 to 80 bytes without tabs, found \"%s\"", name);
    expect_problem(text, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_file_gives_the_community_and_its_operator),
        cmocka_unit_test(tips_wait_for_the_asker_unless_said_otherwise),
        cmocka_unit_test(what_is_missing_is_told_all_at_once),
        cmocka_unit_test(a_key_that_is_no_key_is_told),
        cmocka_unit_test(unknown_and_repeated_keys_are_told),
        cmocka_unit_test(categories_are_held_to_their_words),
        cmocka_unit_test(a_hundred_categories_fit_and_one_more_does_not),
        cmocka_unit_test(a_name_at_the_limit_fits_and_one_byte_more_does_not),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
