// SPDX-License-Identifier: MPL-2.0
// The vocabulary of DOMAIN.md for C code: short names for the enums of wire.proto, and their words on screen.
//
// Numbers are the wire's; words.c pins each table to its enum with static assertions.
#ifndef BUURTBEL_WORDS_H
#define BUURTBEL_WORDS_H

#include "codes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BB_ROLES(X) \
    X(ROLE_GIVER, 1, "giver", "gever") \
    X(ROLE_DESK, 2, "desk", "intakebalie") \
    X(ROLE_COORDINATOR, 3, "coordinator", "kwartiermaker") \
    X(ROLE_REPORTER, 4, "reporter", "verslaglegger") \
    X(ROLE_OPERATOR, 5, "operator", "beheerder")

#define BB_CLASSES(X) \
    X(CLASS_RESIDENT, 1, "resident", "bewoner") \
    X(CLASS_ORGANISATION, 2, "organisation", "organisatie") \
    X(CLASS_INSTITUTION, 3, "institution", "instelling") \
    X(CLASS_BUSINESS, 4, "business", "bedrijf") \
    X(CLASS_MEDIA, 5, "media", "media") \
    X(CLASS_MUNICIPALITY, 6, "municipality", "gemeente") \
    X(CLASS_POLICE, 7, "police", "politie")

#define BB_PARTY_STATES(X) \
    X(PARTY_WAITING, 1, "waiting", "wacht op ja") \
    X(PARTY_ACTIVE, 2, "active", "actief") \
    X(PARTY_SUSPENDED, 3, "suspended", "staat stil")

#define BB_REQUEST_STATES(X) \
    X(REQUEST_DRAFT, 1, "draft", "concept") \
    X(REQUEST_REVIEW, 2, "review", "wordt bekeken") \
    X(REQUEST_OPEN, 3, "open", "open") \
    X(REQUEST_FILLED, 4, "filled", "geregeld") \
    X(REQUEST_ON_HOLD, 5, "on_hold", "even gepauzeerd") \
    X(REQUEST_REFERRED, 6, "referred", "bij de kwartiermaker") \
    X(REQUEST_CLOSED, 7, "closed", "klaar")

#define BB_OFFER_STATES(X) \
    X(OFFER_OFFERED, 1, "offered", "aangeboden") \
    X(OFFER_CONDITIONAL, 2, "conditional", "onder voorwaarden") \
    X(OFFER_CONFIRMED, 3, "confirmed", "gekozen") \
    X(OFFER_REPORTED_DONE, 4, "reported_done", "gever meldt klaar") \
    X(OFFER_DONE, 5, "done", "gelukt") \
    X(OFFER_FAILED, 6, "failed", "niet gelukt") \
    X(OFFER_CANCELLED, 7, "cancelled", "afgezegd") \
    X(OFFER_DECLINED, 8, "declined", "niet gekozen") \
    X(OFFER_WITHDRAWN, 9, "withdrawn", "ingetrokken") \
    X(OFFER_LAPSED, 10, "lapsed", "verlopen") \
    X(OFFER_SUPERSEDED, 11, "superseded", "niet meer nodig") \
    X(OFFER_WAITING, 12, "waiting", "achter de hand") \
    X(OFFER_ASKING_INTERNALLY, 13, "asking_internally", "vraagt intern na") \
    X(OFFER_CANNOT, 14, "cannot", "kan niet") \
    X(OFFER_NOT_ALLOWED, 15, "not_allowed", "mag niet")

#define BB_ANSWER_KINDS(X) \
    X(ANSWER_OFFER, 1, "offer", "aanbod") \
    X(ANSWER_OFFER_WITH_CONDITIONS, 2, "offer_with_conditions", "aanbod onder voorwaarden") \
    X(ANSWER_ASKING_INTERNALLY, 3, "asking_internally", "wij vragen het intern na") \
    X(ANSWER_CANNOT, 4, "cannot", "kan niet") \
    X(ANSWER_NOT_ALLOWED, 5, "not_allowed", "mag niet")

#define BB_OFFER_KINDS(X) \
    X(KIND_DO, 1, "do", "doen") \
    X(KIND_GOODS, 2, "goods", "spullen") \
    X(KIND_TIP, 3, "tip", "tip") \
    X(KIND_THINK_ALONG, 4, "think_along", "meedenken")

#define BB_SIZES(X) X(SIZE_SMALL, 1, "small", "klein") X(SIZE_LARGE, 2, "large", "groot")

#define BB_WANTED(X) \
    X(WANTED_TIME, 1, "time", "tijd") \
    X(WANTED_GOODS, 2, "goods", "spullen") \
    X(WANTED_TALENT, 3, "talent", "talent") \
    X(WANTED_TIP, 4, "tip", "tip")

#define BB_PRIORITIES(X) X(PRIORITY_NORMAL, 1, "normal", "gewoon") X(PRIORITY_SOON, 2, "soon", "liefst snel")

