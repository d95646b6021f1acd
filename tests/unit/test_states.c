// SPDX-License-Identifier: MPL-2.0
// Tests of daemon/core/states.c and daemon/diagrams.c. The tables below were written from DOMAIN's ("A request"), not
// from the code: every triple of state, event and who that is not in them must be refused.
#include "scratch.h"

#include "core/states.h"
#include "diagrams.h"

#define STAFF (WHO_ASKERS_SIDE | WHO_COORDINATOR)

struct row {
    uint32_t state;
    int event;
    uint32_t next;
    uint32_t who;
};

static const struct row request_rows[] = {
    {REQUEST_DRAFT, REQUEST_SEND_TO_REVIEW, REQUEST_REVIEW, STAFF},
    {REQUEST_DRAFT, REQUEST_PUBLISH, REQUEST_OPEN, STAFF},
    {REQUEST_REVIEW, REQUEST_PUBLISH, REQUEST_OPEN, WHO_COORDINATOR},
    {REQUEST_REVIEW, REQUEST_SEND_BACK, REQUEST_DRAFT, WHO_COORDINATOR},
    {REQUEST_OPEN, REQUEST_FILL, REQUEST_FILLED, WHO_SYSTEM},
    {REQUEST_FILLED, REQUEST_REOPEN, REQUEST_OPEN, WHO_SYSTEM},
    {REQUEST_OPEN, REQUEST_HOLD, REQUEST_ON_HOLD, STAFF},
    {REQUEST_ON_HOLD, REQUEST_CONTINUE, REQUEST_OPEN, STAFF},
    {REQUEST_REFERRED, REQUEST_OPEN_REFERRED, REQUEST_OPEN, WHO_COORDINATOR},
    {REQUEST_DRAFT, REQUEST_CLOSE, REQUEST_CLOSED, STAFF},
    {REQUEST_REVIEW, REQUEST_CLOSE, REQUEST_CLOSED, STAFF},
    {REQUEST_REFERRED, REQUEST_CLOSE, REQUEST_CLOSED, STAFF},
    {REQUEST_OPEN, REQUEST_CLOSE, REQUEST_CLOSED, STAFF | WHO_SYSTEM}, // the system at expiry
    {REQUEST_FILLED, REQUEST_CLOSE, REQUEST_CLOSED, STAFF | WHO_SYSTEM},
    {REQUEST_ON_HOLD, REQUEST_CLOSE, REQUEST_CLOSED, STAFF | WHO_SYSTEM},
};

static const struct row offer_rows[] = {
    {OFFER_OFFERED, OFFER_CHOOSE, OFFER_CONFIRMED, STAFF | WHO_SYSTEM}, // the system: a tip at once
    {OFFER_CONDITIONAL, OFFER_CHOOSE, OFFER_CONFIRMED, STAFF},
    {OFFER_OFFERED, OFFER_DECLINE, OFFER_DECLINED, STAFF},
    {OFFER_CONDITIONAL, OFFER_DECLINE, OFFER_DECLINED, STAFF},
    {OFFER_WAITING, OFFER_DECLINE, OFFER_DECLINED, STAFF},
    {OFFER_OFFERED, OFFER_WITHDRAW, OFFER_WITHDRAWN, WHO_GIVER},
    {OFFER_CONDITIONAL, OFFER_WITHDRAW, OFFER_WITHDRAWN, WHO_GIVER},
    {OFFER_WAITING, OFFER_WITHDRAW, OFFER_WITHDRAWN, WHO_GIVER},
    {OFFER_ASKING_INTERNALLY, OFFER_WITHDRAW, OFFER_WITHDRAWN, WHO_GIVER},
    {OFFER_OFFERED, OFFER_LAPSE, OFFER_LAPSED, WHO_SYSTEM},
    {OFFER_CONDITIONAL, OFFER_LAPSE, OFFER_LAPSED, WHO_SYSTEM},
    {OFFER_OFFERED, OFFER_SET_ASIDE, OFFER_WAITING, WHO_SYSTEM},
    {OFFER_CONDITIONAL, OFFER_SET_ASIDE, OFFER_WAITING, WHO_SYSTEM},
    {OFFER_WAITING, OFFER_BRING_BACK, OFFER_OFFERED, WHO_SYSTEM},
    {OFFER_OFFERED, OFFER_SUPERSEDE, OFFER_SUPERSEDED, WHO_SYSTEM},
    {OFFER_CONDITIONAL, OFFER_SUPERSEDE, OFFER_SUPERSEDED, WHO_SYSTEM},
    {OFFER_WAITING, OFFER_SUPERSEDE, OFFER_SUPERSEDED, WHO_SYSTEM},
    {OFFER_ASKING_INTERNALLY, OFFER_SUPERSEDE, OFFER_SUPERSEDED, WHO_SYSTEM},
    {OFFER_CONFIRMED, OFFER_CANCEL, OFFER_CANCELLED, STAFF | WHO_GIVER}, // either side
    {OFFER_CONFIRMED, OFFER_REPORT, OFFER_REPORTED_DONE, WHO_GIVER},
    {OFFER_CONFIRMED, OFFER_CONFIRM_GIVEN, OFFER_DONE, STAFF},
    {OFFER_CONFIRMED, OFFER_CONFIRM_FAILED, OFFER_FAILED, STAFF},
    {OFFER_REPORTED_DONE, OFFER_CONFIRM_GIVEN, OFFER_DONE, STAFF},
    {OFFER_REPORTED_DONE, OFFER_CONFIRM_FAILED, OFFER_FAILED, STAFF},
    // Rule 3: a second answer replaces the first while that is still open.
    {OFFER_OFFERED, OFFER_REPLACE, OFFER_OFFERED, WHO_GIVER},
    {OFFER_CONDITIONAL, OFFER_REPLACE, OFFER_CONDITIONAL, WHO_GIVER},
    {OFFER_ASKING_INTERNALLY, OFFER_REPLACE, OFFER_ASKING_INTERNALLY, WHO_GIVER},
    {OFFER_CANNOT, OFFER_REPLACE, OFFER_CANNOT, WHO_GIVER},
    {OFFER_NOT_ALLOWED, OFFER_REPLACE, OFFER_NOT_ALLOWED, WHO_GIVER},
};

