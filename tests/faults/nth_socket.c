// SPDX-License-Identifier: MPL-2.0
// Failing calls of libzmq and czmq, see nth.h. Polling and sending are interrupted by a signal, as happens in life.
// Beside nth_memory.c. What czmq calls itself is left alone.
#include "nth.h"

#include <czmq.h>
#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>

#define WRAPPED(type, name, result, why, parameters, arguments) \
    type __real_##name parameters; \
    type __wrap_##name parameters; \
    type __wrap_##name parameters \
    { \
        if (!nth_fails()) \
            return __real_##name arguments; \
        errno = (why); \
        return result; \
    }
WRAPPED(int, sodium_init, -1, ENOSYS, (void), ())
WRAPPED(zactor_t *, zactor_new, NULL, EMFILE, (zactor_fn * run, void *argument), (run, argument))
WRAPPED(zsock_t *, zsock_new_checked, NULL, EMFILE, (int type, const char *file, size_t line), (type, file, line))
WRAPPED(uint8_t *, zmq_z85_decode, NULL, EINVAL, (uint8_t * out, const char *text), (out, text))
WRAPPED(int, zmq_curve_keypair, -1, ENOTSUP, (char *public_text, char *secret_text), (public_text, secret_text))
WRAPPED(int, zmq_poll, -1, EINTR, (zmq_pollitem_t * items, int count, long timeout_ms), (items, count, timeout_ms))
WRAPPED(int, zmq_send, -1, EINTR, (void *socket, const void *bytes, size_t size, int flags),
        (socket, bytes, size, flags))
WRAPPED(int, zmq_recv, -1, EINTR, (void *socket, void *bytes, size_t size, int flags), (socket, bytes, size, flags))
WRAPPED(int, zmq_msg_recv, -1, EAGAIN, (zmq_msg_t * message, void *socket, int flags), (message, socket, flags))
#undef WRAPPED

// Without an endpoint it ends the watching, and nobody asks how that went.
int __real_zmq_socket_monitor(void *socket, const char *endpoint, int events);
int __wrap_zmq_socket_monitor(void *socket, const char *endpoint, int events);
int __wrap_zmq_socket_monitor(void *socket, const char *endpoint, int events)
{
    return endpoint && nth_fails() ? -1 : __real_zmq_socket_monitor(socket, endpoint, events);
}

#define WITH_ENDPOINT(name) \
    int __real_##name(zsock_t *socket, const char *format, ...); \
    __attribute__((format(printf, 2, 3))) int __wrap_##name(zsock_t *socket, const char *format, ...); \
    int __wrap_##name(zsock_t *socket, const char *format, ...) \
    { \
        char endpoint[512]; \
        va_list rest; \
        va_start(rest, format); \
        vsnprintf(endpoint, sizeof endpoint, format, rest); \
        va_end(rest); \
        return nth_fails() ? -1 : __real_##name(socket, "%s", endpoint); \
    }
WITH_ENDPOINT(zsock_bind)
WITH_ENDPOINT(zsock_connect)
