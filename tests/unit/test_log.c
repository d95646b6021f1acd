// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/watch/log.c: one event is one line, whatever stands in a value.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "watch/log.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const int64_t time_ms = 1700000000007;
#define HEAD "time=2023-11-14T22:13:20.007Z level=info event=test"

__attribute__((sentinel)) static size_t format(char *out, enum log_level level, const char *event, ...)
{
    va_list pairs;
    va_start(pairs, event);
    size_t length = log_format(out, time_ms, level, event, pairs);
    va_end(pairs);
    assert_int_equal(length, strlen(out));
    return length;
}

// The line of one pair `k`.
static const char *line_of(const char *value)
{
    static char line[LOG_LINE_SIZE_MAX];
    format(line, LEVEL_INFO, "test", "k", value, NULL);
    return line;
}

static void a_line_has_time_level_event_and_its_pairs(void **state)
{
    (void)state;
    char line[LOG_LINE_SIZE_MAX];
    format(line, LEVEL_INFO, "test", "community", "meppel", "journal", log_number(UINT64_MAX).text, NULL);
    assert_string_equal(line, HEAD " community=meppel journal=18446744073709551615\n");
    format(line, LEVEL_INFO, "test", NULL);
    assert_string_equal(line, HEAD "\n");
}

static void each_level_has_its_name(void **state)
{
    (void)state;
    static const char *const names[] = {"level=error ", "level=warn ", "level=info ", "level=debug "};
    char line[LOG_LINE_SIZE_MAX];
    for (int level = LEVEL_ERROR; level <= LEVEL_DEBUG; level++) {
        format(line, level, "test", NULL);
        assert_non_null(strstr(line, names[level]));
    }
}

static void plain_values_stand_as_they_are(void **state)
{
    (void)state;
    assert_string_equal(line_of("tcp://[::1]:7400"), HEAD " k=tcp://[::1]:7400\n");
    assert_string_equal(line_of("caf\u00e9-\u20ac"), HEAD " k=caf\u00e9-\u20ac\n");
}

static void spaces_quotes_and_equals_signs_are_quoted(void **state)
{
    (void)state;
    assert_string_equal(line_of("two words"), HEAD " k=\"two words\"\n");
    assert_string_equal(line_of("a\"b"), HEAD " k=\"a\\\"b\"\n");
    assert_string_equal(line_of("a\\b"), HEAD " k=\"a\\\\b\"\n");
    assert_string_equal(line_of("a=b"), HEAD " k=\"a=b\"\n");
    assert_string_equal(line_of("\u201czo\u201d is \u20ac 5"), HEAD " k=\"\u201czo\u201d is \u20ac 5\"\n");
    assert_string_equal(line_of(""), HEAD " k=\"\"\n");
}

static void no_value_can_begin_a_line_of_its_own(void **state)
{
    (void)state;
    assert_string_equal(line_of("x\nlevel=error"), HEAD " k=\"x\\nlevel=error\"\n");
    assert_string_equal(line_of("\r\t\033[2J\001\177"), HEAD " k=\"\\x0d\\x09\\x1b[2J\\x01\\x7f\"\n");
}

static void no_control_character_comes_through(void **state)
{
    (void)state;
    for (int c = 1; c < 0x80; c++) {
        const char value[] = {(char)c, '\0'};
        const char *line = line_of(value);
        for (size_t i = 0; line[i + 1] != '\0'; i++)
            assert_true(line[i] >= ' ' && line[i] < 0x7f);
    }
}

static void a_value_that_is_null_ends_the_line(void **state)
{
    (void)state;
    char line[LOG_LINE_SIZE_MAX];
    const char *missing = NULL;
    format(line, LEVEL_INFO, "test", "a", "1", "b", missing, "c", "3", NULL);
    assert_string_equal(line, HEAD " a=1\n");
}

