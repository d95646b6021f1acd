// SPDX-License-Identifier: MPL-2.0
// The form of fields that are broadcast without being free text: an area and a language.
//
// They are not screened for contact details as texts are, so they must be codes that can hold none (DOMAIN: rule 2).
#ifndef BUURTBEL_CORE_CODED_FIELDS_H
#define BUURTBEL_CORE_CODED_FIELDS_H

#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>

// Empty, the four digits of a postcode, or a code of Statistics Netherlands: GM0119, WK011902, BU01190203.
bool area_valid(ProtobufCBinaryData area);

// Empty, or a language tag (BCP 47) of language, script and region at most: nl, en-GB, zh-Hans-CN, es-419.
bool language_valid(ProtobufCBinaryData language);

#endif
