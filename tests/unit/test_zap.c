// SPDX-License-Identifier: MPL-2.0
// The ZAP handler with real CURVE sockets on loopback, and with questions that libzmq would never ask; and the
// self-check, which must say no to a door that stands open.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "door/self_check.h"
#include "door/zap.h"
#include "setup/process.h"

#include <czmq.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 10000, ZAP_ENFORCE_DOMAIN = 93 };

static const struct zap_limits wide = {.per_address = {1000000, 1000000}, .per_key = {1000000, 1000000}};

struct broker {
    struct metrics metrics;
    struct zap *zap;
    zcert_t *cert;
    zsock_t *command, *publish;
    char command_endpoint[64], publish_endpoint[64];
};

static zsock_t *bind_door(struct broker *broker, int type, const char *domain, bool enforce, char *endpoint,
                          size_t size)
{
    zsock_t *sock = zsock_new(type);
    assert_non_null(sock);
    int one = enforce;
    assert_int_equal(zmq_setsockopt(zsock_resolve(sock), ZAP_ENFORCE_DOMAIN, &one, sizeof one), 0);
    zcert_apply(broker->cert, sock);
    zsock_set_curve_server(sock, 1);
    zsock_set_zap_domain(sock, domain);
    zsock_set_linger(sock, 0);
    zsock_set_handshake_ivl(sock, 200);
    zsock_set_rcvtimeo(sock, WAIT_MS);
    assert_true(zsock_bind(sock, "tcp://127.0.0.1:*") > 0);
    snprintf(endpoint, size, "%s", zsock_endpoint(sock));
    return sock;
}

static void open_doors(struct broker *broker, bool enforce)
{
    broker->cert = zcert_new();
    broker->command =
        bind_door(broker, ZMQ_ROUTER, "command", enforce, broker->command_endpoint, sizeof broker->command_endpoint);
    broker->publish =
        bind_door(broker, ZMQ_XPUB, "publish", enforce, broker->publish_endpoint, sizeof broker->publish_endpoint);
}

static void broker_open(struct broker *broker, const struct zap_limits *limits)
{
    *broker = (struct broker){.zap = NULL};
    assert_int_equal(zap_create(limits, &broker->metrics, &broker->zap), BB_OK);
    open_doors(broker, true);
}

static void broker_close(struct broker *broker)
{
    zsock_destroy(&broker->command);
    zsock_destroy(&broker->publish);
    zcert_destroy(&broker->cert);
    zap_destroy(&broker->zap);
    assert_null(broker->zap);
}

struct client {
    zsock_t *sock, *monitor;
};

static struct client dial(struct broker *broker, int type, zcert_t *cert)
{
    static int number;
    char monitor_endpoint[40];
    struct client client = {.sock = zsock_new(type), .monitor = zsock_new(ZMQ_PAIR)};
    snprintf(monitor_endpoint, sizeof monitor_endpoint, "inproc://monitor-%d", number++);
    zcert_apply(cert, client.sock);
    zsock_set_curve_serverkey(client.sock, zcert_public_txt(broker->cert));
    zsock_set_linger(client.sock, 0);
    assert_int_equal(zmq_socket_monitor(zsock_resolve(client.sock), monitor_endpoint,
                                        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                                            ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL),
                     0);
    assert_int_equal(zsock_connect(client.monitor, "%s", monitor_endpoint), 0);
    const char *endpoint = type == ZMQ_DEALER ? broker->command_endpoint : broker->publish_endpoint;
    assert_int_equal(zsock_connect(client.sock, "%s", endpoint), 0);
    return client;
}

static void hang_up(struct client *client)
{
    zmq_socket_monitor(zsock_resolve(client->sock), NULL, 0);
    zsock_destroy(&client->sock);
    zsock_destroy(&client->monitor);
}

// How the next handshake ends: 200, a refusal's status, or 300 for one that was let run out of time.
static unsigned int handshake_status(struct client *client)
{
    uint8_t first[6];
    char address[300];
    uint16_t event;
    uint32_t value;
    void *socket = zsock_resolve(client->monitor);
    zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};
    assert_int_equal(zmq_poll(&item, 1, WAIT_MS), 1);
    assert_int_equal(zmq_recv(socket, first, sizeof first, 0), (int)sizeof first);
    assert_true(zmq_recv(socket, address, sizeof address, 0) >= 0);
    memcpy(&event, first, sizeof event);
    memcpy(&value, first + sizeof event, sizeof value);
    if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
        return 200;
    return event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH ? value : 300;
}

