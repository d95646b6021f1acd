// SPDX-License-Identifier: MPL-2.0
// What the daemon tells the service manager (systemd): ready, stopping, still turning. Called by the loop only.
//
// Without a service manager all of it does nothing.
#ifndef BUURTBELD_SERVICE_H
#define BUURTBELD_SERVICE_H

#include <stdint.h>

void service_ready(void);
void service_stopping(void);

// How often service_alive must be called, in milliseconds; half of what the manager waits. 0: nobody waits for it.
int64_t service_watchdog_interval_ms(void);
void service_alive(void);

#endif
