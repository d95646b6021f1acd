// SPDX-License-Identifier: MPL-2.0
// What a command is about; see buurtbel.h.
#include "buurtbel.h"

uint64_t bb_command_subject(const Wire__Command *command)
{
    switch (command->what_case) {
    case WIRE__COMMAND__WHAT_REVOKE_INVITATION:
        return command->revoke_invitation->invitation;
    case WIRE__COMMAND__WHAT_APPROVE_PARTY:
        return command->approve_party->party;
    case WIRE__COMMAND__WHAT_SUSPEND_PARTY:
        return command->suspend_party->party;
    case WIRE__COMMAND__WHAT_REINSTATE_PARTY:
        return command->reinstate_party->party;
    case WIRE__COMMAND__WHAT_REVOKE_MEMBER:
        return command->revoke_member->member;
    case WIRE__COMMAND__WHAT_PUBLISH_REQUEST:
        return command->publish_request->asker;
    case WIRE__COMMAND__WHAT_CHOOSE_OFFER:
        return command->choose_offer->offer;
    case WIRE__COMMAND__WHAT_DECLINE_OFFER:
        return command->decline_offer->offer;
    case WIRE__COMMAND__WHAT_RELEASE:
        return command->release->offer;
    case WIRE__COMMAND__WHAT_CONFIRM_HELP:
        return command->confirm_help->offer;
    case WIRE__COMMAND__WHAT_CLOSE_REQUEST:
        return command->close_request->request;
    case WIRE__COMMAND__WHAT_CANCEL_OFFER:
        return command->cancel_offer->offer;
    case WIRE__COMMAND__WHAT_OPEN_REFERRED:
        return command->open_referred->request;
    case WIRE__COMMAND__WHAT_GIVE_ANSWER:
        return command->give_answer->request;
    case WIRE__COMMAND__WHAT_WITHDRAW_OFFER:
        return command->withdraw_offer->offer;
    case WIRE__COMMAND__WHAT_REPORT_DONE:
        return command->report_done->offer;
    default:
        return 0;
    }
}