static unsigned int knock(struct broker *broker, int type, zcert_t *cert)
{
    struct client client = dial(broker, type, cert);
    unsigned int status = handshake_status(&client);
    hang_up(&client);
    return status;
}

static void admit(struct broker *broker, zcert_t *cert, const char *user_id)
{
    assert_int_equal(zap_admit(broker->zap, zcert_public_key(cert), user_id), BB_OK);
}

static void an_unknown_key_is_refused_on_both_sockets(void **state)
{
    (void)state;
    struct broker broker;
    broker_open(&broker, &wide);
    zcert_t *stranger = zcert_new();
    assert_int_equal(knock(&broker, ZMQ_DEALER, stranger), 400);
    assert_int_equal(knock(&broker, ZMQ_SUB, stranger), 400);
    assert_int_equal(metric_get(&broker.metrics, METRIC_ZAP_UNKNOWN_KEY), 2);
    assert_int_equal(metric_get(&broker.metrics, METRIC_ZAP_ACCEPTED), 0);
    zcert_destroy(&stranger);
    broker_close(&broker);
}

static void a_known_key_gets_in_and_its_messages_carry_its_user_id(void **state)
{
    (void)state;
    struct broker broker;
    broker_open(&broker, &wide);
    zcert_t *member = zcert_new();
    admit(&broker, member, "giver:17");

    struct client client = dial(&broker, ZMQ_DEALER, member);
    assert_int_equal(handshake_status(&client), 200);
    assert_int_equal(zstr_send(client.sock, "hello"), 0);
    zframe_t *sender = zframe_recv(broker.command);
    zframe_t *body = zframe_recv(broker.command);
    assert_non_null(sender);
    assert_non_null(body);
    assert_string_equal(zframe_meta(body, "User-Id"), "giver:17");
    zframe_destroy(&sender);
    zframe_destroy(&body);
    hang_up(&client);

    assert_int_equal(knock(&broker, ZMQ_SUB, member), 200);
    assert_int_equal(metric_get(&broker.metrics, METRIC_ZAP_ACCEPTED), 2);
    assert_int_equal(metric_get(&broker.metrics, METRIC_ZAP_KEYS), 1);
    zcert_destroy(&member);
    broker_close(&broker);
}

static void an_invitation_opens_the_command_socket_alone(void **state)
{
    (void)state;
    struct broker broker;
    broker_open(&broker, &wide);
    zcert_t *admission = zcert_new();
    admit(&broker, admission, "invite:3");
    assert_int_equal(knock(&broker, ZMQ_DEALER, admission), 200);
    assert_int_equal(knock(&broker, ZMQ_SUB, admission), 400);
    assert_int_equal(metric_get(&broker.metrics, METRIC_ZAP_WRONG_DOMAIN), 1);
    zcert_destroy(&admission);
    broker_close(&broker);
}

static void a_removed_key_is_refused_at_its_next_handshake(void **state)
{
    (void)state;
    struct broker broker;
    broker_open(&broker, &wide);
    zcert_t *member = zcert_new();
    admit(&broker, member, "giver:1");
    assert_int_equal(knock(&broker, ZMQ_DEALER, member), 200);
    assert_int_equal(zap_remove(broker.zap, zcert_public_key(member)), BB_OK);
    assert_int_equal(zap_remove(broker.zap, zcert_public_key(member)), BB_OK);
    assert_int_equal(knock(&broker, ZMQ_DEALER, member), 400);
    zcert_destroy(&member);
    broker_close(&broker);
}

