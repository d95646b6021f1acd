# SPDX-License-Identifier: MPL-2.0
# Makes roff of the vocabulary in lib/words.h: a list of words is "#define BB_NAME(X)" and X(SYMBOL, number, "English",
# "Dutch") on its lines.
BEGIN {
    print "What options take, in English or, in brackets, in Dutch; a Dutch one of several words stands in quotes."
}

/^#define BB_[A-Z_]+\(X\)/ {
    name = $2
    sub(/^BB_/, "", name)
    sub(/\(X\).*/, "", name)
    gsub(/_/, " ", name)
    printf ".TP\n\\fB%s\\fR\n", tolower(name)
    open = 1
}

open {
    rest = $0
    while (match(rest, /X\([A-Z_]+, [0-9]+, "[^"]*", "[^"]*"\)/)) {
        split(substr(rest, RSTART, RLENGTH), quoted, "\"")
        rest = substr(rest, RSTART + RLENGTH)
        last = $0 !~ /\\$/ && rest !~ /X\(/
        printf "%s%s%s\n", quoted[2], quoted[4] == quoted[2] ? "" : " (" quoted[4] ")", last ? "" : ","
    }
    if ($0 !~ /\\$/)
        open = 0
}
