// SPDX-License-Identifier: MPL-2.0
// What the reader and the writer of ZPL must agree on. Private to zpl.c and zpl_read.c.
#ifndef BUURTBEL_ZPL_GRAMMAR_H
#define BUURTBEL_ZPL_GRAMMAR_H

#define ZPL_NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789$-_@.&+"

enum { ZPL_INDENT_SIZE = 4 };

#endif