static void a_key_that_tries_too_often_is_put_off_and_gets_in_by_itself_later(void **state)
{
    (void)state;
    const struct zap_limits tight = {.per_address = {1000, 1000}, .per_key = {2, 2}};
    struct broker broker;
    broker_open(&broker, &tight);
    zcert_t *hasty = zcert_new();
    zcert_t *other = zcert_new();
    admit(&broker, hasty, "giver:1");
    admit(&broker, other, "giver:2");
    unsigned int status = 200;
    struct client client = {.sock = NULL};
    for (int i = 0; i < 50 && status == 200; i++) {
        if (client.sock)
            hang_up(&client);
        client = dial(&broker, ZMQ_DEALER, hasty);
        status = handshake_status(&client);
    }
    assert_int_equal(status, 300);
    assert_int_equal(knock(&broker, ZMQ_DEALER, other), 200);
    while ((status = handshake_status(&client)) == 300)
        continue;
    assert_int_equal(status, 200);
    assert_true(metric_get(&broker.metrics, METRIC_ZAP_RATE_LIMITED) >= 1);
    hang_up(&client);
    zcert_destroy(&hasty);
    zcert_destroy(&other);
    broker_close(&broker);
}

static void an_address_that_tries_too_often_is_put_off_whatever_its_key(void **state)
{
    (void)state;
    const struct zap_limits tight = {.per_address = {1, 2}, .per_key = {1000, 1000}};
    struct broker broker;
    broker_open(&broker, &tight);
    for (int i = 0; i < 50 && metric_get(&broker.metrics, METRIC_ZAP_RATE_LIMITED) == 0; i++) {
        zcert_t *stranger = zcert_new();
        assert_in_range(knock(&broker, ZMQ_DEALER, stranger), 300, 400);
        zcert_destroy(&stranger);
    }
    assert_true(metric_get(&broker.metrics, METRIC_ZAP_RATE_LIMITED) >= 1);
    broker_close(&broker);
}

// Asks the handler as libzmq does; NULL ends the frames. Gives the status that came back.
static char *ask(const char *const *frames, size_t count)
{
    zsock_t *sock = zsock_new(ZMQ_REQ);
    zsock_set_rcvtimeo(sock, WAIT_MS);
    assert_int_equal(zsock_connect(sock, "inproc://zeromq.zap.01"), 0);
    zmsg_t *question = zmsg_new();
    for (size_t i = 0; i < count; i++)
        zmsg_addstr(question, frames[i]);
    assert_int_equal(zmsg_send(&question, sock), 0);
    zmsg_t *reply = zmsg_recv(sock);
    assert_non_null(reply);
    assert_int_equal(zmsg_size(reply), 6);
    free(zmsg_popstr(reply));
    free(zmsg_popstr(reply));
    char *status = zmsg_popstr(reply);
    zmsg_destroy(&reply);
    zsock_destroy(&sock);
    return status;
}

static void expect_status(const char *const *frames, size_t count, const char *expected)
{
    char *status = ask(frames, count);
    assert_string_equal(status, expected);
    free(status);
}

#define KEY_32 "0123456789abcdef0123456789abcdef"

static void odd_questions_are_refused_and_the_next_one_is_answered(void **state)
{
    (void)state;
    struct broker broker;
    broker_open(&broker, &wide);
    assert_int_equal(zap_admit(broker.zap, (const uint8_t *)KEY_32, "giver:1"), BB_OK);

    const char *right[] = {"1.0", "1", "command", "127.0.0.1", "", "CURVE", KEY_32, "surplus", "surplus"};
    for (size_t count = 1; count <= 9; count++)
        expect_status(right, count, count == 7 ? "200" : "500");
    const char *version[] = {"2.0", "1", "command", "127.0.0.1", "", "CURVE", KEY_32};
    expect_status(version, 7, "500");
    const char *plain[] = {"1.0", "1", "command", "127.0.0.1", "", "PLAIN", "admin", "secret"};
    expect_status(plain, 8, "500");
    const char *mechanism[] = {"1.0", "1", "command", "127.0.0.1", "", "PLAIN", KEY_32};
    expect_status(mechanism, 7, "500");
    const char *short_key[] = {"1.0", "1", "command", "127.0.0.1", "", "CURVE", "0123"};
    expect_status(short_key, 7, "500");
    const char *domain[] = {"1.0", "1", "commands", "127.0.0.1", "", "CURVE", KEY_32};
    expect_status(domain, 7, "400");
    const char *no_domain[] = {"1.0", "1", "", "127.0.0.1", "", "CURVE", KEY_32};
    expect_status(no_domain, 7, "400");
    const char *ip6[] = {"1.0", "1", "command", "2001:db8::1", "", "CURVE", KEY_32};
    expect_status(ip6, 7, "200");
    const char *mapped[] = {"1.0", "1", "command", "::ffff:192.0.2.1", "", "CURVE", KEY_32};
    expect_status(mapped, 7, "200");
    const char *long_address[] = {"1.0", "1", "command", KEY_32 KEY_32, "", "CURVE", KEY_32};
    expect_status(long_address, 7, "200");
    broker_close(&broker);
}

