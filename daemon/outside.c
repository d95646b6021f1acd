// SPDX-License-Identifier: MPL-2.0
// What a node asks of the outside, carried out: frames go to libzmq, questions to the reader, keys to the door.
#include "broker.h"

#include "bounds.h"

#include <linux/sockios.h>
#include <sodium.h>
#include <string.h>
#include <sys/ioctl.h>

static void random_bytes(void *context, void *bytes, size_t size)
{
    (void)context;
    randombytes_buf(bytes, size);
}

static bool send_parts(zsock_t *socket, const void *head, size_t head_size, const uint8_t *frame, size_t frame_size)
{
    void *handle = zsock_resolve(socket);
    if (zmq_send(handle, head, head_size, ZMQ_DONTWAIT | ZMQ_SNDMORE) < 0)
        return false;
    return zmq_send(handle, frame, frame_size, ZMQ_DONTWAIT) >= 0;
}

static bool send_to_session(void *context, const struct routing_id *route, const uint8_t *frame, size_t frame_size)
{
    struct broker *broker = context;
    return send_parts(broker->commands, route->bytes, route->size, frame, frame_size);
}

// XPUB drops at its high-water mark without telling; beacons and pongs show the gap.
static void publish(void *context, const char *topic, const uint8_t *frame, size_t frame_size)
{
    struct broker *broker = context;
    send_parts(broker->publish, topic, strlen(topic), frame, frame_size);
}

// Answers lie in memory until their peer reads them, up to COMMAND_SNDHWM pages of PAGE_SIZE_MAX. What the kernel has not
// got rid of tells who does not; one page may be on its way to a slow client.
static bool leaves_answers(int fd)
{
    int unread_size = 0;
    return fd >= 0 && ioctl(fd, SIOCOUTQ, &unread_size) == 0 && unread_size > BROKER_FRAME_SIZE_MAX;
}

static enum bb_code ask(void *context, const struct routing_id *route, uint64_t member, const uint8_t *frame,
                        size_t frame_size)
{
    struct broker *broker = context;
    if (leaves_answers(broker->asker))
        return BB_BUSY;
    return reader_ask(broker->reader, route, member, frame, frame_size);
}

static enum bb_code admit(void *context, const uint8_t key[CURVE_KEY_SIZE], const char *user_id)
{
    struct broker *broker = context;
    return user_id ? zap_admit(broker->zap, key, user_id) : zap_remove(broker->zap, key);
}

struct outside broker_outside(struct broker *broker)
{
    return (struct outside){.clock = system_clock,
                            .context = broker,
                            .random = random_bytes,
                            .send = send_to_session,
                            .publish = publish,
                            .ask = ask,
                            .admit = admit};
}
