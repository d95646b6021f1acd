// SPDX-License-Identifier: MPL-2.0
// Many clients polled together; see village.h.
#include "village.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS_AT_ONCE = 64, TURN_MS = 50, INVITATION_HOURS = 1, ENROL_MS = 20000, COMMAND_MS = 20000 };

int64_t village_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum bb_code village_init(struct village *village)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files); // where it is too low, opening a client says so
    }
    *village = (struct village){.epoll = epoll_create1(EPOLL_CLOEXEC)};
    return village->epoll >= 0 ? BB_OK : BB_IO;
}

void village_fini(struct village *village)
{
    close(village->epoll);
}

void villager_init(struct villager *villager, struct village *village, const char *name, const char *home)
{
    *villager = (struct villager){.village = village};
    snprintf(villager->name, sizeof villager->name, "%s", name);
    snprintf(villager->home, sizeof villager->home, "%s", home);
}

void villager_fini(struct villager *villager)
{
    villager_leave(villager);
    free(villager->holdings);
    *villager = (struct villager){0};
}

// Newest first: that is what events are about.
static struct holding *find(const struct villager *villager, uint64_t request)
{
    for (size_t i = villager->holdings_count; i > 0; i--) {
        if (villager->holdings[i - 1].request == request) {
            return &villager->holdings[i - 1];
        }
    }
    return NULL;
}

const struct holding *villager_holding(const struct villager *villager, uint64_t request)
{
    return find(villager, request);
}

static struct holding *find_or_add(struct villager *villager, uint64_t request)
{
    struct holding *holding = find(villager, request);
    if (holding != NULL) {
        return holding;
    }
    if (villager->holdings_count == villager->holdings_room) {
        size_t room = villager->holdings_room > 0 ? 2 * villager->holdings_room : 64;
        holding = realloc(villager->holdings, room * sizeof *holding);
        if (holding == NULL) {
            villager->village->failed = BB_NO_MEMORY;
            return NULL;
        }
        villager->holdings = holding;
        villager->holdings_room = room;
    }
    holding = &villager->holdings[villager->holdings_count++];
    *holding = (struct holding){.request = request};
    return holding;
}

static void tally(void *context, const struct bb_event *event)
{
    struct villager *villager = context;
    if (event->request == NULL) {
        return;
    }
    struct holding *holding = find_or_add(villager, event->request->request);
    if (holding == NULL) {
        return;
    }
    uint32_t once = event->again ? 0 : 1;
    holding->state = (enum bb_request_state)event->request->state;
    if (event->kind == BB_EVENT_ALERT) {
        holding->alerts += once;
        holding->heard_at_ms = village_clock_ms();
    } else if (event->kind == BB_EVENT_UPDATE) {
        holding->updates += once;
    } else if (event->kind == BB_EVENT_CANCEL) {
        holding->cancels += once;
        holding->state = REQUEST_CLOSED;
    }
}

enum bb_code villager_come(struct villager *villager, bool follow)
{
    const struct bb_options options = {.home = villager->home,
                                       .software = "buurtbel-village",
                                       .follow = follow,
                                       .timeout_ms = COMMAND_MS,
                                       .handler = tally,
                                       .context = villager};
    enum bb_code code = bb_client_open(&options, &villager->client);
    if (code != BB_OK) {
        return code;
    }
    struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = villager};
    if (epoll_ctl(villager->village->epoll, EPOLL_CTL_ADD, bb_client_fd(villager->client), &wanted) == 0) {
        return BB_OK;
    }
    bb_client_close(&villager->client);
    return BB_IO;
}

// Closing the descriptor takes it out of the epoll set.
void villager_leave(struct villager *villager)
{
    bb_client_close(&villager->client);
}

static enum bb_code invite(struct villager *inviter, enum bb_role role, enum bb_class audience_class, uint64_t party,
                           char **text)
{
    Wire__MakeInvitation wanted = WIRE__MAKE_INVITATION__INIT;
    Wire__Reply *reply = NULL;
    uint64_t invitation;
    wanted.role = (Wire__Role)role;
    wanted.audience_class =
        role == ROLE_GIVER ? (Wire__AudienceClass)audience_class : WIRE__AUDIENCE_CLASS__CLASS_UNSET;
    wanted.uses = 1;
    wanted.party = party;
    wanted.expires_at_ms = bb_client_now_ms(inviter->client) + (int64_t)INVITATION_HOURS * 3600 * 1000;
    enum bb_code code = bb_client_invite(inviter->client, &wanted, text, &invitation, &reply);
    if (reply != NULL) {
        wire__reply__free_unpacked(reply, NULL);
    }
    return code;
}

enum bb_code villager_join(struct villager *newcomer, struct villager *inviter, enum bb_role role,
                           enum bb_class audience_class, uint64_t party)
{
    char *text = NULL;
    struct bb_enrolment enrolment;
    enum bb_code code = invite(inviter, role, audience_class, party, &text);
    if (code != BB_OK) {
        return code;
    }
    code = bb_enrol(newcomer->home, text, newcomer->name, newcomer->name, ENROL_MS, &enrolment);
    free(text);
    newcomer->role = role;
    newcomer->audience_class = audience_class;
    newcomer->party = enrolment.party;
    newcomer->member = enrolment.member;
    return code;
}

void village_turn(struct village *village, int timeout_ms)
{
    struct epoll_event ready[EVENTS_AT_ONCE];
    int count = epoll_wait(village->epoll, ready, EVENTS_AT_ONCE, timeout_ms);
    for (int i = 0; i < count; i++) {
        struct villager *villager = ready[i].data.ptr;
        enum bb_code code = bb_client_process(villager->client);
        if (code != BB_OK) {
            fprintf(stderr, "%s cannot go on: %s\n", villager->name, bb_code_sentence(code, BB_ENGLISH));
            village->failed = code;
        }
    }
}

bool village_until(struct village *village, village_sign *happened, void *context, int timeout_ms)
{
    int64_t deadline_ms = village_clock_ms() + timeout_ms;
    while (!happened(context)) {
        if (village->failed != BB_OK || village_clock_ms() >= deadline_ms) {
            return false;
        }
        village_turn(village, TURN_MS);
    }
    return true;
}
