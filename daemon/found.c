// SPDX-License-Identifier: MPL-2.0
// The founding of an empty store, from a file that is read once.
#include "broker.h"

#include "setup/founding.h"
#include "watch/log.h"

#include <stdio.h>
#include <string.h>

static ProtobufCBinaryData borrow(const char *text)
{
    return (ProtobufCBinaryData){strlen(text), (uint8_t *)text};
}

static enum bb_code found_from(struct broker *broker, const struct founding *founding)
{
    Stored__CommunityFounded community = STORED__COMMUNITY_FOUNDED__INIT;
    Stored__Category categories[CATEGORIES_MAX], *list[CATEGORIES_MAX];
    for (size_t i = 0; i < founding->categories_count; i++) {
        stored__category__init(&categories[i]);
        categories[i].key = borrow(founding->categories[i].key);
        categories[i].name = borrow(founding->categories[i].name);
        categories[i].icon = borrow(founding->categories[i].icon);
        categories[i].coordinators_only = founding->categories[i].coordinators_only;
        list[i] = &categories[i];
    }
    community.key = borrow(founding->community_key);
    community.name = borrow(founding->community_name);
    community.n_categories = founding->categories_count;
    community.categories = list;
    community.recovery_key_bytes = (ProtobufCBinaryData){32, (uint8_t *)founding->recovery_key};
    community.emergency_line = borrow(founding->emergency_line);
    community.tips_confirmed_at_once = founding->tips_confirmed_at_once;
    struct founder founder = {.party_name = borrow(founding->party_name), .member_name = borrow(founding->member_name)};
    memcpy(founder.curve_key, founding->curve_key, sizeof founder.curve_key);
    memcpy(founder.sealing_key, founding->sealing_key, sizeof founder.sealing_key);
    memcpy(founder.signing_key, founding->signing_key, sizeof founder.signing_key);
    return node_found(broker->node, &community, &founder);
}

enum bb_code found_if_empty(struct broker *broker)
{
    if (node_head(broker->node) > 0)
        return BB_OK;
    struct founding *founding;
    enum bb_code code = founding_load(broker->config->founding_path, &founding, stderr);
    if (code != BB_OK)
        return complain("founding_not_read", code, NULL);
    code = found_from(broker, founding);
    founding_destroy(&founding);
    if (code != BB_OK)
        return complain("not_founded", code, NULL);
    log_line(LEVEL_INFO, "founded", NULL);
    return BB_OK;
}
