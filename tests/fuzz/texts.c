// SPDX-License-Identifier: MPL-2.0
// The small parsers of what people type: texts that are screened, UTF-8, ids, times, command ids, check words, addresses.
//
// Input: the text, and nothing else; each of them gets it. What one of them takes, it writes in the same way again.
#include "fuzz.h"

#include "message/command_id.h"
#include "message/id_text.h"
#include "message/iso_time.h"
#include "message/utf8.h"
#include "seal/check_words.h"
#include "setup/host_port.h"
#include "text/text_check.h"
#include "words.h"

static void check_screening(const uint8_t *bytes, size_t size)
{
    enum bb_code code = text_check((const char *)bytes, size);
    bool valid = utf8_valid(bytes, size);
    insist((code == BB_TOO_LONG) == (size > REQUEST_TEXT_SIZE_MAX));
    insist(code == BB_TOO_LONG || (code == BB_BAD_TEXT) == !valid);
}

// Strict UTF-8 has one form for each code point, so that what was decoded can be encoded to the same bytes.
static size_t encoded_size(uint32_t point)
{
    return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

static void check_utf8(const uint8_t *bytes, size_t size)
{
    bool valid = utf8_valid(bytes, size);
    for (size_t at = 0; at < size;) {
        size_t before = at;
        uint32_t point = utf8_next(bytes, size, &at);
        insist(point != UINT32_MAX ? at > before && at <= size : at == before && !valid);
        if (point == UINT32_MAX)
            return;
        insist(point <= 0x10FFFF && !(point >= 0xD800 && point <= 0xDFFF) && at - before == encoded_size(point));
    }
}

static void check_id(const char *text)
{
    uint64_t id = 0, again = 1;
    char written[ID_TEXT_SIZE + 1];
    if (!id_from_text(text, &id))
        return;
    id_to_text(id, written);
    insist(strlen(written) == ID_TEXT_SIZE && id_from_text(written, &again) && again == id);
}

static void check_time(const char *text)
{
    int64_t time_ms = 0, again_ms = 1;
    char written[ISO_TIME_SIZE + 1];
    if (!iso_time_read(text, &time_ms))
        return;
    insist(iso_time_write(time_ms, written) && strlen(written) == ISO_TIME_SIZE);
    insist(iso_time_read(written, &again_ms) && again_ms == time_ms);
}

static void check_command_id(const char *text)
{
    uint8_t id[COMMAND_ID_SIZE], again[COMMAND_ID_SIZE];
    char written[COMMAND_ID_TEXT_SIZE + 1];
    if (!command_id_from_text(text, id))
        return;
    command_id_to_text(id, written);
    insist(command_id_valid(id) && command_id_from_text(written, again) && memcmp(id, again, sizeof id) == 0);
}

// The same eight bytes as a number, as a time and as a key.
static void check_binary(const uint8_t *bytes, size_t size)
{
    uint8_t key[32] = {0}, id[COMMAND_ID_SIZE];
    char words[CHECK_WORDS_SIZE + 1], written[ISO_TIME_SIZE + 1], id_written[ID_TEXT_SIZE + 1];
    memcpy(key, bytes, size < sizeof key ? size : sizeof key);
    check_words(key, words);
    insist(strlen(words) == CHECK_WORDS_SIZE);
    int64_t time_ms, again_ms;
    memcpy(&time_ms, key, sizeof time_ms);
    if (iso_time_write(time_ms, written))
        insist(iso_time_read(written, &again_ms) && again_ms == time_ms);
    uint64_t number, again;
    memcpy(&number, key, sizeof number);
    id_to_text(number, id_written);
    insist(id_from_text(id_written, &again) && again == number);
    command_id_make(time_ms, key + 8, id);
    insist(command_id_valid(id));
}

static void check_address(const char *text)
{
    struct host_port address;
    struct sockaddr_storage out;
    if (!host_port_parse(text, &address) && !endpoint_parse(text, &address))
        return;
    insist(strlen(address.host) <= HOST_SIZE_MAX);
    (void)host_port_is_loopback(&address);
    if (address.kind == HOST_IP4 || address.kind == HOST_IP6)
        insist(host_port_sockaddr(&address, &out) > 0);
}

static void check_word(const char *text)
{
    uint32_t value;
    if (bb_word_value(&bb_request_states, text, &value))
        insist(bb_word_known(&bb_request_states, value));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    char *text = fuzz_text(bytes, size);
    check_screening(bytes, size);
    check_utf8(bytes, size);
    check_id(text);
    check_time(text);
    check_command_id(text);
    check_binary(bytes, size);
    check_address(text);
    check_word(text);
    free(text);
    return 0;
}