static void addresses_of_one_ip6_network_share_a_bucket(void **state)
{
    (void)state;
    const struct zap_limits tight = {.per_address = {1, 2}, .per_key = {1000, 1000}};
    struct broker broker;
    broker_open(&broker, &tight);
    assert_int_equal(zap_admit(broker.zap, (const uint8_t *)KEY_32, "giver:1"), BB_OK);
    int put_off = 0;
    for (int i = 0; i < 50 && put_off == 0; i++) {
        char address[40];
        snprintf(address, sizeof address, "2001:db8::%x", i + 1);
        const char *question[] = {"1.0", "1", "command", address, "", "CURVE", KEY_32};
        char *status = ask(question, 7);
        put_off += strcmp(status, "300") == 0;
        free(status);
    }
    assert_int_equal(put_off, 1);
    const char *neighbour[] = {"1.0", "1", "command", "2001:db8:0:1::1", "", "CURVE", KEY_32};
    expect_status(neighbour, 7, "200");
    broker_close(&broker);
}

static void a_hundred_thousand_keys_fit_and_each_is_found(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    struct zap_key *keys = calloc(COUNT, sizeof *keys);
    struct key_table *table = NULL;
    struct broker broker;
    broker_open(&broker, &wide);
    assert_non_null(keys);
    for (uint32_t i = 0; i < COUNT; i++) {
        memcpy(keys[i].key, &i, sizeof i);
        snprintf(keys[i].user_id, sizeof keys[i].user_id, "giver:%u", i);
    }
    assert_int_equal(zap_admit_many(broker.zap, keys, COUNT), BB_OK);
    assert_int_equal(metric_get(&broker.metrics, METRIC_ZAP_KEYS), COUNT);
    broker_close(&broker);

    assert_int_equal(key_table_create(&table), BB_OK);
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(key_table_put(table, keys[i].key, keys[i].user_id), BB_OK);
    for (size_t i = 0; i < COUNT; i += 2)
        key_table_remove(table, keys[i].key);
    assert_int_equal(key_table_count(table), COUNT / 2);
    for (size_t i = 0; i < COUNT; i++) {
        const char *user_id = key_table_find(table, keys[i].key);
        if (i % 2 == 0)
            assert_null(user_id);
        else
            assert_string_equal(user_id, keys[i].user_id);
    }
    assert_int_equal(key_table_put(table, keys[0].key, KEY_32), BB_TOO_LONG);
    assert_int_equal(key_table_put(table, keys[1].key, "giver:other"), BB_OK);
    assert_string_equal(key_table_find(table, keys[1].key), "giver:other");
    assert_int_equal(key_table_count(table), COUNT / 2);
    key_table_destroy(&table);
    free(keys);
}

static void a_user_id_that_is_empty_or_too_long_is_refused(void **state)
{
    (void)state;
    struct broker broker;
    broker_open(&broker, &wide);
    const uint8_t key[CURVE_KEY_SIZE] = {1};
    assert_int_equal(zap_admit(broker.zap, key, ""), BB_MISSING);
    assert_int_equal(zap_admit(broker.zap, key, "member:9999999999999999999999999"), BB_TOO_LONG);
    assert_int_equal(zap_admit(broker.zap, key, "member:999999999999999999999999"), BB_OK);
    assert_int_equal(metric_get(&broker.metrics, METRIC_ZAP_KEYS), 1);
    broker_close(&broker);
}

static void a_second_handler_is_refused(void **state)
{
    (void)state;
    struct broker broker;
    struct zap *second = NULL;
    broker_open(&broker, &wide);
    assert_int_equal(zap_create(&wide, &broker.metrics, &second), BB_IN_USE);
    assert_null(second);
    broker_close(&broker);
}

