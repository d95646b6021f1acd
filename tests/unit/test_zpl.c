// SPDX-License-Identifier: MPL-2.0
// Tests of zpl.c and zpl_read.c, and that czmq reads what is written.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "bounds.h"
#include "file/zpl.h"

#include <czmq.h>
#include <stdlib.h>
#include <string.h>

static struct zpl *read_text(const char *text)
{
    struct zpl *root = NULL;
    struct zpl_problem problem = {0};
    enum bb_code code = zpl_read(text, strlen(text), &root, &problem);
    if (code != BB_OK)
        fail_msg("line %zu: %s", problem.line, problem.what);
    return root;
}

static void expect_mistake(const char *text, size_t line)
{
    struct zpl *root = NULL;
    struct zpl_problem problem = {0};
    assert_int_equal(zpl_read(text, strlen(text), &root, &problem), BB_BAD_CONFIG);
    assert_null(root);
    assert_int_equal(problem.line, line);
    assert_non_null(problem.what);
}

static void properties_are_found_by_their_path_with_their_line(void **state)
{
    (void)state;
    struct zpl *root = read_text("# first\n\nlisten = tcp://*:7400  # where\ncurve\n    public-key = \"a # b\"\n"
                                 "    secret-key='it\"s'\ncommunity = meppel\r\n    name = De Geweldige Wijk\n");
    assert_string_equal(zpl_get(root, "listen"), "tcp://*:7400");
    assert_string_equal(zpl_get(root, "curve"), "");
    assert_string_equal(zpl_get(root, "curve/public-key"), "a # b");
    assert_string_equal(zpl_get(root, "curve/secret-key"), "it\"s");
    assert_string_equal(zpl_get(root, "community/name"), "De Geweldige Wijk");
    assert_string_equal(zpl_get(root, "community"), "meppel");
    assert_int_equal(zpl_find(root, "curve/public-key")->line, 5);
    assert_null(zpl_get(root, "curve/public"));
    assert_null(zpl_get(root, "public-key"));
    assert_null(zpl_get(root, "listen/x"));
    zpl_destroy(&root);
    assert_null(root);
    zpl_destroy(&root);
}

static void a_name_may_stand_more_than_once_and_keeps_its_order(void **state)
{
    (void)state;
    struct zpl *root = read_text("category = bike\n    icon = a\ncategory = school\n    icon = b\ncategory = other");
    static const char *const values[] = {"bike", "school", "other"};
    size_t count = 0;
    for (const struct zpl *child = root->children; child; child = child->next)
        assert_string_equal(child->value, values[count++]);
    assert_int_equal(count, 3);
    assert_string_equal(zpl_get(root->children->next, "icon"), "b");
    zpl_destroy(&root);
}

static void an_empty_text_and_a_byte_order_mark_are_fine(void **state)
{
    (void)state;
    struct zpl *root = read_text("");
    assert_null(root->children);
    zpl_destroy(&root);
    root = read_text("\xEF\xBB\xBFname = x\n");
    assert_string_equal(zpl_get(root, "name"), "x");
    zpl_destroy(&root);
}

static void each_mistake_is_told_with_its_line(void **state)
{
    (void)state;
    expect_mistake("a = 1\n  b = 2\n", 2);
    expect_mistake("a = 1\n\tb = 2\n", 2);
    expect_mistake("a = 1\n        b = 2\n", 2);
    expect_mistake("    a = 1\n", 1);
    expect_mistake("a\n\n# x\nb = \"open\n", 4);
    expect_mistake("a = \"b\" c\n", 1);
    expect_mistake("a b\n", 1);
    expect_mistake("= b\n", 1);
    expect_mistake("a/b = c\n", 1);
    expect_mistake("a\nzo\xC3\xAB = c\n", 2);
    expect_mistake("a = \xFF\n", 1);
    expect_mistake("a = b\rc\n", 1);
    struct zpl *root = NULL;
    struct zpl_problem problem = {0};
    assert_int_equal(zpl_read("a\nb\0c", 5, &root, &problem), BB_BAD_CONFIG);
    assert_int_equal(problem.line, 2);
}

static void the_depth_and_the_size_have_a_limit(void **state)
{
    (void)state;
    char text[1024] = "";
    for (int depth = 0; depth < ZPL_DEPTH_MAX; depth++)
        sprintf(text + strlen(text), "%*sa\n", 4 * depth, "");
    struct zpl *root = read_text(text);
    assert_non_null(zpl_find(root, "a/a/a/a/a/a/a/a"));
    zpl_destroy(&root);
    sprintf(text + strlen(text), "%*sa\n", 4 * ZPL_DEPTH_MAX, "");
    expect_mistake(text, ZPL_DEPTH_MAX + 1);

    char *large = malloc(CONFIG_FILE_SIZE_MAX + 1);
    memset(large, '\n', CONFIG_FILE_SIZE_MAX + 1);
    struct zpl_problem problem = {0};
    assert_int_equal(zpl_read(large, CONFIG_FILE_SIZE_MAX + 1, &root, &problem), BB_TOO_LARGE);
    assert_int_equal(zpl_read(large, CONFIG_FILE_SIZE_MAX, &root, &problem), BB_OK);
    zpl_destroy(&root);
    free(large);
}

