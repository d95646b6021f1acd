# SPDX-License-Identifier: MPL-2.0
# Makes roff of the --help of one subcommand, an option a line. part=own: its heading, sentence and own options, which
# end where those begin that all subcommands have; part=common: only these.
function roff(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    return text
}

/^Usage: / {
    sub(/^Usage: [^ ]+ /, "")
    sub(/\[OPTION\.\.\.\] */, "")
    sub(/ $/, "")
    heading = $0
    getline
    if (part == "own")
        printf ".SS \"%s\"\n%s\n", roff(heading), roff($0)
    next
}

/^ +--home=/ { common = 1 }

/^ +-/ {
    if (common != (part == "common"))
        next
    option = $0
    sub(/^ +/, "", option)
    text = option
    sub(/  +.*/, "", option)
    sub(/^[^ ]+( [^ ]+)?  +/, "", text)
    printf ".TP\n\\fB%s\\fR\n%s\n", roff(option), roff(text)
}
