// SPDX-License-Identifier: MPL-2.0
// The door while each n-th call of its own fails, for want of memory, of sockets or of patience: it may stay shut, and
// it never opens to a stranger.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "nth.h"

#include "door/self_check.h"
#include "door/zap.h"

#include <czmq.h>
#include <stdio.h>
#include <string.h>

enum { CALLS_MAX = 1000, WAIT_MS = 10000, ZAP_ENFORCE_DOMAIN = 93, KEYS = 300, FRAMES = 7 };

static const struct zap_limits wide = {.per_address = {1000000, 1000000}, .per_key = {1000000, 1000000}};
static struct metrics metrics;

struct doors {
    zcert_t *cert;
    zsock_t *command, *publish;
};

static zsock_t *bind_door(zcert_t *cert, int type, const char *domain, bool enforce)
{
    zsock_t *sock = zsock_new(type);
    int one = enforce;
    assert_non_null(sock);
    assert_int_equal(zmq_setsockopt(zsock_resolve(sock), ZAP_ENFORCE_DOMAIN, &one, sizeof one), 0);
    zcert_apply(cert, sock);
    zsock_set_curve_server(sock, 1);
    zsock_set_zap_domain(sock, domain);
    zsock_set_linger(sock, 0);
    assert_true(zsock_bind(sock, "tcp://127.0.0.1:*") > 0);
    return sock;
}

static struct doors open_doors(bool enforce)
{
    struct doors doors = {.cert = zcert_new()};
    doors.command = bind_door(doors.cert, ZMQ_ROUTER, "command", enforce);
    doors.publish = bind_door(doors.cert, ZMQ_XPUB, "publish", enforce);
    return doors;
}

static void close_doors(struct doors *doors)
{
    zsock_destroy(&doors->command);
    zsock_destroy(&doors->publish);
    zcert_destroy(&doors->cert);
}

static bool passes(const struct doors *doors, size_t n, bool *failed)
{
    const char *problem;
    nth_arm(n);
    bool passed = self_check(zsock_endpoint(doors->command), zsock_endpoint(doors->publish),
                             zcert_public_txt(doors->cert), WAIT_MS, &problem);
    *failed = nth_disarm();
    assert_true(passed == !problem);
    return passed;
}

static struct zap *guard(void)
{
    struct zap *zap = NULL;
    assert_int_equal(zap_create(&wide, &metrics, &zap), BB_OK);
    return zap;
}

static void no_failure_makes_the_self_check_pass_a_door_that_stands_open(void **state)
{
    (void)state;
    struct doors doors = open_doors(false);
    bool failed = true;
    size_t n = 1;
    for (; failed && n < CALLS_MAX; n++)
        assert_false(passes(&doors, n, &failed));
    assert_true(n > 5);
    close_doors(&doors);
}

static void the_self_check_passes_a_guarded_door_once_nothing_fails(void **state)
{
    (void)state;
    struct zap *zap = guard();
    struct doors doors = open_doors(true);
    bool failed = true, passed = false;
    for (size_t n = 1; failed && n < CALLS_MAX; n++)
        passed = passes(&doors, n, &failed);
    assert_true(passed);
    close_doors(&doors);
    zap_destroy(&zap);
}

static void nobody_guards_the_door_or_it_is_told(void **state)
{
    (void)state;
    bool failed = true;
    for (size_t n = 1; failed && n < CALLS_MAX; n++) {
        struct zap *zap = NULL;
        nth_arm(n);
        nth_everywhere(true);
        enum bb_code code = zap_create(&wide, &metrics, &zap);
        nth_everywhere(false);
        failed = nth_disarm();
        assert_true((code == BB_OK) == (zap != NULL));
        assert_true(failed || zap);
        zap_destroy(&zap);
    }
}

static void keys_are_let_in_or_it_is_told(void **state)
{
    (void)state;
    static struct zap_key keys[KEYS];
    for (size_t i = 0; i < KEYS; i++) {
        memcpy(keys[i].key, &i, sizeof i);
        snprintf(keys[i].user_id, sizeof keys[i].user_id, "giver:%zu", i);
    }
    bool failed = true, refused = false;
    for (size_t n = 1; failed && n < CALLS_MAX; n++) {
        struct zap *zap = guard();
        nth_arm(n);
        nth_everywhere(true);
        enum bb_code code = zap_admit_many(zap, keys, KEYS);
        nth_everywhere(false);
        failed = nth_disarm();
        refused |= code == BB_NO_MEMORY;
        assert_true(code == BB_OK || (failed && code == BB_NO_MEMORY));
        assert_int_equal(zap_admit_many(zap, keys, KEYS), BB_OK);
        assert_int_equal(metric_get(&metrics, METRIC_ZAP_KEYS), KEYS);
        zap_destroy(&zap);
    }
    assert_true(refused);
}

// As libzmq asks, with a key that nobody knows.
static char *ask_for_a_stranger(zsock_t *sock)
{
    static const char *const frames[FRAMES] = {
        "1.0", "1", "command", "127.0.0.1", "", "CURVE", "0123456789abcdef0123456789abcdef",
    };
    zmsg_t *question = zmsg_new();
    for (size_t i = 0; i < FRAMES; i++)
        zmsg_addstr(question, frames[i]);
    assert_int_equal(zmsg_send(&question, sock), 0);
    zmsg_t *reply = zmsg_recv(sock);
    assert_non_null(reply);
    free(zmsg_popstr(reply));
    free(zmsg_popstr(reply));
    char *status = zmsg_popstr(reply);
    zmsg_destroy(&reply);
    return status;
}

static void a_stranger_stays_out_whatever_frame_of_the_question_cannot_be_read(void **state)
{
    (void)state;
    struct zap *zap = guard();
    nth_everywhere(true);
    for (size_t n = 1; n <= FRAMES; n++) {
        zsock_t *sock = zsock_new(ZMQ_REQ);
        zsock_set_rcvtimeo(sock, WAIT_MS);
        assert_int_equal(zsock_connect(sock, "inproc://zeromq.zap.01"), 0);
        nth_arm(n);
        char *status = ask_for_a_stranger(sock);
        nth_disarm();
        assert_true(strcmp(status, "400") == 0 || strcmp(status, "500") == 0);
        free(status);
        zsock_destroy(&sock);
    }
    nth_everywhere(false);
    zap_destroy(&zap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_failure_makes_the_self_check_pass_a_door_that_stands_open),
        cmocka_unit_test(the_self_check_passes_a_guarded_door_once_nothing_fails),
        cmocka_unit_test(nobody_guards_the_door_or_it_is_told),
        cmocka_unit_test(keys_are_let_in_or_it_is_told),
        cmocka_unit_test(a_stranger_stays_out_whatever_frame_of_the_question_cannot_be_read),
    };
    return cmocka_run_group_tests_name("a door whose calls fail", tests, NULL, NULL);
}
