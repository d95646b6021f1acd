// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/setup/host_port.c: which addresses a configuration may name, and what they stand for.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "setup/host_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static struct host_port parsed(const char *text)
{
    struct host_port address;
    if (!host_port_parse(text, &address))
        fail_msg("%s", text);
    return address;
}

static void each_kind_of_address_is_known(void **state)
{
    static const struct {
        const char *text, *host;
        enum host_kind kind;
        uint16_t port;
    } addresses[] = {
        {"*:7400", "*", HOST_ANY, 7400},
        {"0.0.0.0:1", "0.0.0.0", HOST_ANY, 1},
        {"[::]:1", "::", HOST_ANY, 1},
        {"127.0.0.1:0", "127.0.0.1", HOST_IP4, 0},
        {"192.0.2.7:65535", "192.0.2.7", HOST_IP4, 65535},
        {"[2001:db8::1]:7400", "2001:db8::1", HOST_IP6, 7400},
        {"[::1]:7400", "::1", HOST_IP6, 7400},
        {"localhost:7400", "localhost", HOST_NAME, 7400},
        {"buurt-bel.example.nl:1", "buurt-bel.example.nl", HOST_NAME, 1},
        {"3com.example:1", "3com.example", HOST_NAME, 1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        struct host_port address = parsed(addresses[i].text);
        assert_string_equal(address.host, addresses[i].host);
        assert_int_equal(address.kind, addresses[i].kind);
        assert_int_equal(address.port, addresses[i].port);
    }
}

static void addresses_are_read_strictly(void **state)
{
    static const char *const bad[] = {
        "",       "host",   ":1",      "a:",       "a:65536",  "a:99999",       "a:100000", "a:1x",
        "a: 1",   "a b:1",  "[::1:1",  "::1:1",    "-a:1",     "1.2.3.999:1",   "1.2.3:1",  "a..b:1",
        "[x]:1",  "[::1]1", "[::1]",   "[]:1",     "[::1]x:1", "[127.0.0.1]:1", ".a:1",     "a_b:1",
        "a:-1",   "a:+1",   "a/b:1",   "**:1",     "a:1:2",    "caf\xc3\xa9:1", "[",        "a:1\n",
        "[::1]:", "a@b:1",  "0x7f:1:", "tcp://a:1"};
    struct host_port address;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (host_port_parse(bad[i], &address))
            fail_msg("%s", bad[i]);
    }
}

static void an_endpoint_begins_with_tcp(void **state)
{
    static const char *const bad[] = {"a:1", "tcp:a:1", "udp://a:1", "TCP://a:1", " tcp://a:1", "tcp://", "tcp://a"};
    struct host_port address;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(endpoint_parse(bad[i], &address));
    assert_true(endpoint_parse("tcp://[2001:db8::1]:65535", &address));
    assert_int_equal(address.kind, HOST_IP6);
    assert_string_equal(address.host, "2001:db8::1");
    assert_int_equal(address.port, 65535);
}

static void a_host_at_the_limit_is_taken_and_one_letter_more_is_not(void **state)
{
    char text[HOST_SIZE_MAX + 8];
    struct host_port address;
    (void)state;
    memset(text, 'a', sizeof text);
    strcpy(text + HOST_SIZE_MAX, ":1");
    assert_true(host_port_parse(text, &address));
    assert_int_equal(strlen(address.host), HOST_SIZE_MAX);
    memset(text, 'a', sizeof text);
    strcpy(text + HOST_SIZE_MAX + 1, ":1");
    assert_false(host_port_parse(text, &address));
}

static void only_addresses_of_this_computer_alone_are_loopback(void **state)
{
    static const char *const loopback[] = {"127.0.0.1:1", "127.255.255.254:1", "[::1]:1"};
    // A name could lead anywhere tomorrow.
    static const char *const others[] = {"0.0.0.0:1", "*:1",         "[::]:1",      "126.0.0.1:1", "128.0.0.1:1",
                                         "[::2]:1",   "[fe80::1]:1", "localhost:1", "10.127.0.1:1"};
    (void)state;
    for (size_t i = 0; i < sizeof loopback / sizeof *loopback; i++) {
        struct host_port address = parsed(loopback[i]);
        assert_true(host_port_is_loopback(&address));
    }
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        struct host_port address = parsed(others[i]);
        assert_false(host_port_is_loopback(&address));
    }
}

static void an_address_becomes_what_bind_takes(void **state)
{
    struct sockaddr_storage storage;
    struct sockaddr_in ip4;
    struct sockaddr_in6 ip6;
    char host[INET6_ADDRSTRLEN];
    (void)state;
    struct host_port address = parsed("192.0.2.7:7400");
    assert_int_equal(host_port_sockaddr(&address, &storage), sizeof ip4);
    memcpy(&ip4, &storage, sizeof ip4);
    assert_int_equal(ip4.sin_family, AF_INET);
    assert_int_equal(ntohs(ip4.sin_port), 7400);
    assert_string_equal(inet_ntop(AF_INET, &ip4.sin_addr, host, sizeof host), "192.0.2.7");

    address = parsed("[2001:db8::1]:7401");
    assert_int_equal(host_port_sockaddr(&address, &storage), sizeof ip6);
    memcpy(&ip6, &storage, sizeof ip6);
    assert_int_equal(ip6.sin6_family, AF_INET6);
    assert_int_equal(ntohs(ip6.sin6_port), 7401);
    assert_string_equal(inet_ntop(AF_INET6, &ip6.sin6_addr, host, sizeof host), "2001:db8::1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_of_address_is_known),
        cmocka_unit_test(addresses_are_read_strictly),
        cmocka_unit_test(an_endpoint_begins_with_tcp),
        cmocka_unit_test(a_host_at_the_limit_is_taken_and_one_letter_more_is_not),
        cmocka_unit_test(only_addresses_of_this_computer_alone_are_loopback),
        cmocka_unit_test(an_address_becomes_what_bind_takes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
