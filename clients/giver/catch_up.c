// SPDX-License-Identifier: MPL-2.0
// Receives what there is before a list is shown. Where a `listen` runs in the same home, its store is fresh already.
#include "giver.h"

#include "broker.h"
#include "kept.h"
#include "lost.h"

enum { CATCH_UP_MS = 5000 };

static void note(void *context, const struct bb_event *event)
{
    struct catch_up *catch_up = context;
    tell_kept(catch_up->ui, event);
    tell_lost(catch_up->ui, event);
    catch_up->alerts += event->kind == BB_EVENT_ALERT && !event->again;
    if (event->kind == BB_EVENT_REFUSED) {
        catch_up->refused = event->code;
    }
    if (event->kind != BB_EVENT_COMPLETE) {
        return;
    }
    size_t at = 0;
    while (at < catch_up->channels && catch_up->heard[at].channel != event->channel) {
        at++;
    }
    if (at < CHANNELS_PER_CLIENT_MAX) {
        catch_up->heard[at].channel = event->channel;
        catch_up->heard[at].seq = event->seq;
        catch_up->channels += at == catch_up->channels;
    }
}

int catch_up_open(struct ui *ui, struct catch_up *out)
{
    *out = (struct catch_up){.ui = ui};
    enum bb_code code = broker_follow(ui, note, out, &out->client);
    if (code == BB_IN_USE) {
        out->elsewhere = true;
        return broker_open(ui, &out->client);
    }
    int64_t until = ui_steady_ms() + (ui->timeout_ms < CATCH_UP_MS ? ui->timeout_ms : CATCH_UP_MS);
    while (code == BB_OK && out->refused == BB_OK && !bb_client_complete(out->client) && ui_steady_ms() < until) {
        code = bb_client_wait(out->client, 100);
    }
    if (code != BB_OK) {
        bb_client_close(&out->client);
        return complain_code(ui, code);
    }
    out->complete = bb_client_complete(out->client);
    return STATUS_DONE;
}

void catch_up_close(struct ui *ui, struct catch_up *catch_up)
{
    if (catch_up->alerts > 0) {
        complain(ui,
                 tr(ui, "New requests came in: %zu. Look at them with %s list.",
                    "Nieuwe hulpvragen: %zu. Bekijk ze met %s list."),
                 catch_up->alerts, ui->program);
    }
    if (catch_up->refused != BB_OK) {
        (void)complain_code(ui, catch_up->refused);
    } else if (!catch_up->elsewhere && !catch_up->complete) {
        complain(ui, "%s",
                 tr(ui, "The broker could not be reached, so this may not be the newest state.",
                    "De server was niet bereikbaar, dus dit is misschien niet de nieuwste stand."));
    }
    bb_client_close(&catch_up->client);
}
