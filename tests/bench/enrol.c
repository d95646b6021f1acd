// SPDX-License-Identifier: MPL-2.0
// The role that fills a village: the founding operator invites a coordinator, who invites givers and desks, and all of
// them enrol, several at a time. Leaves homes "giver-N" and "desk-N" in a folder.
#include "bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { TIMEOUT_MS = 60000, THREADS_COUNT = 8, INVITATION_LIFE_MS = 3600 * 1000 };

struct newcomer {
    const char *kind;
    size_t number;
    char *invitation;
};

struct crowd {
    const char *folder;
    struct newcomer *newcomers;
    size_t count;
    atomic_size_t next;
};

static struct bb_client *open_home(const char *home)
{
    struct bb_client *client;
    const struct bb_options options = {.home = home, .timeout_ms = TIMEOUT_MS};
    bench_expect(bb_client_open(&options, &client), home);
    while (!bb_client_connected(client))
        bench_expect(bb_client_wait(client, TIMEOUT_MS), home);
    return client;
}

static char *invite(struct bb_client *inviter, enum bb_role role)
{
    Wire__MakeInvitation request = WIRE__MAKE_INVITATION__INIT;
    request.role = (Wire__Role)role;
    request.audience_class = role == ROLE_GIVER ? WIRE__AUDIENCE_CLASS__CLASS_RESIDENT : 0;
    request.uses = 1;
    request.expires_at_ms = bb_client_now_ms(inviter) + INVITATION_LIFE_MS;
    char *text;
    uint64_t invitation;
    Wire__Reply *reply;
    bench_expect(bb_client_invite(inviter, &request, &text, &invitation, &reply), "invite");
    wire__reply__free_unpacked(reply, NULL);
    return text;
}

static void enrol(const char *folder, const struct newcomer *newcomer)
{
    char home[BENCH_PATH_SIZE_MAX], name[32];
    struct bb_enrolment enrolment;
    bench_home(home, folder, newcomer->kind, newcomer->number);
    snprintf(name, sizeof name, "%s %zu", newcomer->kind, newcomer->number);
    bench_expect(bb_enrol(home, newcomer->invitation, name, name, TIMEOUT_MS, &enrolment), "enrol");
}

static void *enrol_some(void *context)
{
    struct crowd *crowd = context;
    for (size_t i; (i = atomic_fetch_add(&crowd->next, 1)) < crowd->count;)
        enrol(crowd->folder, &crowd->newcomers[i]);
    return NULL;
}

static void enrol_all(struct crowd *crowd)
{
    pthread_t threads[THREADS_COUNT];
    for (size_t i = 0; i < THREADS_COUNT; i++) {
        if (pthread_create(&threads[i], NULL, enrol_some, crowd) != 0)
            bench_fail("no thread");
    }
    for (size_t i = 0; i < THREADS_COUNT; i++)
        pthread_join(threads[i], NULL);
}

static struct bb_client *join_coordinator(const char *operator_home, const char *folder)
{
    struct bb_client *founder = open_home(operator_home);
    struct newcomer coordinator = {"coordinator", 0, invite(founder, ROLE_COORDINATOR)};
    bb_client_close(&founder);
    enrol(folder, &coordinator);
    free(coordinator.invitation);
    char home[BENCH_PATH_SIZE_MAX];
    bench_home(home, folder, "coordinator", 0);
    return open_home(home);
}

int bench_enrol(int count, char **arguments)
{
    (void)count;
    const size_t givers = strtoul(arguments[2], NULL, 10), desks = strtoul(arguments[3], NULL, 10);
    struct bb_client *coordinator = join_coordinator(arguments[0], arguments[1]);
    struct crowd crowd = {.folder = arguments[1], .count = givers + desks};
    crowd.newcomers = calloc(crowd.count, sizeof *crowd.newcomers);
    if (!crowd.newcomers)
        bench_fail("no memory");
    for (size_t i = 0; i < crowd.count; i++) {
        bool giver = i < givers;
        crowd.newcomers[i] = (struct newcomer){giver ? "giver" : "desk", giver ? i : i - givers,
                                               invite(coordinator, giver ? ROLE_GIVER : ROLE_DESK)};
    }
    bb_client_close(&coordinator);
    enrol_all(&crowd);
    for (size_t i = 0; i < crowd.count; i++)
        free(crowd.newcomers[i].invitation);
    free(crowd.newcomers);
    printf("{\"enrolled\": %zu}\n", givers + desks);
    return EXIT_SUCCESS;
}
