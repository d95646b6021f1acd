// SPDX-License-Identifier: MPL-2.0
// Tests of lib/message/unpack.c. That want of memory is told from bytes that are no message: tests/faults.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "message/unpack.h"
#include "wire.pb-c.h"

static void what_was_packed_comes_out(void **state)
{
    (void)state;
    Wire__Head head = WIRE__HEAD__INIT, *out;
    uint8_t packed[32];
    head.channel = 7;
    size_t size = wire__head__pack(&head, packed);
    assert_int_equal(message_unpack(&wire__head__descriptor, packed, size, &out), BB_OK);
    assert_int_equal(out->channel, 7);
    wire__head__free_unpacked(out, NULL);
}

static void bytes_that_are_no_message_are_malformed(void **state)
{
    (void)state;
    static const uint8_t cut[] = {0x0a};
    Wire__Head *out = (Wire__Head *)1;
    assert_int_equal(message_unpack(&wire__head__descriptor, cut, sizeof cut, &out), BB_MALFORMED);
    assert_null(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_packed_comes_out),
        cmocka_unit_test(bytes_that_are_no_message_are_malformed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
