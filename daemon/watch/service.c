// SPDX-License-Identifier: MPL-2.0
// sd_notify(3) and sd_watchdog_enabled(3). What cannot be told is not an error: the manager notices by itself.
#include "service.h"

#include <systemd/sd-daemon.h>

void service_ready(void)
{
    sd_notify(0, "READY=1");
}

void service_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

int64_t service_watchdog_interval_ms(void)
{
    uint64_t interval_us = 0;
    if (sd_watchdog_enabled(0, &interval_us) <= 0)
        return 0;
    int64_t half_ms = (int64_t)(interval_us / 2000);
    return half_ms > 0 ? half_ms : 1;
}

void service_alive(void)
{
    sd_notify(0, "WATCHDOG=1");
}
