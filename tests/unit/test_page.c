// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/core/page.c: how much a page takes, and which tokens are taken back.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "page.h"

enum { FIELD_SIZE = 8 }; // what an item takes beside its own bytes

static const struct core core = {.ids_key = "fifteen letters"}, other = {.ids_key = "another fifteen"};

// An item that takes exactly `size` bytes of a page.
static Wire__RequestView item_taking(size_t size)
{
    static uint8_t letters[2 * PAGE_SIZE_MAX];
    Wire__RequestView view = WIRE__REQUEST_VIEW__INIT;
    view.text.data = letters;
    view.text.len = size > 64 ? size - 64 : 0;
    while (wire__request_view__get_packed_size(&view) + FIELD_SIZE < size)
        view.text.len++;
    assert_int_equal(wire__request_view__get_packed_size(&view) + FIELD_SIZE, size);
    return view;
}

static void a_hundred_items_fit_and_one_more_does_not(void **state)
{
    (void)state;
    struct page page = {0};
    Wire__RequestView small = item_taking(100);
    for (int i = 0; i < PAGE_ITEMS_MAX; i++)
        assert_true(page_takes(&page, &small.base));
    assert_false(page_takes(&page, &small.base));
    assert_int_equal(page.items, PAGE_ITEMS_MAX);
}

static void a_page_is_full_at_its_size_and_not_one_byte_earlier(void **state)
{
    (void)state;
    struct page page = {0};
    Wire__RequestView half = item_taking(PAGE_SIZE_MAX / 2), larger = item_taking(PAGE_SIZE_MAX / 2 + 1);
    assert_true(page_takes(&page, &half.base));
    assert_false(page_takes(&page, &larger.base));
    assert_true(page_takes(&page, &half.base));
    Wire__RequestView least = WIRE__REQUEST_VIEW__INIT;
    assert_false(page_takes(&page, &least.base));
}

static void what_is_refused_takes_no_room(void **state)
{
    (void)state;
    struct page page = {0};
    Wire__RequestView item = item_taking(PAGE_SIZE_MAX - 100), large = item_taking(200);
    assert_true(page_takes(&page, &item.base));
    const struct page before = page;
    assert_false(page_takes(&page, &large.base));
    assert_memory_equal(&page, &before, sizeof page);
}

static void the_first_item_always_fits(void **state)
{
    (void)state;
    struct page page = {0};
    Wire__RequestView huge = item_taking(PAGE_SIZE_MAX + 1), small = item_taking(100);
    assert_true(page_takes(&page, &huge.base));
    assert_false(page_takes(&page, &small.base));
}

static void a_token_leads_back_to_its_number(void **state)
{
    (void)state;
    uint64_t number;
    for (uint64_t i = 1; i < 1000; i++) {
        uint64_t token = page_token(&core, ID_OFFER, i);
        assert_true(token != 0 && token != i);
        assert_int_equal(page_start(&core, ID_OFFER, token, &number), BB_OK);
        assert_int_equal(number, i);
    }
}

static void no_token_means_the_first_page_and_the_last_page_gives_none(void **state)
{
    (void)state;
    uint64_t number = 7;
    assert_int_equal(page_start(&core, ID_OFFER, 0, &number), BB_OK);
    assert_int_equal(number, 0);
    assert_int_equal(page_token(&core, ID_OFFER, 0), 0);
}

static void a_token_of_another_list_or_of_nobody_is_refused(void **state)
{
    (void)state;
    uint64_t number = 7;
    uint64_t token = page_token(&core, ID_OFFER, 42);
    assert_int_equal(page_start(&core, ID_REQUEST, token, &number), BB_BAD_VALUE);
    assert_int_equal(number, 0);
    assert_int_equal(page_start(&other, ID_OFFER, token, &number), BB_BAD_VALUE);
    assert_int_equal(page_start(&core, ID_OFFER, token ^ 1, &number), BB_BAD_VALUE);
    assert_int_equal(page_start(&core, ID_OFFER, 42, &number), BB_BAD_VALUE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hundred_items_fit_and_one_more_does_not),
        cmocka_unit_test(a_page_is_full_at_its_size_and_not_one_byte_earlier),
        cmocka_unit_test(what_is_refused_takes_no_room),
        cmocka_unit_test(the_first_item_always_fits),
        cmocka_unit_test(a_token_leads_back_to_its_number),
        cmocka_unit_test(no_token_means_the_first_page_and_the_last_page_gives_none),
        cmocka_unit_test(a_token_of_another_list_or_of_nobody_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
