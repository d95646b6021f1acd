// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/node/welcome.c: which channels, heads and keys each kind of member is told, and who gets no key.
#include "town.h"

#include "node/node_inside.h"

enum { EPOCH = 3, HEAD = 40 };

static const uint8_t first_key[NOTICE_BOX_KEY_SIZE] = "the first key of this channel...";
static const uint8_t second_key[NOTICE_BOX_KEY_SIZE] = "the second key of this channel..";
static const uint8_t recovery_key[32] = "the recovery key of this town...";

struct fixture {
    struct town *town;
    struct node node;
    struct core core; // what was told last lies in its transaction's arena
};

static void set_recovery_key(struct town *town)
{
    struct txn *txn;
    Stored__Community *community;
    arena_reset(town->reading);
    assert_int_equal(txn_begin_write(town->scratch->store, town->reading, &txn), BB_OK);
    assert_int_equal(store_get_number(txn, TABLE_COMMUNITY, 1, &community), BB_OK);
    community->recovery_key_bytes = (ProtobufCBinaryData){sizeof recovery_key, (uint8_t *)recovery_key};
    assert_int_equal(store_put_number(txn, TABLE_COMMUNITY, 1, &community->base), BB_OK);
    assert_int_equal(txn_commit(&txn), BB_OK);
}

static void add_class(struct fixture *it, uint32_t audience_class, const char *topic, const uint8_t *key)
{
    uint64_t channel = channel_of_class(1, audience_class);
    assert_int_equal(publisher_add(it->node.publisher, channel, town_channel_id(it->town, channel), topic, HEAD, key,
                                   it->town->now_ms),
                     BB_OK);
}

static int setup(void **state)
{
    struct fixture *it = calloc(1, sizeof *it);
    assert_non_null(it);
    town_setup((void **)&it->town);
    set_recovery_key(it->town);
    it->node.turn = it->town->turn;
    it->node.outside.clock = system_clock;
    it->node.epoch = EPOCH;
    memcpy(it->node.boot, "boot of today...", BOOT_ID_SIZE);
    assert_int_equal(publisher_create(it->node.boot, EPOCH, &it->node.publisher), BB_OK);
    add_class(it, CLASS_RESIDENT, "meppel/resident/", first_key);
    add_class(it, CLASS_MEDIA, "meppel/media/", second_key);
    *state = it;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *it = *state;
    publisher_destroy(&it->node.publisher);
    int rc = town_teardown((void **)&it->town);
    free(it);
    return rc;
}

static struct actor look_up(struct fixture *it, struct person who)
{
    struct actor actor;
    it->core = town_read(it->town);
    assert_int_equal(actor_find(&it->core, who.invitee, who.number, &actor), BB_OK);
    return actor;
}

static const Wire__Welcome *welcome(struct fixture *it, struct person who)
{
    struct actor actor = look_up(it, who);
    Wire__Welcome *out;
    assert_int_equal(welcome_make(&it->node, &it->core, &actor, &out), BB_OK);
    town_read_end(&it->core);
    return out;
}

static const Wire__Pong *pong(struct fixture *it, struct person who)
{
    struct actor actor = look_up(it, who);
    Wire__Pong *out;
    assert_int_equal(pong_make(&it->node, &it->core, &actor, &out), BB_OK);
    town_read_end(&it->core);
    return out;
}

static void assert_is_mailbox(struct fixture *it, const Wire__ChannelState *channel, struct person owner)
{
    assert_true(channel->channel == town_channel_id(it->town, channel_of_party(owner.party_number)));
    assert_int_equal(channel->topic.len, 0);
    assert_int_equal(channel->key_bytes.len, 0);
}

static void assert_gets_its_mailbox_only(struct fixture *it, struct person who)
{
    const Wire__Welcome *told = welcome(it, who);
    assert_int_equal(told->n_channels, 1);
    assert_is_mailbox(it, told->channels[0], who);
    uint8_t packed[8192];
    assert_true(wire__welcome__get_packed_size(told) <= sizeof packed);
    size_t size = wire__welcome__pack(told, packed);
    assert_null(memmem(packed, size, first_key, sizeof first_key));
    uint64_t mailbox = told->channels[0]->channel; // the next question takes the arena
    const Wire__Pong *heads = pong(it, who);
    assert_int_equal(heads->n_heads, 1);
    assert_true(heads->heads[0]->channel == mailbox);
}

