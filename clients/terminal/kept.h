// SPDX-License-Identifier: MPL-2.0
// A command that was given while the broker was away is sent later, by whichever run comes next. Its person is told here.
#ifndef TERMINAL_KEPT_H
#define TERMINAL_KEPT_H

#include "ui.h"

// Says on stderr what became of the kept command, when the event is about one. For handlers of events.
void tell_kept(const struct ui *ui, const struct bb_event *event);

#endif
