// SPDX-License-Identifier: MPL-2.0
// Runs the scanners over the folded text, the refusals before the warning.
//
// The account before the phone: an account number holds digits that look like one.
#include "text_check.h"

#include "bounds.h"
#include "message/utf8.h"
#include "text_fold.h"

enum bb_code text_check(const char *text, size_t size)
{
    if (size > REQUEST_TEXT_SIZE_MAX)
        return BB_TOO_LONG;
    if (!utf8_valid((const uint8_t *)text, size))
        return BB_BAD_TEXT;
    struct folded folded;
    text_fold(text, size, &folded);
    if (folded_has_email(&folded))
        return BB_HAS_EMAIL;
    if (folded_has_iban(&folded))
        return BB_HAS_IBAN;
    if (folded_has_phone(&folded))
        return BB_HAS_PHONE;
    if (folded_has_address(&folded))
        return BB_HAS_ADDRESS;
    return BB_OK;
}
