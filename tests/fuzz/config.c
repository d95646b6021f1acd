// SPDX-License-Identifier: MPL-2.0
// Configuration: ZPL of any kind, and what the daemon makes of it. What it cannot use, it says why, by line.
//
// Input: the text of buurtbeld.zpl. The server's keys and the folder that it may name are there.
#include "fuzz.h"

#include "file/zpl.h"
#include "setup/config.h"

#include <sys/stat.h>

// What was read is written as a text that is read as the same tree.
static bool same_tree(const struct zpl *a, const struct zpl *b)
{
    for (; a && b; a = a->next, b = b->next) {
        if (strcmp(a->name, b->name) != 0 || strcmp(a->value, b->value) != 0 || !same_tree(a->children, b->children))
            return false;
    }
    return !a && !b;
}

static void check_zpl(const uint8_t *bytes, size_t size)
{
    struct zpl *root = NULL, *again = NULL;
    struct zpl_problem problem = {0};
    char *text = NULL;
    size_t text_size = 0;
    enum bb_code code = zpl_read((const char *)bytes, size, &root, &problem);
    insist(code == BB_OK || (problem.what && (code == BB_TOO_LARGE || problem.line > 0)));
    if (code != BB_OK)
        return;
    if (zpl_write(root, &text, &text_size) == BB_OK) {
        insist(zpl_read(text, text_size, &again, &problem) == BB_OK && same_tree(root->children, again->children));
        zpl_destroy(&again);
        free(text);
    }
    zpl_destroy(&root);
}

// The key pair of RFC 7748, which belongs together.
static void make_server_keys(void)
{
    static const char keys[] = "curve\n"
                               "    public-key = \"Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID\"\n"
                               "    secret-key = \"D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs\"\n";
    char *path = fuzz_path("server.zpl"), *folder = fuzz_path("store");
    fuzz_write(path, keys, sizeof keys - 1, S_IRUSR | S_IWUSR);
    insist(mkdir(folder, S_IRWXU) == 0);
    free(path);
    free(folder);
}

static void check_config(const char *path)
{
    char *told = NULL;
    size_t told_size = 0;
    struct config *config = NULL;
    FILE *problems = open_memstream(&told, &told_size);
    insist(problems != NULL);
    enum bb_code code = config_load(path, &config, problems);
    fclose(problems);
    insist(code == BB_OK || code == BB_BAD_CONFIG);
    insist((code == BB_OK) == (config != NULL));
    insist(code == BB_OK ? told_size == 0 : told_size > 0 && told[told_size - 1] == '\n');
    if (config) {
        insist(config->command_endpoint && config->publish_endpoint && config->command_reach && config->publish_reach);
        insist(strlen(config->server_public_text) == SERVER_KEY_TEXT_SIZE - 1);
        config_destroy(&config);
    }
    free(told);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const char *path;
    if (!path) {
        fuzz_random_from_start();
        path = fuzz_path("buurtbeld.zpl");
        make_server_keys();
    }
    check_zpl(bytes, size);
    fuzz_write(path, bytes, size, S_IRUSR | S_IWUSR);
    check_config(path);
    return 0;
}
