// SPDX-License-Identifier: MPL-2.0
// What must be set for the whole process before the first call of czmq or libzmq. Called by main and by tests.
#ifndef BUURTBELD_PROCESS_H
#define BUURTBELD_PROCESS_H

// Takes ZSYS_* out of the environment (czmq would let it change limits and signal handling) and keeps czmq's hands off
// SIGINT and SIGTERM. Before any thread is started.
void process_prepare(void);

#endif
