// SPDX-License-Identifier: MPL-2.0
// Collecting problems, and what reading a configuration and a founding file have in common.
#include "problems.h"

#include "bounds.h"
#include "file/file.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

enum { WORD_SIZE_MAX = 63, NEAR_EDITS_MAX = 3, Z85_KEY_LENGTH = 40 };

void problem_add(struct problems *problems, size_t line, const char *key, const char *format, ...)
{
    if (problems->count++ >= PROBLEMS_SHOWN_MAX)
        return;
    fputs(problems->file, problems->out);
    if (line > 0)
        fprintf(problems->out, ":%zu", line);
    if (key)
        fprintf(problems->out, ": %s", key);
    fputs(": ", problems->out);
    va_list arguments;
    va_start(arguments, format);
    vfprintf(problems->out, format, arguments);
    va_end(arguments);
    fputc('\n', problems->out);
}

enum bb_code problems_end(struct problems *problems)
{
    if (problems->count > PROBLEMS_SHOWN_MAX)
        fprintf(problems->out, "%s: and %zu more\n", problems->file, problems->count - PROBLEMS_SHOWN_MAX);
    return problems->count == 0 ? BB_OK : BB_BAD_CONFIG;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

// Characters to add, leave out or change to make one word from the other (Levenshtein).
static size_t edits_between(const char *a, const char *b)
{
    size_t row[WORD_SIZE_MAX + 1];
    size_t b_length = strlen(b);
    if (strlen(a) > WORD_SIZE_MAX || b_length > WORD_SIZE_MAX)
        return SIZE_MAX;
    for (size_t j = 0; j <= b_length; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_length; j++) {
            size_t above = row[j];
            row[j] = least(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[b_length];
}

void problem_add_unknown(struct problems *problems, size_t line, const char *key, const char *word,
                         const char *const *known, size_t known_count)
{
    const char *nearest = NULL;
    size_t fewest = NEAR_EDITS_MAX + 1;
    for (size_t i = 0; i < known_count; i++) {
        size_t edits = edits_between(word, known[i]);
        if (edits < fewest) {
            fewest = edits;
            nearest = known[i];
        }
    }
    if (nearest)
        problem_add(problems, line, key, "there is no such key; did you mean %s?", nearest);
    else
        problem_add(problems, line, key, "there is no such key");
}

static const char *why_unreadable(enum bb_code code)
{
    if (code == BB_NOT_FOUND)
        return "the file is not there; buurtbel-ctl init makes one";
    if (code == BB_OPEN_PERMISSIONS)
        return "others can read these secret keys, or the file belongs to somebody else; run chmod 600 on it, as its "
               "owner";
    if (code == BB_TOO_LARGE)
        return "the file is far too large for what it should be";
    if (code == BB_NO_MEMORY)
        return "there is no memory left to read it";
    return "the file could not be read";
}

struct zpl *problems_read_zpl(struct problems *problems, const char *path, bool secret)
{
    uint8_t *text = NULL;
    size_t size = 0;
    enum bb_code code = secret ? file_read_private(path, CONFIG_FILE_SIZE_MAX, &text, &size)
                               : file_read(path, CONFIG_FILE_SIZE_MAX, &text, &size);
    if (code != BB_OK) {
        problem_add(problems, 0, NULL, "%s", why_unreadable(code));
        return NULL;
    }
    struct zpl *root = NULL;
    struct zpl_problem problem = {0};
    code = zpl_read((const char *)text, size, &root, &problem);
    sodium_memzero(text, size);
    free(text);
    if (code == BB_OK)
        return root;
    problem_add(problems, problem.line, NULL, "%s", problem.what ? problem.what : why_unreadable(code));
    return NULL;
}

bool key_from_z85(const char *text, uint8_t out[32])
{
    // libzmq's decoder writes for as long as there is text, so the length comes first.
    return strlen(text) == Z85_KEY_LENGTH && zmq_z85_decode(out, text) && !sodium_is_zero(out, 32);
}