static void a_giver_gets_its_mailbox_and_its_class_channel_with_the_key(void **state)
{
    struct fixture *it = *state;
    const Wire__Welcome *told = welcome(it, it->town->anna);
    assert_int_equal(told->n_channels, 2);
    assert_is_mailbox(it, told->channels[0], it->town->anna);
    const Wire__ChannelState *channel = told->channels[1];
    assert_true(channel->channel == town_channel_id(it->town, channel_of_class(1, CLASS_RESIDENT)));
    assert_true(text_is(channel->topic, "meppel/resident/"));
    assert_int_equal(channel->head, HEAD);
    assert_int_equal(channel->key_id, publisher_find(it->node.publisher, channel_of_class(1, CLASS_RESIDENT))->key_id);
    assert_int_equal(channel->key_bytes.len, sizeof first_key);
    assert_memory_equal(channel->key_bytes.data, first_key, sizeof first_key);
    assert_int_equal(told->recovery_key_bytes.len, 0);
}

static void each_giver_gets_the_key_of_its_own_class(void **state)
{
    struct fixture *it = *state;
    const Wire__Welcome *told = welcome(it, it->town->paper);
    assert_int_equal(told->n_channels, 2);
    assert_true(text_is(told->channels[1]->topic, "meppel/media/"));
    assert_memory_equal(told->channels[1]->key_bytes.data, second_key, sizeof second_key);
}

static void a_renewed_key_is_the_one_that_is_told(void **state)
{
    struct fixture *it = *state;
    uint64_t channel = channel_of_class(1, CLASS_RESIDENT);
    uint32_t before = pong(it, it->town->anna)->heads[1]->key_id;
    publisher_rekey(it->node.publisher, channel, second_key, it->town->now_ms);
    const Wire__Welcome *told = welcome(it, it->town->anna);
    assert_memory_equal(told->channels[1]->key_bytes.data, second_key, sizeof second_key);
    assert_int_equal(told->channels[1]->key_id, before + 1);
    assert_int_equal(pong(it, it->town->anna)->heads[1]->key_id, before + 1);
}

static void a_giver_that_waits_gets_its_mailbox_only(void **state)
{
    struct fixture *it = *state;
    Wire__MakeInvitation poster = town_invitation(it->town, ROLE_GIVER, CLASS_RESIDENT);
    poster.standing = true;
    poster.uses = 30;
    struct person waiting = town_join(it->town, it->town->coordinator, poster, "Wachtende buur");
    assert_int_equal(welcome(it, waiting)->party_state, WIRE__PARTY_STATE__PARTY_WAITING);
    assert_gets_its_mailbox_only(it, waiting);
}

static void a_giver_that_is_suspended_gets_its_mailbox_only(void **state)
{
    struct fixture *it = *state;
    assert_accepted(town_suspend_party(it->town, it->town->coordinator,
                                       (Wire__SuspendParty){.party = it->town->anna.party, .reason = text("Klacht")}));
    assert_int_equal(welcome(it, it->town->anna)->party_state, WIRE__PARTY_STATE__PARTY_SUSPENDED);
    assert_gets_its_mailbox_only(it, it->town->anna);
    assert_int_equal(welcome(it, it->town->bert)->n_channels, 2); // nobody else is meant
}

static void a_giver_that_pauses_keeps_its_class_channel(void **state)
{
    struct fixture *it = *state;
    assert_accepted(town_pause(it->town, it->town->anna, (Wire__Pause){0}));
    const Wire__Welcome *told = welcome(it, it->town->anna);
    assert_true(told->paused);
    assert_int_equal(told->n_channels, 2);
}

static void a_class_that_was_never_published_to_has_no_channel(void **state)
{
    struct fixture *it = *state;
    assert_gets_its_mailbox_only(it, it->town->school);
}

static void a_desk_gets_the_recovery_key_and_no_class_channel(void **state)
{
    struct fixture *it = *state;
    const Wire__Welcome *told = welcome(it, it->town->desk);
    assert_int_equal(told->recovery_key_bytes.len, sizeof recovery_key);
    assert_memory_equal(told->recovery_key_bytes.data, recovery_key, sizeof recovery_key);
    assert_gets_its_mailbox_only(it, it->town->desk);
}

static void nobody_but_a_desk_gets_the_recovery_key(void **state)
{
    struct fixture *it = *state;
    const struct person others[] = {it->town->operator, it->town->coordinator, it->town->anna, it->town->paper};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_int_equal(welcome(it, others[i])->recovery_key_bytes.len, 0);
    assert_gets_its_mailbox_only(it, it->town->operator);
    assert_gets_its_mailbox_only(it, it->town->coordinator);
}

