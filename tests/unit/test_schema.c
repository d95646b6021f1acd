// SPDX-License-Identifier: MPL-2.0
// Lint of wire.proto and stored.proto over their descriptors: the conventions at the top of wire.proto hold.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// cmocka.h needs the four above
#include <cmocka.h>

#include "message/fields.h"
#include "stored.pb-c.h"
#include "wire.pb-c.h"

#include <string.h>

enum { TYPES_MAX = 200, DEPTH_MAX = 16 };

static const ProtobufCMessageDescriptor *const roots[] = {
    &wire__from_client__descriptor, &wire__from_broker__descriptor,    &wire__published__descriptor,
    &wire__batch__descriptor,       &wire__sealed_contact__descriptor,
#define X(symbol, name, message, key) &stored__##message##__descriptor,
#include "tables.def"
#undef X
};

static const ProtobufCMessageDescriptor *types[TYPES_MAX];
static size_t types_count;
static bool recursive;

static bool seen(const ProtobufCMessageDescriptor *type)
{
    for (size_t i = 0; i < types_count; i++)
        if (types[i] == type)
            return true;
    return false;
}

static void collect(const ProtobufCMessageDescriptor *type, const ProtobufCMessageDescriptor **path, size_t depth)
{
    for (size_t i = 0; i < depth; i++)
        if (path[i] == type)
            recursive = true;
    if (recursive || seen(type))
        return;
    assert_in_range(depth, 0, DEPTH_MAX - 1);
    path[depth] = type;
    for (unsigned i = 0; i < type->n_fields; i++)
        if (type->fields[i].type == PROTOBUF_C_TYPE_MESSAGE)
            collect(type->fields[i].descriptor, path, depth + 1);
    assert_in_range(types_count, 0, TYPES_MAX - 1);
    types[types_count++] = type; // after what is in it, so that a type on the path is not yet seen
}

static int collect_all(void **state)
{
    (void)state;
    const ProtobufCMessageDescriptor *path[DEPTH_MAX];
    for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++)
        collect(roots[i], path, 0);
    return 0;
}

static void each_field(void (*check)(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field))
{
    for (size_t i = 0; i < types_count; i++)
        for (unsigned f = 0; f < types[i]->n_fields; f++)
            check(types[i], &types[i]->fields[f]);
}

static bool is_stored(const ProtobufCMessageDescriptor *type)
{
    return strcmp(type->package_name, "stored") == 0;
}

static bool ends_in(const char *name, const char *end)
{
    return strlen(name) >= strlen(end) && strcmp(name + strlen(name) - strlen(end), end) == 0;
}

static void no_message_contains_itself(void **state)
{
    (void)state;
    assert_false(recursive);
    assert_true(types_count > 60); // the walk did reach the schema
    assert_true(seen(&wire__public_request__descriptor) && seen(&stored__answer_given__descriptor));
}

static void check_type(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_BOOL:
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_INT64:
        break;
    case PROTOBUF_C_TYPE_FIXED64:
        if (!is_stored(type))
            break;
        fail_msg("%s.%s: a record names others by number, not by public id", type->name, field->name);
        break;
    default:
        fail_msg("%s.%s has a type that is not used here", type->name, field->name);
    }
}

static void only_the_agreed_types_are_used(void **state)
{
    (void)state;
    each_field(check_type);
}

static void check_name(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field)
{
    if (ends_in(field->name, "_bytes") && field->type != PROTOBUF_C_TYPE_BYTES)
        fail_msg("%s.%s is named like bytes", type->name, field->name);
    bool named_time =
        ends_in(field->name, "_at_ms") || ends_in(field->name, "_by_ms") || strcmp(field->name, "at_ms") == 0;
    if (named_time != (field->type == PROTOBUF_C_TYPE_INT64))
        fail_msg("%s.%s: int64 is for times, and times are int64", type->name, field->name);
}

static void names_tell_binary_and_times(void **state)
{
    (void)state;
    each_field(check_name);
}

static void check_enum(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field)
{
    if (field->type != PROTOBUF_C_TYPE_ENUM)
        return;
    const ProtobufCEnumDescriptor *words = field->descriptor;
    const ProtobufCEnumValue *zero = protobuf_c_enum_descriptor_get_value(words, 0);
    if (!zero || !ends_in(zero->name, "_UNSET"))
        fail_msg("%s of %s.%s does not begin with UNSET", words->name, type->name, field->name);
    size_t prefix_size = enum_prefix_size(words);
    assert_true(prefix_size > 1);
    for (unsigned i = 0; i < words->n_values; i++)
        if (strncmp(words->values[i].name, zero->name, prefix_size) != 0)
            fail_msg("%s: %s has another prefix", words->name, words->values[i].name);
}

static void enums_begin_with_unset_and_share_a_prefix(void **state)
{
    (void)state;
    each_field(check_enum);
}

// The mapper names what is inside a oneof by its field; a scalar there could not be told from one that is left out.
static void check_one_of(const ProtobufCMessageDescriptor *type, const ProtobufCFieldDescriptor *field)
{
    if (field_is_one_of(field) && field->type != PROTOBUF_C_TYPE_MESSAGE)
        fail_msg("%s.%s: a oneof holds messages only", type->name, field->name);
}

static void a_oneof_holds_messages_only(void **state)
{
    (void)state;
    each_field(check_one_of);
}

// DOMAIN, rule 2: the broadcast type has no field that could hold a name or contact details.
static void a_broadcast_holds_these_fields_and_no_others(void **state)
{
    (void)state;
    static const char *const names[] = {"request", "revision",     "state",  "category", "text",
                                        "area",    "needed_by_ms", "needed", "language"};
    const ProtobufCMessageDescriptor *type = &wire__public_request__descriptor;
    assert_int_equal(type->n_fields, sizeof names / sizeof names[0]);
    for (unsigned i = 0; i < type->n_fields; i++)
        assert_string_equal(type->fields[i].name, names[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_message_contains_itself),  cmocka_unit_test(only_the_agreed_types_are_used),
        cmocka_unit_test(names_tell_binary_and_times), cmocka_unit_test(enums_begin_with_unset_and_share_a_prefix),
        cmocka_unit_test(a_oneof_holds_messages_only), cmocka_unit_test(a_broadcast_holds_these_fields_and_no_others),
    };
    return cmocka_run_group_tests(tests, collect_all, NULL);
}