#define BB_CLOSE_REASONS(X) \
    X(CLOSE_FULFILLED, 1, "fulfilled", "gelukt") \
    X(CLOSE_PARTLY_FULFILLED, 2, "partly_fulfilled", "deels gelukt") \
    X(CLOSE_DONE_BY_OTHERS, 3, "done_by_others", "door anderen gedaan") \
    X(CLOSE_NO_LONGER_NEEDED, 4, "no_longer_needed", "niet meer nodig") \
    X(CLOSE_NO_GIVER_FOUND, 5, "no_giver_found", "geen gever gevonden") \
    X(CLOSE_REFERRED, 6, "referred", "doorverwezen") \
    X(CLOSE_DUPLICATE, 7, "duplicate", "dubbel") \
    X(CLOSE_OUT_OF_SCOPE, 8, "out_of_scope", "past hier niet") \
    X(CLOSE_UNREACHABLE, 9, "unreachable", "niet bereikbaar") \
    X(CLOSE_UNSAFE, 10, "unsafe", "niet veilig")

#define BB_HEARD_OF(X) \
    X(HEARD_PERSONAL_CONTACT, 1, "personal_contact", "persoonlijk contact") \
    X(HEARD_ORGANISATION, 2, "organisation", "via een organisatie") \
    X(HEARD_SCHOOL, 3, "school", "school") \
    X(HEARD_CARE_AND_SOCIAL_WORK, 4, "care_and_social_work", "zorg en welzijn") \
    X(HEARD_VOLUNTEER_PLATFORM, 5, "volunteer_platform", "digitaal vrijwilligersplatform") \
    X(HEARD_LOCAL_MEDIA, 6, "local_media", "lokale media") \
    X(HEARD_SOCIAL_MEDIA, 7, "social_media", "sociale media") \
    X(HEARD_COLLEAGUE, 8, "colleague", "collega") \
    X(HEARD_DROP_IN_MORNING, 9, "drop_in_morning", "inloopochtend") \
    X(HEARD_OTHER, 10, "other", "anders")

#define BB_CONTACT_CHANNELS(X) \
    X(CONTACT_PHONE, 1, "phone", "telefoon") \
    X(CONTACT_EMAIL, 2, "email", "e-mail") \
    X(CONTACT_ADDRESS, 3, "address", "adres")

#define BB_YES_NO(X) \
    X(ANSWERED_YES, 1, "yes", "ja") X(ANSWERED_NO, 2, "no", "nee") X(ANSWERED_UNKNOWN, 3, "unknown", "onbekend")

#define WORD_ENUM(symbol, number, en, nl) symbol = (number),
enum bb_role { BB_ROLES(WORD_ENUM) };
enum bb_class { BB_CLASSES(WORD_ENUM) CLASSES_MAX = CLASS_POLICE };
enum bb_party_state { BB_PARTY_STATES(WORD_ENUM) };
enum bb_request_state { BB_REQUEST_STATES(WORD_ENUM) };
enum bb_offer_state { BB_OFFER_STATES(WORD_ENUM) };
enum bb_answer_kind { BB_ANSWER_KINDS(WORD_ENUM) };
enum bb_offer_kind { BB_OFFER_KINDS(WORD_ENUM) };
enum bb_size { BB_SIZES(WORD_ENUM) };
enum bb_wanted { BB_WANTED(WORD_ENUM) };
enum bb_priority { BB_PRIORITIES(WORD_ENUM) };
enum bb_close_reason { BB_CLOSE_REASONS(WORD_ENUM) };
enum bb_heard_of { BB_HEARD_OF(WORD_ENUM) };
enum bb_contact_channel { BB_CONTACT_CHANNELS(WORD_ENUM) };
enum bb_yes_no { BB_YES_NO(WORD_ENUM) };
#undef WORD_ENUM

struct bb_word {
    uint32_t value;
    const char *en; // also the word in JSON, flags and files
    const char *nl; // on screen
};

// One vocabulary: `count` words in the order of their numbers.
struct bb_words {
    const struct bb_word *words;
    size_t count;
};

extern const struct bb_words bb_roles, bb_classes, bb_party_states, bb_request_states, bb_offer_states, bb_answer_kinds,
    bb_offer_kinds, bb_sizes, bb_wanted, bb_priorities, bb_close_reasons, bb_heard_of, bb_contact_channels, bb_yes_no;

// The word for a value, "?" for one that is not in the vocabulary. Static memory.
const char *bb_word(const struct bb_words *words, uint32_t value, enum bb_language language);

// Finds the value of a word, English or Dutch; false when there is none. '-', '_' and ' ' are the same.
bool bb_word_value(const struct bb_words *words, const char *word, uint32_t *out);

// Is this number in the vocabulary?
bool bb_word_known(const struct bb_words *words, uint32_t value);

#endif