static void a_class_on_its_record_makes_no_giver_of_a_desk(void **state)
{
    struct fixture *it = *state;
    struct actor actor = look_up(it, it->town->desk);
    Wire__Welcome *told;
    Wire__Pong *heads;
    actor.party->audience_class = CLASS_RESIDENT;
    assert_int_equal(welcome_make(&it->node, &it->core, &actor, &told), BB_OK);
    assert_int_equal(pong_make(&it->node, &it->core, &actor, &heads), BB_OK);
    town_read_end(&it->core);
    assert_int_equal(told->n_channels, 1);
    assert_int_equal(heads->n_heads, 1);
}

static void a_welcome_says_who_one_is_and_where(void **state)
{
    struct fixture *it = *state;
    const Wire__Welcome *told = welcome(it, it->town->anna);
    assert_int_equal(told->boot_bytes.len, BOOT_ID_SIZE);
    assert_memory_equal(told->boot_bytes.data, it->node.boot, BOOT_ID_SIZE);
    assert_int_equal(told->epoch, EPOCH);
    assert_true(told->party == it->town->anna.party && told->member == it->town->anna.member);
    assert_int_equal(told->role, ROLE_GIVER);
    assert_int_equal(told->party_state, PARTY_ACTIVE);
    assert_int_equal(told->audience_class, CLASS_RESIDENT);
    assert_true(text_is(told->party_name, "Anna Geverboom"));
    assert_true(text_is(told->community, "meppel"));
    assert_int_equal(told->n_categories, 2);
    assert_true(text_is(told->categories[0]->key, "goods") && text_is(told->categories[0]->name, "Spullen"));
    assert_false(told->categories[0]->coordinators_only);
    assert_true(told->categories[1]->coordinators_only);
}

static void a_mailbox_has_the_head_of_its_last_notice(void **state)
{
    struct fixture *it = *state;
    uint64_t before = welcome(it, it->town->anna)->channels[0]->head;
    town_match(it->town, it->town->anna, town_publish(it->town, "Fiets gezocht"));
    uint64_t head = last_of(town_mailbox(it->town, it->town->anna))->seq;
    assert_true(head > before);
    assert_int_equal(welcome(it, it->town->anna)->channels[0]->head, head);
    assert_int_equal(pong(it, it->town->anna)->heads[0]->seq, head);
}

static void a_pong_tells_the_heads_that_a_welcome_tells(void **state)
{
    struct fixture *it = *state;
    const Wire__Pong *heads = pong(it, it->town->anna);
    assert_memory_equal(heads->boot_bytes.data, it->node.boot, BOOT_ID_SIZE);
    assert_int_equal(heads->epoch, EPOCH);
    assert_int_equal(heads->n_heads, 2);
    assert_true(heads->heads[0]->channel == town_channel_id(it->town, channel_of_party(it->town->anna.party_number)));
    assert_int_equal(heads->heads[0]->key_id, 0);
    assert_true(heads->heads[1]->channel == town_channel_id(it->town, channel_of_class(1, CLASS_RESIDENT)));
    assert_int_equal(heads->heads[1]->seq, HEAD);
}

static void an_invitee_is_told_the_time_and_no_heads(void **state)
{
    struct fixture *it = *state;
    struct turn_answer invited =
        town_make_invitation(it->town, it->town->coordinator, town_invitation(it->town, ROLE_GIVER, CLASS_RESIDENT));
    assert_accepted(invited);
    int64_t earliest_ms = clock_wall_ms();
    const Wire__Pong *told = pong(it, town_invitee(it->town, invited.made));
    assert_int_equal(told->n_heads, 0);
    assert_true(told->now_at_ms >= earliest_ms);
    assert_memory_equal(told->boot_bytes.data, it->node.boot, BOOT_ID_SIZE);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_giver_gets_its_mailbox_and_its_class_channel_with_the_key),
        TEST(each_giver_gets_the_key_of_its_own_class),
        TEST(a_renewed_key_is_the_one_that_is_told),
        TEST(a_giver_that_waits_gets_its_mailbox_only),
        TEST(a_giver_that_is_suspended_gets_its_mailbox_only),
        TEST(a_giver_that_pauses_keeps_its_class_channel),
        TEST(a_class_that_was_never_published_to_has_no_channel),
        TEST(a_desk_gets_the_recovery_key_and_no_class_channel),
        TEST(nobody_but_a_desk_gets_the_recovery_key),
        TEST(a_class_on_its_record_makes_no_giver_of_a_desk),
        TEST(a_welcome_says_who_one_is_and_where),
        TEST(a_mailbox_has_the_head_of_its_last_notice),
        TEST(a_pong_tells_the_heads_that_a_welcome_tells),
        TEST(an_invitee_is_told_the_time_and_no_heads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
