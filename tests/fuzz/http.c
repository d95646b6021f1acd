// SPDX-License-Identifier: MPL-2.0
// HTTP requests: any bytes on a connection to the daemon's watch page, in one piece or in two.
//
// Input: where the request is cut, then its bytes. libmicrohttpd runs without its thread and without a listening socket
// (MHD_start_daemon is wrapped), so one input is one connection, from its first byte to its end, and nothing waits.
#include "fuzz.h"

#include "watch/http.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

static struct MHD_Daemon *server;

struct MHD_Daemon *__real_MHD_start_daemon(unsigned int flags, uint16_t port, MHD_AcceptPolicyCallback accept,
                                           void *accept_context, MHD_AccessHandlerCallback answer, void *context, ...);
struct MHD_Daemon *__wrap_MHD_start_daemon(unsigned int flags, uint16_t port, MHD_AcceptPolicyCallback accept,
                                           void *accept_context, MHD_AccessHandlerCallback answer, void *context, ...);

// With the handler and the memory limit of http.c.
struct MHD_Daemon *__wrap_MHD_start_daemon(unsigned int flags, uint16_t port, MHD_AcceptPolicyCallback accept,
                                           void *accept_context, MHD_AccessHandlerCallback answer, void *context, ...)
{
    (void)flags;
    (void)port;
    server = __real_MHD_start_daemon(MHD_USE_NO_LISTEN_SOCKET, 0, accept, accept_context, answer, context,
                                     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(16 * 1024), MHD_OPTION_END);
    return server;
}

static void open_server(void)
{
    static struct metrics metrics;
    static struct http *http;
    metric_set(&metrics, METRIC_READY, 1);
    insist(http_open("127.0.0.1:1", &metrics, &http) == BB_OK && server);
}

static size_t read_reply(int fd, char *reply, size_t room)
{
    size_t size = 0;
    ssize_t got;
    while (size < room && (got = recv(fd, reply + size, room - size, MSG_DONTWAIT)) > 0)
        size += (size_t)got;
    return size;
}

// Ours, those of libmicrohttpd for what is no request, and nothing else.
static void check_reply(const char *reply, size_t size)
{
    static const char *const statuses[] = {"200", "404", "405", "503", "100", "400", "408", "411",
                                           "413", "414", "417", "431", "500", "501", "505"};
    if (size == 0)
        return;
    insist(size > 12 && memcmp(reply, "HTTP/1.", 7) == 0);
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        if (memcmp(reply + 9, statuses[i], 3) == 0)
            return;
    }
    insist(!"a status that nobody here gives");
}

static void send_part(int fd, const uint8_t *bytes, size_t size)
{
    if (size > 0)
        (void)send(fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    for (int i = 0; i < 4; i++)
        MHD_run(server);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static char reply[128 * 1024];
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct feed feed = {bytes, size};
    int ends[2];
    if (!server)
        open_server();
    size_t cut = feed_u16(&feed);
    cut = cut < feed.left ? cut : feed.left;
    insist(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    insist(MHD_add_connection(server, ends[1], (struct sockaddr *)&from, sizeof from) == MHD_YES);
    send_part(ends[0], feed.at, cut);
    send_part(ends[0], feed.at + cut, feed.left - cut);
    check_reply(reply, read_reply(ends[0], reply, sizeof reply));
    close(ends[0]);
    const union MHD_DaemonInfo *left;
    for (int i = 0; i < 8; i++) {
        MHD_run(server);
        left = MHD_get_daemon_info(server, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);
        if (left->num_connections == 0)
            return 0;
    }
    insist(!"a connection that was closed is kept");
    return 0;
}
