# SPDX-License-Identifier: MPL-2.0
#
# A foreign client: a giver's client of Buurtbel as somebody would write it who has nothing but proto/PROTOCOL.md and
# the two schema files that it names. It must never import, read or copy anything else of this project (tests/e2e/wire.py
# least of all): what it cannot do, the page does not tell. tests/e2e/test_foreign_client.py runs it.
#
# schema.py    the messages, the frame, ids as people write them, invitations      (page: Frames, Becoming a member)
# seals.py     boxes of notices, releases, check words                             (page: Sealed things)
# keeper.py    what is kept on disk: keys, cursors, alerts shown, open commands    (page: Cursor, Commands)
# line.py      one CURVE socket                                                    (page: Sockets)
# enrol.py     from an invitation to a member                                      (page: Becoming a member)
# client.py    the session: hello, follow, repair, command                         (page: Sessions, Channels, Sync)
# shown.py     what becomes of a request at a giver's                              (page: Channels)