static const struct row *find_row(const struct row *rows, size_t count, uint32_t state, int event)
{
    for (size_t i = 0; i < count; i++) {
        if (rows[i].state == state && rows[i].event == event)
            return &rows[i];
    }
    return NULL;
}

static void check(const struct row *row, uint32_t who, enum bb_code code, uint32_t next)
{
    if (row == NULL) {
        assert_int_equal(code, BB_WRONG_STATE);
    } else if (row->who & who) {
        assert_int_equal(code, BB_OK);
        assert_int_equal(next, row->next);
    } else {
        assert_int_equal(code, BB_NOT_ALLOWED);
    }
}

static void requests_move_as_the_domain_says_and_not_otherwise(void **state)
{
    (void)state;
    for (uint32_t from = 0; from <= REQUEST_CLOSED + 1; from++) {
        for (int event = 0; event < REQUEST_EVENTS_COUNT; event++) {
            const struct row *row = find_row(request_rows, sizeof request_rows / sizeof *request_rows, from, event);
            for (uint32_t who = WHO_ASKERS_SIDE; who <= WHO_SYSTEM; who *= 2) {
                uint32_t next = 0;
                enum bb_code code = request_next(from, (enum request_event)event, (enum who)who, &next);
                check(row, who, code, next);
            }
        }
    }
}

static void offers_move_as_the_domain_says_and_not_otherwise(void **state)
{
    (void)state;
    for (uint32_t from = 0; from <= OFFER_NOT_ALLOWED + 1; from++) {
        for (int event = 0; event < OFFER_EVENTS_COUNT; event++) {
            const struct row *row = find_row(offer_rows, sizeof offer_rows / sizeof *offer_rows, from, event);
            for (uint32_t who = WHO_ASKERS_SIDE; who <= WHO_SYSTEM; who *= 2) {
                uint32_t next = 0;
                enum bb_code code = offer_next(from, (enum offer_event)event, (enum who)who, &next);
                check(row, who, code, next);
            }
        }
    }
}

static void what_is_final_has_no_way_on(void **state)
{
    (void)state;
    static const uint32_t final[] = {OFFER_DONE,      OFFER_FAILED, OFFER_CANCELLED, OFFER_DECLINED,
                                     OFFER_WITHDRAWN, OFFER_LAPSED, OFFER_SUPERSEDED};
    for (size_t i = 0; i < sizeof final / sizeof *final; i++) {
        for (int event = 0; event < OFFER_EVENTS_COUNT; event++)
            assert_int_equal(offer_step(final[i], (enum offer_event)event).next, 0);
    }
    for (int event = 0; event < REQUEST_EVENTS_COUNT; event++)
        assert_int_equal(request_step(REQUEST_CLOSED, (enum request_event)event).next, 0);
}

static void confirmed_reported_and_done_are_taken(void **state)
{
    (void)state;
    for (uint32_t offer = 0; offer <= OFFER_NOT_ALLOWED + 1; offer++) {
        bool taken = offer == OFFER_CONFIRMED || offer == OFFER_REPORTED_DONE || offer == OFFER_DONE;
        assert_int_equal(offer_is_taken(offer), taken);
    }
}

static char *read_whole(const char *path)
{
    enum { ROOM = 1 << 20 };
    FILE *file = fopen(path, "r");
    char *bytes = calloc(1, ROOM);
    assert_true(file != NULL && bytes != NULL);
    assert_in_range(fread(bytes, 1, ROOM, file), 1, ROOM - 1);
    fclose(file);
    return bytes;
}

// ctest runs this in the project's folder.
static void the_protocol_page_shows_these_diagrams(void **state)
{
    (void)state;
    static const char begin[] = "<!-- states: begin -->\n", end[] = "<!-- states: end -->";
    char *page = read_whole("proto/PROTOCOL.md");
    char *from = strstr(page, begin), *to = strstr(page, end);
    assert_true(from != NULL && to != NULL && from < to);
    *to = '\0';

    char *drawn = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&drawn, &size);
    assert_non_null(out);
    diagrams_print(out);
    fclose(out);
    assert_string_equal(from + strlen(begin), drawn);
    free(drawn);
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_move_as_the_domain_says_and_not_otherwise),
        cmocka_unit_test(offers_move_as_the_domain_says_and_not_otherwise),
        cmocka_unit_test(what_is_final_has_no_way_on),
        cmocka_unit_test(confirmed_reported_and_done_are_taken),
        cmocka_unit_test(the_protocol_page_shows_these_diagrams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