static struct zpl *make_identity(void)
{
    struct zpl *root = zpl_create("", NULL);
    struct zpl *metadata = zpl_add(root, "metadata", NULL);
    zpl_add(metadata, "name", "Zoë's \xE2\x82\xAC # 5");
    zpl_add(metadata, "quoted", "a \"b\" c");
    struct zpl *curve = zpl_add(root, "curve", NULL);
    zpl_add(curve, "public-key", "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7");
    zpl_add(curve, "secret-key", "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6");
    return root;
}

static void what_is_written_is_read_the_same(void **state)
{
    (void)state;
    struct zpl *made = make_identity();
    char *text;
    size_t size;
    assert_int_equal(zpl_write(made, &text, &size), BB_OK);
    assert_int_equal(size, strlen(text));
    struct zpl *root = read_text(text);
    static const char *const paths[] = {"metadata/name", "metadata/quoted", "curve/public-key", "curve/secret-key"};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(zpl_get(root, paths[i]), zpl_get(made, paths[i]));
    zpl_destroy(&root);
    zpl_destroy(&made);
    free(text);
}

static void czmq_reads_what_is_written(void **state)
{
    (void)state;
    struct zpl *made = make_identity();
    char *text;
    size_t size;
    assert_int_equal(zpl_write(made, &text, &size), BB_OK);
    zconfig_t *config = zconfig_str_load(text);
    assert_non_null(config);
    static const char *const paths[] = {"metadata/name", "metadata/quoted", "curve/public-key", "curve/secret-key"};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(zconfig_get(config, paths[i], "none"), zpl_get(made, paths[i]));
    zconfig_destroy(&config);

    char path[] = "/tmp/test_zpl.XXXXXX";
    int fd = mkstemp(path);
    assert_int_equal(write(fd, text, size), size);
    close(fd);
    zcert_t *cert = zcert_load(path);
    unlink(path);
    assert_non_null(cert);
    assert_string_equal(zcert_public_txt(cert), zpl_get(made, "curve/public-key"));
    assert_string_equal(zcert_secret_txt(cert), zpl_get(made, "curve/secret-key"));
    zcert_destroy(&cert);
    zpl_destroy(&made);
    free(text);
}

static void what_zpl_cannot_express_is_not_written(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {{"a", "both ' and \""}, {"a", "line\nend"}, {"", "x"},
                                           {"a b", "x"},           {"a/b", "x"},       {"a", "\xFF"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct zpl *root = zpl_create("", NULL);
        char *text;
        size_t size;
        assert_non_null(zpl_add(root, pairs[i][0], pairs[i][1]));
        assert_int_equal(zpl_write(root, &text, &size), BB_BAD_VALUE);
        zpl_destroy(&root);
    }
}

static void no_changed_byte_of_a_text_breaks_anything(void **state)
{
    (void)state;
    char text[] = "a = \"b\" # c\nd\n    e = 'f'\n    g\n        h=i\n";
    for (size_t at = 0; at < sizeof text - 1; at++) {
        char before = text[at];
        for (int value = 0; value < 256; value++) {
            struct zpl *root = NULL;
            struct zpl_problem problem = {0};
            text[at] = (char)value;
            enum bb_code code = zpl_read(text, sizeof text - 1, &root, &problem);
            assert_int_equal(code == BB_OK, root != NULL);
            assert_int_equal(code == BB_OK, problem.what == NULL);
            zpl_destroy(&root);
        }
        text[at] = before;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(properties_are_found_by_their_path_with_their_line),
        cmocka_unit_test(a_name_may_stand_more_than_once_and_keeps_its_order),
        cmocka_unit_test(an_empty_text_and_a_byte_order_mark_are_fine),
        cmocka_unit_test(each_mistake_is_told_with_its_line),
        cmocka_unit_test(the_depth_and_the_size_have_a_limit),
        cmocka_unit_test(what_is_written_is_read_the_same),
        cmocka_unit_test(czmq_reads_what_is_written),
        cmocka_unit_test(what_zpl_cannot_express_is_not_written),
        cmocka_unit_test(no_changed_byte_of_a_text_breaks_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
