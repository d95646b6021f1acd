# SPDX-License-Identifier: MPL-2.0
#
# What becomes of requests and mailbox items at a giver's: which alerts its person was shown, which updates and cancels
# must follow. It works on the rows of the keeper and knows neither sockets nor channels.
import hashlib

from . import schema

OPEN = schema.value("wire.RequestState", "REQUEST_OPEN")
FILLED = schema.value("wire.RequestState", "REQUEST_FILLED")


class Shown:
    def __init__(self, keeper, tell):
        self.keeper = keeper
        self.tell = tell

    def take_request(self, request, way, snapshot=False):
        """A PublicRequest came. The higher revision wins, but a snapshot is believed whatever its revision."""
        rows, key = self.keeper.rows["requests"], str(request.request)
        known = rows.get(key, {"revision": 0, "state": 0, "shown": False, "digest": ""})
        digest = hashlib.blake2b(request.SerializeToString(), digest_size=8).hexdigest()
        shown, newer = known["shown"], request.revision > known["revision"]
        comes_back = request.revision == known["revision"] and request.state == OPEN and not shown
        if not (newer or comes_back or snapshot and digest != known["digest"]):
            return
        if request.state == OPEN:
            self.tell("update" if shown and known["state"] == OPEN else "alert", request, way)
        elif shown:
            self.tell("update" if request.state == FILLED else "cancel", request, way)
        rows[key] = {"revision": request.revision, "state": request.state, "digest": digest,
                     "shown": request.state == OPEN or shown and request.state == FILLED}

    def cancel_all_but(self, kept):
        """A snapshot replaces: what was shown and is not in it is over."""
        for key, row in self.keeper.rows["requests"].items():
            if row["shown"] and int(key) not in kept:
                self.tell("cancel", schema.message("wire.PublicRequest")(request=int(key)), "page")
                row["shown"] = False

    def take_item(self, item, way):
        """A MailboxItem: offers and requests carry a revision, releases and parties are told as they come."""
        kind = item.WhichOneof("what")
        view = getattr(item, kind) if kind else None
        if kind in ("offer", "request"):
            revisions, key = self.keeper.rows["revisions"], f"{kind} {getattr(view, kind)}"
            if view.revision <= revisions.get(key, 0):
                return
            revisions[key] = view.revision
        if kind:
            self.tell(kind, view, way)
