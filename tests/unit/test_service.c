// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/watch/service.c, against a service manager of one datagram socket.
#include "folder.h"

#include "watch/service.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

struct manager {
    void *folder;
    int socket;
};

static void forget_manager(void)
{
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

static int setup(void **state)
{
    struct manager *manager = calloc(1, sizeof *manager);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    assert_non_null(manager);
    folder_setup(&manager->folder);
    forget_manager();
    manager->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    assert_true(manager->socket >= 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s/notify", (const char *)manager->folder);
    assert_int_equal(bind(manager->socket, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
    *state = manager;
    return 0;
}

static int teardown(void **state)
{
    struct manager *manager = *state;
    forget_manager();
    close(manager->socket);
    int rc = folder_teardown(&manager->folder);
    free(manager);
    return rc;
}

// What the manager was told next; "" for nothing.
static const char *told(const struct manager *manager)
{
    static char text[256];
    ssize_t size = recv(manager->socket, text, sizeof text - 1, 0);
    assert_true(size >= 0 || errno == EAGAIN);
    text[size > 0 ? size : 0] = '\0';
    return text;
}

static void the_manager_hears_of_ready_alive_and_stopping(void **state)
{
    struct manager *manager = *state;
    service_ready();
    assert_string_equal(told(manager), "READY=1");
    service_alive();
    assert_string_equal(told(manager), "WATCHDOG=1");
    service_alive();
    assert_string_equal(told(manager), "WATCHDOG=1");
    service_stopping();
    assert_string_equal(told(manager), "STOPPING=1");
    assert_string_equal(told(manager), "");
}

static void without_a_socket_nobody_hears_anything(void **state)
{
    struct manager *manager = *state;
    unsetenv("NOTIFY_SOCKET");
    service_ready();
    service_alive();
    service_stopping();
    assert_string_equal(told(manager), "");
}

static void a_manager_that_is_gone_harms_nobody(void **state)
{
    struct manager *manager = *state;
    close(manager->socket);
    service_ready();
    service_alive();
    manager->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    service_stopping();
    assert_string_equal(told(manager), "");
}

static int64_t interval_of(const char *watchdog_usec)
{
    assert_int_equal(setenv("WATCHDOG_USEC", watchdog_usec, 1), 0);
    return service_watchdog_interval_ms();
}

static void the_interval_is_half_of_what_the_manager_waits(void **state)
{
    (void)state;
    assert_int_equal(interval_of("30000000"), 15000);
    assert_int_equal(interval_of("3000000"), 1500);
    assert_int_equal(interval_of("5000"), 2);
}

static void the_shortest_interval_is_a_millisecond_and_not_never(void **state)
{
    (void)state;
    assert_int_equal(interval_of("1999"), 1);
    assert_int_equal(interval_of("1"), 1);
}

static void without_a_watchdog_there_is_no_interval(void **state)
{
    (void)state;
    assert_int_equal(service_watchdog_interval_ms(), 0);
    assert_int_equal(interval_of("soon"), 0);
}

static void the_watchdog_of_another_process_is_not_ours(void **state)
{
    (void)state;
    char pid[32];
    snprintf(pid, sizeof pid, "%ld", (long)getpid() + 1);
    assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
    assert_int_equal(interval_of("30000000"), 0);
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
    assert_int_equal(interval_of("30000000"), 15000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_manager_hears_of_ready_alive_and_stopping),
        TEST(without_a_socket_nobody_hears_anything),
        TEST(a_manager_that_is_gone_harms_nobody),
        TEST(the_interval_is_half_of_what_the_manager_waits),
        TEST(the_shortest_interval_is_a_millisecond_and_not_never),
        TEST(without_a_watchdog_there_is_no_interval),
        TEST(the_watchdog_of_another_process_is_not_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
