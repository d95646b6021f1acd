// SPDX-License-Identifier: MPL-2.0
// The HTTP server over real connections on loopback, and the figures it shows.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "watch/http.h"

#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static struct metrics metrics;
static struct http *http;
static char reply[65536];

static int open_server(void **state)
{
    (void)state;
    metric_set(&metrics, METRIC_LOOP_TURNED_AT_MS, metrics_clock_ms());
    return http_open("127.0.0.1:0", &metrics, &http) == BB_OK ? 0 : -1;
}

static int close_server(void **state)
{
    (void)state;
    http_close(&http);
    return 0;
}

static int dial(void)
{
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(http_port(http)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

// Sends one request and reads to the end into `reply`; gives the status.
static int fetch(const char *method, const char *path)
{
    char request[200];
    size_t size = 0;
    ssize_t got;
    int status = 0;
    int fd = dial();
    int length = snprintf(request, sizeof request, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                          method, path);
    assert_int_equal(write(fd, request, (size_t)length), length);
    while (size < sizeof reply - 1 && (got = read(fd, reply + size, sizeof reply - 1 - size)) > 0)
        size += (size_t)got;
    reply[size] = '\0';
    close(fd);
    assert_int_equal(sscanf(reply, "HTTP/1.1 %d", &status), 1);
    return status;
}

static void live_says_200_while_the_loop_turns_and_503_after_15_seconds_of_silence(void **state)
{
    (void)state;
    assert_int_equal(fetch("GET", "/live"), 200);
    metric_set(&metrics, METRIC_LOOP_TURNED_AT_MS, metrics_clock_ms() - HTTP_LOOP_SILENT_MS_MAX - 1);
    assert_int_equal(fetch("GET", "/live"), 503);
    assert_non_null(strstr(reply, "restart the daemon."));
    metric_set(&metrics, METRIC_LOOP_TURNED_AT_MS, metrics_clock_ms());
    assert_int_equal(fetch("GET", "/live"), 200);
}

static void ready_says_200_only_between_ready_and_stopping(void **state)
{
    (void)state;
    assert_int_equal(fetch("GET", "/ready"), 503);
    metric_set(&metrics, METRIC_READY, 1);
    assert_int_equal(fetch("GET", "/ready"), 200);
    metric_set(&metrics, METRIC_READY, 0);
    assert_int_equal(fetch("GET", "/ready"), 503);
}

static void metrics_are_in_prometheus_text_format(void **state)
{
    (void)state;
    metric_add(&metrics, METRIC_COMMANDS_ACCEPTED, 41);
    metric_add(&metrics, METRIC_COMMANDS_ACCEPTED, 1);
    metric_set(&metrics, METRIC_SESSIONS, 7);
    assert_int_equal(fetch("GET", "/metrics"), 200);
    assert_non_null(strstr(reply, "Content-Type: text/plain; version=0.0.4"));
    assert_non_null(strstr(reply, "# TYPE buurtbel_commands_accepted_total counter\n"
                                  "buurtbel_commands_accepted_total 42\n"));
    assert_non_null(strstr(reply, "# TYPE buurtbel_sessions gauge\nbuurtbel_sessions 7\n"));
    assert_null(strstr(reply, "buurtbel_ "));
    for (const char *line = strstr(reply, "\r\n\r\n") + 4; *line; line = strchr(line, '\n') + 1)
        assert_true(strncmp(line, "# HELP buurtbel_", 16) == 0 || strncmp(line, "# TYPE buurtbel_", 16) == 0 ||
                    strncmp(line, "buurtbel_", 9) == 0);
}

static void another_page_or_method_gets_a_plain_sentence(void **state)
{
    (void)state;
    assert_int_equal(fetch("GET", "/"), 404);
    assert_non_null(strstr(reply, "There is no such page."));
    assert_int_equal(fetch("GET", "/metrics/../live"), 404);
    assert_int_equal(fetch("POST", "/live"), 405);
    assert_non_null(strstr(reply, "Allow: GET, HEAD"));
    assert_non_null(strstr(reply, "Use GET."));
    assert_int_equal(fetch("DELETE", "/metrics"), 405);
    assert_int_equal(fetch("HEAD", "/live"), 200);
    assert_null(strstr(reply, "\r\n\r\nlive"));
}

static void connections_past_the_limit_do_no_harm_once_they_are_gone(void **state)
{
    (void)state;
    int fds[HTTP_CONNECTIONS_MAX + 8];
    enum { COUNT = sizeof fds / sizeof *fds };
    for (size_t i = 0; i < COUNT; i++)
        fds[i] = dial();
    for (size_t i = 0; i < COUNT; i++)
        close(fds[i]);
    assert_int_equal(fetch("GET", "/live"), 200);
}

static void only_loopback_can_be_bound(void **state)
{
    (void)state;
    static const char *const others[] = {"0.0.0.0:0", "*:0", "192.0.2.1:0", "localhost:0", "[::]:0", "127.0.0.1", ""};
    struct http *other = NULL;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(http_open(others[i], &metrics, &other), BB_BAD_VALUE);
    assert_null(other);
}

static void a_port_that_is_taken_is_told(void **state)
{
    (void)state;
    char address[32];
    struct http *other = NULL;
    snprintf(address, sizeof address, "127.0.0.1:%u", http_port(http));
    assert_int_equal(http_open(address, &metrics, &other), BB_IO);
    assert_null(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_says_200_while_the_loop_turns_and_503_after_15_seconds_of_silence),
        cmocka_unit_test(ready_says_200_only_between_ready_and_stopping),
        cmocka_unit_test(metrics_are_in_prometheus_text_format),
        cmocka_unit_test(another_page_or_method_gets_a_plain_sentence),
        cmocka_unit_test(connections_past_the_limit_do_no_harm_once_they_are_gone),
        cmocka_unit_test(only_loopback_can_be_bound),
        cmocka_unit_test(a_port_that_is_taken_is_told),
    };
    return cmocka_run_group_tests(tests, open_server, close_server);
}
