// SPDX-License-Identifier: MPL-2.0
// How messages look on screen; see views.h.
#include "views.h"

#include "shown.h"

void view_offer(struct ui *ui, const Wire__OfferView *offer)
{
    printf("  %s  %s%s%s", shown_id(ui, offer->offer), paint(ui, PAINT_BOLD),
           bb_word(&bb_offer_states, offer->state, ui->language), paint(ui, PAINT_PLAIN));
    if (offer->kind != WIRE__OFFER_KIND__KIND_UNSET) {
        printf(", %s", bb_word(&bb_offer_kinds, offer->kind, ui->language));
    }
    if (offer->party_name.len > 0) {
        printf("  %s (%s, %s %s)", shown_text(ui, offer->party_name),
               bb_word(&bb_classes, offer->audience_class, ui->language), tr(ui, "since", "sinds"),
               shown_date(ui, offer->joined_at_ms));
    }
    if (offer->member_name.len > 0) {
        printf(" · %s", shown_text(ui, offer->member_name));
    }
    printf("  %s%s%s\n", paint(ui, PAINT_FAINT), shown_time(ui, offer->made_at_ms), paint(ui, PAINT_PLAIN));
    if (offer->text.len > 0) {
        printf("      “%s”\n", shown_text(ui, offer->text));
    }
}

static void view_details(struct ui *ui, ProtobufCBinaryData area, int64_t needed_by_ms, uint32_t needed,
                         ProtobufCBinaryData language)
{
    printf(tr(ui, "  needed: %u", "  nodig: %u"), needed == 0 ? 1 : needed);
    if (area.len > 0) {
        printf(" · %s", shown_text(ui, area));
    }
    if (needed_by_ms != 0) {
        printf(" · %s %s", tr(ui, "by", "uiterlijk"), shown_date(ui, needed_by_ms));
    }
    if (language.len > 0) {
        printf(" · %s", shown_text(ui, language));
    }
}

static void view_sides(struct ui *ui, const Wire__RequestView *request)
{
    if (request->asker != 0) {
        printf("  %s %s", tr(ui, "asker", "vrager"), shown_id(ui, request->asker));
        if (request->ref.len > 0) {
            printf(" · %s %s", tr(ui, "ref", "kenmerk"), shown_text(ui, request->ref));
        }
        putchar('\n');
    }
    for (size_t i = 0; i < request->n_offers; i++) {
        view_offer(ui, request->offers[i]);
    }
    for (size_t i = 0; i < request->n_releases; i++) {
        const Wire__ReleaseView *release = request->releases[i];
        printf(tr(ui, "  contact given: %s, for offer %s, on %s\n", "  contact gegeven: %s, voor aanbod %s, op %s\n"),
               bb_word(&bb_contact_channels, release->channel, ui->language), shown_id(ui, release->offer),
               shown_time(ui, release->released_at_ms));
    }
    if (request->cut) {
        puts(tr(ui, "  There are more than fit here; the newest are shown.",
                "  Er zijn er meer dan hier passen; de nieuwste staan hier."));
    }
}

void view_request(struct ui *ui, const struct bb_client *client, const Wire__RequestView *request)
{
    bool closed = request->state == WIRE__REQUEST_STATE__REQUEST_CLOSED;
    printf("%s%s  %s%s · %s%s%s\n", paint(ui, PAINT_BOLD), shown_id(ui, request->request),
           bb_word(&bb_request_states, request->state, ui->language), paint(ui, PAINT_PLAIN),
           shown_category(ui, client, request->category), closed ? " · " : "",
           closed ? bb_word(&bb_close_reasons, request->close_reason, ui->language) : "");
    if (request->text.len > 0) {
        printf("  “%s”\n", shown_text(ui, request->text));
    }
    view_details(ui, request->area, request->needed_by_ms, request->needed, request->language);
    printf(tr(ui, " · arranged: %u", " · geregeld: %u"), request->taken);
    if (request->priority == WIRE__PRIORITY__PRIORITY_SOON) {
        printf(" · %s", bb_word(&bb_priorities, request->priority, ui->language));
    }
    printf("  %s%s%s\n", paint(ui, PAINT_FAINT), shown_time(ui, request->opened_at_ms), paint(ui, PAINT_PLAIN));
    view_sides(ui, request);
}

void view_public_request(struct ui *ui, const struct bb_client *client, const char *title, enum paint colour,
                         const Wire__PublicRequest *request)
{
    printf("%s%s%s%s  %s", paint(ui, PAINT_BOLD), paint(ui, colour), title, paint(ui, PAINT_PLAIN),
           shown_id(ui, request->request));
    // A closed request is nothing but its id.
    if (request->category.len > 0) {
        printf(" · %s", shown_category(ui, client, request->category));
    }
    putchar('\n');
    if (request->text.len > 0) {
        printf("  “%s”\n", shown_text(ui, request->text));
        view_details(ui, request->area, request->needed_by_ms, request->needed, request->language);
        putchar('\n');
    }
}
