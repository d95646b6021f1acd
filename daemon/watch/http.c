// SPDX-License-Identifier: MPL-2.0
// libmicrohttpd with one thread of its own. Every answer is made from the metrics at the moment of asking.
#include "http.h"

#include "setup/host_port.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

struct http {
    struct MHD_Daemon *daemon;
    const struct metrics *metrics;
};

static const char plain_text[] = "text/plain; charset=utf-8";

static enum MHD_Result respond(struct MHD_Connection *connection, unsigned int status, const char *type,
                               struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
        MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result say(struct MHD_Connection *connection, unsigned int status, const char *sentence)
{
    // libmicrohttpd's buffer is not const, but a persistent one is only read.
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(sentence), (void *)(uintptr_t)sentence, MHD_RESPMEM_PERSISTENT);
    return respond(connection, status, plain_text, response);
}

static enum MHD_Result say_live(struct MHD_Connection *connection, const struct metrics *metrics)
{
    uint64_t now_ms = metrics_clock_ms();
    uint64_t turned_at_ms = metric_get(metrics, METRIC_LOOP_TURNED_AT_MS);
    if (turned_at_ms + HTTP_LOOP_SILENT_MS_MAX < now_ms)
        return say(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                   "The loop has not come round for more than 15 seconds. Look at the log; restart the daemon.\n");
    return say(connection, MHD_HTTP_OK, "live\n");
}

static enum MHD_Result say_ready(struct MHD_Connection *connection, const struct metrics *metrics)
{
    if (metric_get(metrics, METRIC_READY) == 0)
        return say(connection, MHD_HTTP_SERVICE_UNAVAILABLE,
                   "The daemon is starting or stopping. Ask again in a few seconds.\n");
    return say(connection, MHD_HTTP_OK, "ready\n");
}

static enum MHD_Result say_metrics(struct MHD_Connection *connection, const struct metrics *metrics)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return MHD_NO;
    metrics_print(metrics, out);
    if (fclose(out) != 0) {
        free(text);
        return MHD_NO;
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);
    if (!response)
        free(text);
    return respond(connection, MHD_HTTP_OK, "text/plain; version=0.0.4; charset=utf-8", response);
}

typedef enum MHD_Result page(struct MHD_Connection *connection, const struct metrics *metrics);
static const struct {
    const char *path;
    page *say;
} pages[] = {
    {"/live", say_live},
    {"/ready", say_ready},
    {"/metrics", say_metrics},
};

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *upload, size_t *upload_size, void **request)
{
    const struct http *http = context;
    (void)version;
    (void)upload;
    (void)upload_size;
    (void)request;
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return say(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "Nothing can be changed here. Use GET.\n");
    for (size_t i = 0; i < sizeof pages / sizeof *pages; i++)
        if (strcmp(path, pages[i].path) == 0)
            return pages[i].say(connection, http->metrics);
    return say(connection, MHD_HTTP_NOT_FOUND, "There is no such page. Try /live, /ready or /metrics.\n");
}

static struct MHD_Daemon *start(struct http *http, const struct host_port *address)
{
    struct sockaddr_storage bind_to;
    host_port_sockaddr(address, &bind_to);
    unsigned int flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL;
    if (address->kind == HOST_IP6)
        flags |= MHD_USE_IPv6;
    return MHD_start_daemon(flags, address->port, NULL, NULL, answer, http, MHD_OPTION_SOCK_ADDR, &bind_to,
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned int)HTTP_CONNECTIONS_MAX,
                            MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)HTTP_TIMEOUT_SECONDS,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(16 * 1024), MHD_OPTION_END);
}

enum bb_code http_open(const char *address, const struct metrics *metrics, struct http **out)
{
    struct host_port parsed;
    if (!host_port_parse(address, &parsed) || !host_port_is_loopback(&parsed))
        return BB_BAD_VALUE;
    struct http *http = calloc(1, sizeof *http);
    if (!http)
        return BB_NO_MEMORY;
    http->metrics = metrics;
    errno = 0;
    http->daemon = start(http, &parsed);
    if (!http->daemon) {
        int why = errno;
        free(http);
        errno = why;
        return BB_IO;
    }
    *out = http;
    return BB_OK;
}

void http_close(struct http **http)
{
    if (!*http)
        return;
    MHD_stop_daemon((*http)->daemon);
    free(*http);
    *http = NULL;
}

uint16_t http_port(const struct http *http)
{
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_BIND_PORT);
    return info ? info->port : 0;
}