static void a_pair_that_does_not_fit_is_left_out_whole_and_the_line_says_so(void **state)
{
    (void)state;
    char value[3000], line[LOG_LINE_SIZE_MAX];
    memset(value, 'v', sizeof value);
    value[sizeof value - 1] = '\0';
    format(line, LEVEL_INFO, "test", "a", "1", "long", value, "after", "2", NULL);
    assert_string_equal(line, HEAD " a=1 cut=yes\n");
    memset(value, '\n', sizeof value - 1); // twice as long once it is escaped
    value[1500] = '\0';
    format(line, LEVEL_INFO, "test", "a", "1", "long", value, NULL);
    assert_string_equal(line, HEAD " a=1 cut=yes\n");
}

static void at_every_length_the_line_is_whole(void **state)
{
    (void)state;
    char value[LOG_LINE_SIZE_MAX + 100], line[LOG_LINE_SIZE_MAX];
    size_t longest = 0;
    for (size_t size = 1; size < sizeof value; size++) {
        memset(value, 'v', size);
        value[size] = '\0';
        size_t length = format(line, LEVEL_INFO, "test", "k", value, NULL);
        bool cut = strcmp(line, HEAD " cut=yes\n") == 0;
        assert_true(length < LOG_LINE_SIZE_MAX && line[length - 1] == '\n');
        assert_true(cut || length == strlen(HEAD " k=") + size + 1);
        if (!cut) {
            assert_int_equal(longest + 1, size); // once it is too long, it stays so
            longest = size;
        }
    }
    assert_true(longest > LOG_LINE_SIZE_MAX - 150);
}

// What log_line writes to stderr at this level.
static size_t logged(enum log_level level, char *out, size_t room)
{
    int pipes[2], kept = dup(STDERR_FILENO);
    assert_true(kept >= 0);
    assert_int_equal(pipe2(pipes, O_NONBLOCK), 0);
    assert_true(dup2(pipes[1], STDERR_FILENO) >= 0);
    log_line(level, "filtered", "k", "v", NULL);
    assert_true(dup2(kept, STDERR_FILENO) >= 0);
    ssize_t size = read(pipes[0], out, room - 1);
    close(pipes[0]);
    close(pipes[1]);
    close(kept);
    out[size > 0 ? size : 0] = '\0';
    return size > 0 ? (size_t)size : 0;
}

static void what_is_finer_than_the_level_is_left_out(void **state)
{
    (void)state;
    char line[LOG_LINE_SIZE_MAX];
    assert_true(logged(LEVEL_INFO, line, sizeof line) > 0); // the level at the start
    assert_int_equal(logged(LEVEL_DEBUG, line, sizeof line), 0);
    for (int set = LEVEL_ERROR; set <= LEVEL_DEBUG; set++) {
        log_set_level(set);
        for (int level = LEVEL_ERROR; level <= LEVEL_DEBUG; level++)
            assert_int_equal(logged(level, line, sizeof line) > 0, level <= set);
    }
    log_set_level(LEVEL_INFO);
}

static void a_line_is_written_whole_with_the_time_of_now(void **state)
{
    (void)state;
    char line[LOG_LINE_SIZE_MAX];
    size_t size = logged(LEVEL_WARN, line, sizeof line);
    assert_memory_equal(line, "time=20", 7);
    const char *rest = strchr(line, ' ');
    assert_non_null(rest);
    assert_string_equal(rest, " level=warn event=filtered k=v\n");
    assert_int_equal(size, strlen("time=2023-11-14T22:13:20.007Z") + strlen(rest));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_time_level_event_and_its_pairs),
        cmocka_unit_test(each_level_has_its_name),
        cmocka_unit_test(plain_values_stand_as_they_are),
        cmocka_unit_test(spaces_quotes_and_equals_signs_are_quoted),
        cmocka_unit_test(no_value_can_begin_a_line_of_its_own),
        cmocka_unit_test(no_control_character_comes_through),
        cmocka_unit_test(a_value_that_is_null_ends_the_line),
        cmocka_unit_test(a_pair_that_does_not_fit_is_left_out_whole_and_the_line_says_so),
        cmocka_unit_test(at_every_length_the_line_is_whole),
        cmocka_unit_test(what_is_finer_than_the_level_is_left_out),
        cmocka_unit_test(a_line_is_written_whole_with_the_time_of_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
