// SPDX-License-Identifier: MPL-2.0
// Whole small files: reading with a limit, writing so that a power cut leaves the old or the new one, privacy.
//
// Called for configuration, identity and invitation files. Store and keyring look after their own files.
#ifndef BUURTBEL_FILE_H
#define BUURTBEL_FILE_H

#include "codes.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

// `*out` is the caller's to free, and ends in NUL that `*size` does not count. Regular files only.
// BB_NOT_FOUND, BB_TOO_LARGE, BB_NO_MEMORY, BB_IO.
BB_CHECKED enum bb_code file_read(const char *path, size_t size_max, uint8_t **out, size_t *size);

// The same for a file with secrets: also BB_OPEN_PERMISSIONS, checked on the very file that is read.
BB_CHECKED enum bb_code file_read_private(const char *path, size_t size_max, uint8_t **out, size_t *size);

// Writes under a temporary name in the same folder, syncs, renames and syncs the folder. BB_IO.
BB_CHECKED enum bb_code file_write_durably(const char *path, const void *bytes, size_t size, mode_t mode);

// Syncs the folder that `path` stands in: until then a power cut may take a new name away again. BB_IO.
BB_CHECKED enum bb_code file_sync_folder(const char *path);

// BB_OPEN_PERMISSIONS when group or others can do anything with the file, or it belongs to another user.
// BB_NOT_FOUND, BB_IO.
BB_CHECKED enum bb_code file_is_private(const char *path);

#endif