static void the_self_check_passes_where_unknown_keys_are_refused(void **state)
{
    (void)state;
    struct broker broker;
    const char *problem = "";
    broker_open(&broker, &wide);
    assert_true(
        self_check(broker.command_endpoint, broker.publish_endpoint, zcert_public_txt(broker.cert), WAIT_MS, &problem));
    assert_null(problem);
    broker_close(&broker);
}

static void the_self_check_dials_loopback_where_a_door_is_bound_to_every_address(void **state)
{
    (void)state;
    struct broker broker;
    const char *problem = "";
    char command[64], publish[64];
    broker_open(&broker, &wide);
    snprintf(command, sizeof command, "tcp://*%s", strrchr(broker.command_endpoint, ':'));
    snprintf(publish, sizeof publish, "tcp://0.0.0.0%s", strrchr(broker.publish_endpoint, ':'));
    assert_true(self_check(command, publish, zcert_public_txt(broker.cert), WAIT_MS, &problem));
    // Nobody stands on these.
    assert_false(self_check("tcp://[::]:1", publish, zcert_public_txt(broker.cert), 100, &problem));
    assert_non_null(problem);
    assert_false(self_check("tcp://[::1]:1", publish, zcert_public_txt(broker.cert), 100, &problem));
    assert_non_null(problem);
    broker_close(&broker);
}

static void the_self_check_says_no_when_nobody_guards_the_door(void **state)
{
    (void)state;
    struct broker broker = {.zap = NULL};
    const char *problem = NULL;
    open_doors(&broker, false);
    assert_false(
        self_check(broker.command_endpoint, broker.publish_endpoint, zcert_public_txt(broker.cert), WAIT_MS, &problem));
    assert_non_null(strstr(problem, "unknown key was let in"));
    broker_close(&broker);
}

static void the_self_check_says_no_when_nobody_answers(void **state)
{
    (void)state;
    struct broker broker;
    const char *problem = NULL;
    broker_open(&broker, &wide);
    zsock_destroy(&broker.publish);
    assert_false(
        self_check(broker.command_endpoint, broker.publish_endpoint, zcert_public_txt(broker.cert), 300, &problem));
    assert_non_null(problem);
    assert_false(self_check("nonsense", "nonsense", zcert_public_txt(broker.cert), 300, &problem));
    assert_non_null(problem);
    assert_false(self_check(broker.command_endpoint, broker.publish_endpoint, "not a key", 300, &problem));
    assert_non_null(problem);
    broker_close(&broker);
}

static void czmq_takes_neither_our_environment_nor_our_signals(void **state)
{
    (void)state;
    struct sigaction action;
    assert_null(getenv("ZSYS_SNDHWM"));
    assert_null(getenv("ZSYS_IPV6"));
    assert_int_equal(sigaction(SIGTERM, NULL, &action), 0);
    assert_true(action.sa_handler == SIG_DFL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unknown_key_is_refused_on_both_sockets),
        cmocka_unit_test(a_known_key_gets_in_and_its_messages_carry_its_user_id),
        cmocka_unit_test(an_invitation_opens_the_command_socket_alone),
        cmocka_unit_test(a_removed_key_is_refused_at_its_next_handshake),
        cmocka_unit_test(a_key_that_tries_too_often_is_put_off_and_gets_in_by_itself_later),
        cmocka_unit_test(an_address_that_tries_too_often_is_put_off_whatever_its_key),
        cmocka_unit_test(odd_questions_are_refused_and_the_next_one_is_answered),
        cmocka_unit_test(addresses_of_one_ip6_network_share_a_bucket),
        cmocka_unit_test(a_hundred_thousand_keys_fit_and_each_is_found),
        cmocka_unit_test(a_user_id_that_is_empty_or_too_long_is_refused),
        cmocka_unit_test(a_second_handler_is_refused),
        cmocka_unit_test(the_self_check_passes_where_unknown_keys_are_refused),
        cmocka_unit_test(the_self_check_dials_loopback_where_a_door_is_bound_to_every_address),
        cmocka_unit_test(the_self_check_says_no_when_nobody_guards_the_door),
        cmocka_unit_test(the_self_check_says_no_when_nobody_answers),
        cmocka_unit_test(czmq_takes_neither_our_environment_nor_our_signals),
    };
    setenv("ZSYS_SNDHWM", "1", 1);
    setenv("ZSYS_IPV6", "1", 1);
    process_prepare();
    zsys_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
