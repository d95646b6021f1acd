// SPDX-License-Identifier: MPL-2.0
// Tests of notice_box.c; the box was computed apart, with PyNaCl.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "seal/notice_box.h"

#include <stdlib.h>
#include <string.h>

struct sample {
    struct arena *arena;
    struct notice_box_header header;
    uint8_t key[NOTICE_BOX_KEY_SIZE], nonce[NOTICE_BOX_NONCE_SIZE];
    uint8_t *box, *plain;
    size_t box_size, plain_size;
};

static int make_sample(void **state)
{
    struct sample *s = calloc(1, sizeof *s);
    s->arena = arena_create(4096);
    s->header =
        (struct notice_box_header){.epoch = 7, .channel = 0x0102030405060708, .first = 11, .head = 12, .key_id = 3};
    for (uint8_t i = 0; i < sizeof s->header.boot; i++)
        s->header.boot[i] = i;
    for (uint8_t i = 0; i < sizeof s->key; i++)
        s->key[i] = (uint8_t)(100 + i);
    for (uint8_t i = 0; i < sizeof s->nonce; i++)
        s->nonce[i] = i;
    *state = s;
    return notice_box_seal(&s->header, s->key, s->nonce, (const uint8_t *)"Fiets", 5, s->arena, &s->box, &s->box_size);
}

static int drop_sample(void **state)
{
    struct sample *s = *state;
    arena_destroy(&s->arena);
    free(s);
    return 0;
}

static enum bb_code open_box(struct sample *s)
{
    return notice_box_open(&s->header, s->key, s->nonce, s->box, s->box_size, s->arena, &s->plain, &s->plain_size);
}

static void the_box_is_that_of_another_implementation_and_opens(void **state)
{
    struct sample *s = *state;
    static const char box[] = "\x9F\xBD\xA4\x1D\xDB\x72\x0C\x1C\x9A\x5B\xE7\x8B\x7C\xBA\x76\x10\x12\x37\x8A\x61\x8E";
    assert_int_equal(s->box_size, sizeof box - 1);
    assert_memory_equal(s->box, box, s->box_size);
    assert_int_equal(open_box(s), BB_OK);
    assert_int_equal(s->plain_size, 5);
    assert_memory_equal(s->plain, "Fiets", 5);
}

static void no_changed_byte_of_key_nonce_or_box_opens(void **state)
{
    struct sample *s = *state;
    uint8_t *const parts[] = {s->key, s->nonce, s->box};
    const size_t sizes[] = {sizeof s->key, sizeof s->nonce, s->box_size};
    for (int part = 0; part < 3; part++) {
        for (size_t i = 0; i < sizes[part]; i++) {
            parts[part][i] ^= 1;
            assert_int_equal(open_box(s), BB_CANNOT_OPEN);
            parts[part][i] ^= 1;
        }
    }
    assert_int_equal(open_box(s), BB_OK);
}

static void a_box_does_not_open_in_another_place(void **state)
{
    struct sample *s = *state;
    const struct notice_box_header header = s->header;
#define REFUSED_WITH(change) \
    s->header = header; \
    change; \
    assert_int_equal(open_box(s), BB_CANNOT_OPEN)
    REFUSED_WITH(s->header.boot[15]++);
    REFUSED_WITH(s->header.epoch++);
    REFUSED_WITH(s->header.channel++);
    REFUSED_WITH(s->header.first++);
    REFUSED_WITH(s->header.head++);
    REFUSED_WITH(s->header.key_id++);
#undef REFUSED_WITH
}

static void a_box_that_is_too_short_is_refused(void **state)
{
    struct sample *s = *state;
    for (s->box_size = 0; s->box_size < NOTICE_BOX_OVERHEAD_SIZE + 5; s->box_size++)
        assert_int_equal(open_box(s), BB_CANNOT_OPEN);
}

static void an_arena_that_is_too_small_is_told(void **state)
{
    struct sample *s = *state;
    struct arena *small = arena_create(16);
    uint8_t *out;
    size_t size;
    assert_int_equal(notice_box_seal(&s->header, s->key, s->nonce, (const uint8_t *)"Fiets", 5, small, &out, &size),
                     BB_NO_MEMORY);
    arena_destroy(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_box_is_that_of_another_implementation_and_opens, make_sample, drop_sample),
        cmocka_unit_test_setup_teardown(no_changed_byte_of_key_nonce_or_box_opens, make_sample, drop_sample),
        cmocka_unit_test_setup_teardown(a_box_does_not_open_in_another_place, make_sample, drop_sample),
        cmocka_unit_test_setup_teardown(a_box_that_is_too_short_is_refused, make_sample, drop_sample),
        cmocka_unit_test_setup_teardown(an_arena_that_is_too_small_is_told, make_sample, drop_sample),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
