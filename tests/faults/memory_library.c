// SPDX-License-Identifier: MPL-2.0
// Small deeds of the library and of the daemon's rooms, each done once for each of its allocations, which fails: it must
// say BB_NO_MEMORY, leak nothing (LeakSanitizer looks at the end), and work when it is done again.
#include "nth.h"

#include "folder.h"

#include "buurtbel.h"
#include "client/client_store.h"
#include "file/home.h"
#include "file/zpl.h"
#include "message/arena.h"
#include "seal/identity.h"
#include "seal/invitation.h"
#include "seal/seal.h"
#include "setup/config.h"
#include "setup/founding.h"
#include "turn/publisher.h"
#include "turn/reply.h"
#include "turn/sessions.h"

#include <sodium.h>

enum { ALLOCATIONS_MAX = 100000, MEMBER = 7 };

static char *parent;
static char folder[64], path[128]; // made by `buurtbel-ctl init`, in `parent`; `path` is for one deed
static uint8_t public_key[32], secret_key[32], signing_public[32], signing_secret[64];
static const struct bb_contact contact = {.name = "Iemand", .phone = "0612345678"};

static const char *at(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

// ---------------------------------------------------------------- seals, identities, invitations

static enum bb_code seal_a_contact(void)
{
    struct seal_recipient to = {.member = MEMBER};
    memcpy(to.sealing_key, public_key, sizeof public_key);
    Wire__SealedContact *sealed = NULL;
    struct bb_contact opened;
    enum bb_code code = contact_seal(&contact, &to, 1, &sealed);
    if (code == BB_OK)
        code = contact_open(sealed, MEMBER, public_key, secret_key, &opened);
    wire__sealed_contact__free_unpacked(sealed, NULL);
    return code;
}

static enum bb_code seal_a_release(void)
{
    const struct release_letter_facts facts = {1, 2, 3, MEMBER, MEMBER, CONTACT_PHONE};
    uint8_t *box = NULL;
    size_t size;
    struct bb_contact opened;
    enum bb_code code = release_seal(&facts, &contact, 1700000000000, signing_secret, public_key, &box, &size);
    if (code == BB_OK)
        code = release_open(box, size, &facts, public_key, secret_key, signing_public, &opened);
    free(box);
    return code;
}

static enum bb_code keep_an_identity(void)
{
    struct identity identity;
    enum bb_code code = identity_load(at("operator/identity.zpl"), &identity);
    if (code == BB_OK)
        code = identity_save(&identity, at("copy.zpl"));
    identity_wipe(&identity);
    return code;
}

static enum bb_code hand_over_an_invitation(void)
{
    Client__Invitation invitation = CLIENT__INVITATION__INIT, *read = NULL;
    char *written = NULL;
    invitation.version = INVITATION_VERSION;
    invitation.command_endpoint = (ProtobufCBinaryData){20, (uint8_t *)"tcp://127.0.0.1:7400"};
    invitation.publish_endpoint = (ProtobufCBinaryData){20, (uint8_t *)"tcp://127.0.0.1:7401"};
    invitation.server_key_bytes = invitation.admission_public_bytes = (ProtobufCBinaryData){32, public_key};
    invitation.admission_secret_bytes = (ProtobufCBinaryData){32, secret_key};
    invitation.community = (ProtobufCBinaryData){6, (uint8_t *)"meppel"};
    invitation.role = WIRE__ROLE__ROLE_DESK;
    invitation.expires_at_ms = 1700000000000;
    enum bb_code code = invitation_to_text(&invitation, &written);
    if (code == BB_OK)
        code = invitation_from_text(written, &read);
    invitation_destroy(&read);
    free(written);
    return code;
}

// ---------------------------------------------------------------- files

static enum bb_code read_and_write_zpl(void)
{
    static const char source[] = "server\n    command = \"tcp://*:7400\"\n    # a remark\nlimits\n    sessions = 5\n";
    struct zpl *root = NULL;
    struct zpl_problem problem;
    char *written = NULL;
    size_t size;
    enum bb_code code = zpl_read(source, sizeof source - 1, &root, &problem);
    if (code == BB_OK)
        code = zpl_write(root, &written, &size);
    zpl_destroy(&root);
    free(written);
    return code;
}

static enum bb_code load_the_configuration(void)
{
    struct config *config = NULL;
    enum bb_code code = config_load(at("buurtbeld.zpl"), &config, stderr);
    config_destroy(&config);
    return code;
}

static enum bb_code load_the_founding(void)
{
    struct founding *founding = NULL;
    enum bb_code code = founding_load(at("founding.zpl"), &founding, stderr);
    founding_destroy(&founding);
    return code;
}

static enum bb_code keep_rows(void)
{
    struct client_store *store = NULL;
    struct client_rows rows = {0};
    uint8_t *value = NULL;
    size_t size;
    enum bb_code code = client_store_open(at("rows.mdb"), &store);
    if (code == BB_OK)
        code = client_store_put(store, "key", 3, "value", 5);
    if (code == BB_OK)
        code = client_store_commit(store);
    if (code == BB_OK)
        code = client_store_read(store, 0, &rows);
    if (code == BB_OK)
        code = client_store_get(store, "key", 3, &value, &size);
    free(value);
    client_rows_fini(&rows);
    client_store_close(&store);
    return code;
}

static enum bb_code speak_json(void)
{
    Wire__PublishRequest request = WIRE__PUBLISH_REQUEST__INIT;
    ProtobufCMessage *read = NULL;
    char problem[80];
    request.asker = 5;
    request.text = (ProtobufCBinaryData){4, (uint8_t *)"hulp"};
    char *json = bb_json(&request.base);
    if (json == NULL)
        return BB_NO_MEMORY;
    enum bb_code code = bb_json_parse(json, &wire__publish_request__descriptor, &read, problem, sizeof problem);
    protobuf_c_message_free_unpacked(read, NULL);
    free(json);
    return code;
}

// ---------------------------------------------------------------- a client that is away

static void look_at(void *count, const Wire__PublicRequest *request, int64_t heard_at_ms)
{
    (void)request, (void)heard_at_ms;
    ++*(size_t *)count;
}

static enum bb_code give_a_command_while_the_broker_is_away(void)
{
    char home[96];
    snprintf(home, sizeof home, "%s/operator", folder);
    struct bb_options options = {.home = home, .software = "test 1", .timeout_ms = 1};
    struct bb_client *client = NULL;
    Wire__Command command = WIRE__COMMAND__INIT;
    Wire__Pause pause = WIRE__PAUSE__INIT;
    size_t count = 0;
    char rows[160];
    snprintf(rows, sizeof rows, "%s/" CLIENT_STORE_FILE_NAME, options.home);
    (void)remove(rows); // or the commands of the other times would be read too
    command.what_case = WIRE__COMMAND__WHAT_PAUSE;
    command.pause = &pause;
    enum bb_code code = bb_client_open(&options, &client);
    if (code == BB_OK)
        code = bb_client_send(client, &command, NULL, NULL);
    if (code == BB_OK)
        code = bb_client_visit_requests(client, look_at, &count);
    if (code == BB_OK)
        code = bb_client_process(client);
    bb_client_close(&client);
    return code;
}

// ---------------------------------------------------------------- the daemon's memory

static enum bb_code publish_a_beacon(void)
{
    static const uint8_t boot[BOOT_ID_SIZE], key[NOTICE_BOX_KEY_SIZE];
    struct publisher *publisher = NULL;
    struct arena *arena = arena_create(64 * 1024);
    const struct published_channel *channel;
    uint8_t *frame;
    size_t size;
    enum bb_code code = arena ? publisher_create(boot, 1, &publisher) : BB_NO_MEMORY;
    for (uint64_t i = 0; code == BB_OK && i < 20; i++)
        code = publisher_add(publisher, i, i, "meppel/resident/", 0, key, 0);
    if (code == BB_OK)
        code = publisher_beacon(publisher, 1, arena, &channel, &frame, &size);
    publisher_destroy(&publisher);
    arena_destroy(&arena);
    return code;
}

static enum bb_code greet_and_reply(void)
{
    const struct routing_id routes[] = {{.bytes = "one", .size = 3}, {.bytes = "two", .size = 3}};
    const struct turn_answer answer = {.made = 5};
    struct sessions *sessions = NULL;
    struct arena *arena = arena_create(64 * 1024);
    uint8_t *frame;
    size_t size;
    enum bb_code code = arena ? sessions_create(10, &sessions) : BB_NO_MEMORY;
    for (size_t i = 0; code == BB_OK && i < 2; i++)
        code = sessions_begin(sessions, &routes[i], 1, 1, 0);
    if (code == BB_OK)
        code = reply_answer(1, &answer, (ProtobufCBinaryData){0, NULL}, arena, &frame, &size);
    if (code == BB_OK)
        code = reply_refusal(1, BB_BUSY, (ProtobufCBinaryData){0, NULL}, arena, &frame, &size);
    sessions_destroy(&sessions);
    arena_destroy(&arena);
    return code;
}

// ---------------------------------------------------------------- each deed

// `told`: in which code it is told. A file that cannot be read is named in words; JSON is read into an arena, which does
// not tell its limit from the end of memory.
static const struct deed {
    const char *name;
    enum bb_code (*once)(void);
    enum bb_code told;
} deeds[] = {
    {"seal_a_contact", seal_a_contact, BB_NO_MEMORY},
    {"seal_a_release", seal_a_release, BB_NO_MEMORY},
    {"keep_an_identity", keep_an_identity, BB_NO_MEMORY},
    {"hand_over_an_invitation", hand_over_an_invitation, BB_NO_MEMORY},
    {"read_and_write_zpl", read_and_write_zpl, BB_NO_MEMORY},
    {"load_the_configuration", load_the_configuration, BB_BAD_CONFIG},
    {"load_the_founding", load_the_founding, BB_BAD_CONFIG},
    {"keep_rows", keep_rows, BB_NO_MEMORY},
    {"speak_json", speak_json, BB_TOO_LARGE},
    {"give_a_command_while_the_broker_is_away", give_a_command_while_the_broker_is_away, BB_NO_MEMORY},
    {"publish_a_beacon", publish_a_beacon, BB_NO_MEMORY},
    {"greet_and_reply", greet_and_reply, BB_NO_MEMORY},
};

static void whatever_allocation_fails_it_is_told_and_can_be_done_again(void **state)
{
    const struct deed *deed = *state;
    for (size_t n = 1; n < ALLOCATIONS_MAX; n++) {
        nth_arm(n);
        enum bb_code code = deed->once();
        if (!nth_disarm()) {
            assert_string_equal(bb_code_symbol(code), "OK");
            assert_true(n > 1);
            print_message("%s: %zu allocations failed one by one\n", deed->name, n - 1);
            return;
        }
        if (code != BB_NO_MEMORY && code != deed->told)
            fail_msg("%s: allocation %zu failed, and it said %s", deed->name, n, bb_code_symbol(code));
    }
    fail_msg("%s: it never works", deed->name);
}

static int set_up(void **state)
{
    char command[512];
    (void)state;
    assert_true(sodium_init() >= 0);
    folder_setup((void **)&parent);
    snprintf(folder, sizeof folder, "%s/broker", parent);
    snprintf(command, sizeof command, PROGRAMS_FOLDER "/buurtbel-ctl init %s --community meppel >/dev/null", folder);
    assert_int_equal(system(command), 0);
    crypto_box_keypair(public_key, secret_key);
    crypto_sign_keypair(signing_public, signing_secret);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return folder_teardown((void **)&parent);
}

int main(void)
{
    struct CMUnitTest tests[sizeof deeds / sizeof *deeds];
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++)
        tests[i] = (struct CMUnitTest){.name = deeds[i].name,
                                       .test_func = whatever_allocation_fails_it_is_told_and_can_be_done_again,
                                       .initial_state = (void *)&deeds[i]};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
