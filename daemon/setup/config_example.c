// SPDX-License-Identifier: MPL-2.0
// The table of all keys, and the example configuration that is printed from it.
#include "config_table.h"

#include <string.h>

const struct config_key config_keys[CONFIG_KEYS_COUNT] = {
#define X(label, field, sort, low, high, preset, sample, text) \
    [CONFIG_INDEX_##field] = {.key = label, \
                              .kind = KIND_##sort, \
                              .offset = offsetof(struct config, field), \
                              .least = low, \
                              .most = high, \
                              .fallback = preset, \
                              .example = sample, \
                              .help = text},
#include "config.def"
#undef X
};

void config_print_example(FILE *out)
{
    const char *before = "";
    fputs("# Configuration of buurtbeld. Every key is shown; one that is left out has the value that is given as "
          "default.\n"
          "# Paths that do not begin with / start at the folder of this file.\n",
          out);
    for (size_t i = 0; i < CONFIG_KEYS_COUNT; i++) {
        const struct config_key *it = &config_keys[i];
        size_t section_length = (size_t)(strchr(it->key, '/') - it->key);
        if (strncmp(before, it->key, section_length + 1) != 0)
            fprintf(out, "\n%.*s\n", (int)section_length, it->key);
        before = it->key;
        fprintf(out, "    # %s\n", it->help);
        if (it->kind == KIND_COUNT)
            fprintf(out, "    # %llu to %llu.", (unsigned long long)it->least, (unsigned long long)it->most);
        else
            fputs("    #", out);
        if (it->fallback[0] != '\0')
            fprintf(out, " Default: %s\n", it->fallback);
        else
            fputs(" Default: as it is bound\n", out);
        fprintf(out, "    %s = \"%s\"\n", it->key + section_length + 1, it->example);
    }
}
