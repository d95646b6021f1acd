// SPDX-License-Identifier: MPL-2.0
// Tests of clients/terminal/program.c and arguments.c: what a command line means.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "arguments.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct arguments seen; // of the last run
static struct ui seen_ui;
static const char *ran;

static int run_list(struct ui *ui, const struct arguments *arguments)
{
    seen = *arguments;
    seen_ui = *ui;
    ran = "list";
    return STATUS_DONE;
}

static int run_party_show(struct ui *ui, const struct arguments *arguments)
{
    seen = *arguments;
    seen_ui = *ui;
    ran = "party show";
    return STATUS_KEPT;
}

static const struct subcommand subcommands[] = {
    {"list", "", 0, 0, (const enum flag[]){OPTION_EXCLUDE, OPTION_LINES, OPTION_NONE}, "List.", "Toon.", run_list},
    {"party show", "ID", 1, 1, NULL, "Show.", "Toon.", run_party_show},
};
static const struct program program = {"buurtbel-test", "Test.", "Test.", subcommands, 2};

// The words are copied, because program_run may reorder them; the copies live on for `seen`.
static int run(const char *line)
{
    static char words[512];
    static char name[] = "buurtbel-test";
    char *argv[32] = {name};
    int argc = 1;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " ")) {
        argv[argc++] = word;
    }
    ran = NULL;
    memset(&seen, 0, sizeof seen);
    return program_run(&program, argc, argv);
}

// For lines that end the program: its exit status.
static int run_apart(const char *line)
{
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (freopen("/dev/null", "w", stdout) == NULL || freopen("/dev/null", "w", stderr) == NULL) {
            _exit(99);
        }
        _exit(run(line));
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_subcommand_of_two_words_is_found_and_gives_the_exit_status(void **state)
{
    (void)state;
    assert_int_equal(run("party show abc"), STATUS_KEPT);
    assert_string_equal(ran, "party show");
    assert_int_equal(seen.positionals, 1);
    assert_string_equal(seen.positional[0], "abc");
}

static void options_may_stand_before_and_behind_the_words(void **state)
{
    (void)state;
    assert_int_equal(run("--home /a --json party show abc --timeout 3"), STATUS_KEPT);
    assert_string_equal(seen_ui.home, "/a");
    assert_true(seen_ui.json);
    assert_int_equal(seen_ui.timeout_ms, 3000);
    assert_string_equal(seen.positional[0], "abc");
}

static void the_language_is_asked_for_or_taken_from_the_environment(void **state)
{
    (void)state;
    setenv("LC_ALL", "nl_NL.UTF-8", 1);
    assert_int_equal(run("list"), STATUS_DONE);
    assert_int_equal(seen_ui.language, BB_DUTCH);
    assert_int_equal(run("list --language en"), STATUS_DONE);
    assert_int_equal(seen_ui.language, BB_ENGLISH);
    unsetenv("LC_ALL");
    setenv("LANG", "de_DE.UTF-8", 1);
    assert_int_equal(run("list"), STATUS_DONE);
    assert_int_equal(seen_ui.language, BB_ENGLISH);
    assert_int_equal(run("--language=nl list"), STATUS_DONE);
    assert_int_equal(seen_ui.language, BB_DUTCH);
}

static void the_home_comes_from_the_environment_when_it_is_not_said(void **state)
{
    (void)state;
    unsetenv("BUURTBEL_HOME");
    setenv("XDG_DATA_HOME", "/data", 1);
    assert_int_equal(run("list"), STATUS_DONE);
    assert_string_equal(seen_ui.home, "/data/buurtbel/buurtbel-test");
    setenv("BUURTBEL_HOME", "/mine", 1);
    assert_int_equal(run("list"), STATUS_DONE);
    assert_string_equal(seen_ui.home, "/mine");
    unsetenv("BUURTBEL_HOME");
}

static void a_repeated_option_gives_all_its_values_in_order(void **state)
{
    (void)state;
    assert_int_equal(run("list --exclude media -n 5 --exclude police"), STATUS_DONE);
    int at = 0;
    assert_string_equal(argument_next(&seen, OPTION_EXCLUDE, &at), "media");
    assert_string_equal(argument_next(&seen, OPTION_EXCLUDE, &at), "police");
    assert_null(argument_next(&seen, OPTION_EXCLUDE, &at));
    assert_string_equal(argument_value(&seen, OPTION_LINES), "5");
    assert_false(argument_given(&seen, OPTION_REASON));
}

static void what_is_not_understood_ends_with_the_status_for_usage(void **state)
{
    (void)state;
    const char *const lines[] = {"",
                                 "party",
                                 "frob",
                                 "party show",
                                 "list extra",
                                 "list --reason x",
                                 "list --nope",
                                 "list --language fr",
                                 "list --timeout 0",
                                 "party show a b",
                                 "--home"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        assert_int_equal(run_apart(lines[i]), STATUS_USAGE);
    }
}

static void help_is_no_failure(void **state)
{
    (void)state;
    assert_int_equal(run_apart("--help"), STATUS_DONE);
    assert_int_equal(run_apart("list --help"), STATUS_DONE);
    assert_int_equal(run_apart("--version"), STATUS_DONE);
    assert_int_equal(run_apart("party show --usage"), STATUS_DONE);
}

static void numbers_are_taken_whole_and_within_their_range(void **state)
{
    (void)state;
    uint32_t number = 7;
    assert_int_equal(read_number(&seen_ui, "50", 1, 50, &number), STATUS_DONE);
    assert_int_equal(number, 50);
    const char *const wrong[] = {"51", "0", "-1", "+5", "5x", "", " 5", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(read_number(&seen_ui, wrong[i], 1, 50, &number), STATUS_USAGE);
        assert_int_equal(number, 50);
    }
}

static void words_are_taken_in_both_languages(void **state)
{
    (void)state;
    uint32_t value = 0;
    assert_int_equal(read_word(&seen_ui, &bb_classes, "business", &value), STATUS_DONE);
    assert_int_equal(value, CLASS_BUSINESS);
    assert_int_equal(read_word(&seen_ui, &bb_classes, "politie", &value), STATUS_DONE);
    assert_int_equal(value, CLASS_POLICE);
    assert_int_equal(read_word(&seen_ui, &bb_classes, "robots", &value), STATUS_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_subcommand_of_two_words_is_found_and_gives_the_exit_status),
        cmocka_unit_test(options_may_stand_before_and_behind_the_words),
        cmocka_unit_test(the_language_is_asked_for_or_taken_from_the_environment),
        cmocka_unit_test(the_home_comes_from_the_environment_when_it_is_not_said),
        cmocka_unit_test(a_repeated_option_gives_all_its_values_in_order),
        cmocka_unit_test(what_is_not_understood_ends_with_the_status_for_usage),
        cmocka_unit_test(help_is_no_failure),
        cmocka_unit_test(numbers_are_taken_whole_and_within_their_range),
        cmocka_unit_test(words_are_taken_in_both_languages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
