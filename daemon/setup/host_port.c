// SPDX-License-Identifier: MPL-2.0
// Reading of "host:port". Strict: what is taken here, bind and connect take as well.
#include "host_port.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

static bool parse_port(const char *text, uint16_t *out)
{
    size_t length = strspn(text, "0123456789");
    if (length == 0 || length > 5 || text[length] != '\0')
        return false;
    long port = strtol(text, NULL, 10);
    *out = (uint16_t)port;
    return port <= UINT16_MAX;
}

static bool is_name(const char *host)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.";
    if (host[strspn(host, letters)] != '\0' || host[0] == '-' || host[0] == '.' || strstr(host, ".."))
        return false;
    // Digits and dots alone are an IP address with a mistake, not a name.
    return host[strspn(host, "0123456789.")] != '\0';
}

static bool classify(struct host_port *it, bool bracketed)
{
    struct in_addr ip4;
    struct in6_addr ip6;
    if (bracketed) {
        if (inet_pton(AF_INET6, it->host, &ip6) != 1)
            return false;
        it->kind = IN6_IS_ADDR_UNSPECIFIED(&ip6) ? HOST_ANY : HOST_IP6;
        return true;
    }
    if (inet_pton(AF_INET, it->host, &ip4) == 1)
        it->kind = ip4.s_addr == htonl(INADDR_ANY) ? HOST_ANY : HOST_IP4;
    else if (strcmp(it->host, "*") == 0)
        it->kind = HOST_ANY;
    else if (is_name(it->host))
        it->kind = HOST_NAME;
    else
        return false;
    return true;
}

bool host_port_parse(const char *text, struct host_port *out)
{
    bool bracketed = text[0] == '[';
    const char *host = text + bracketed;
    const char *host_end = bracketed ? strchr(host, ']') : strrchr(host, ':');
    if (!host_end || host_end == host || host_end - host > HOST_SIZE_MAX)
        return false;
    const char *colon = host_end + bracketed;
    if (*colon != ':' || !parse_port(colon + 1, &out->port))
        return false;
    memcpy(out->host, host, (size_t)(host_end - host));
    out->host[host_end - host] = '\0';
    return classify(out, bracketed);
}

bool endpoint_parse(const char *text, struct host_port *out)
{
    static const char scheme[] = "tcp://";
    return strncmp(text, scheme, sizeof scheme - 1) == 0 && host_port_parse(text + sizeof scheme - 1, out);
}

bool host_port_is_loopback(const struct host_port *address)
{
    struct in_addr ip4;
    struct in6_addr ip6;
    if (address->kind == HOST_IP4 && inet_pton(AF_INET, address->host, &ip4) == 1)
        return ntohl(ip4.s_addr) >> 24 == 127;
    if (address->kind == HOST_IP6 && inet_pton(AF_INET6, address->host, &ip6) == 1)
        return IN6_IS_ADDR_LOOPBACK(&ip6);
    return false;
}

socklen_t host_port_sockaddr(const struct host_port *address, struct sockaddr_storage *out)
{
    *out = (struct sockaddr_storage){0};
    if (address->kind == HOST_IP4) {
        struct sockaddr_in ip4 = {.sin_family = AF_INET, .sin_port = htons(address->port)};
        inet_pton(AF_INET, address->host, &ip4.sin_addr);
        memcpy(out, &ip4, sizeof ip4);
        return sizeof ip4;
    }
    struct sockaddr_in6 ip6 = {.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
    inet_pton(AF_INET6, address->host, &ip6.sin6_addr);
    memcpy(out, &ip6, sizeof ip6);
    return sizeof ip6;
}
