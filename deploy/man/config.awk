# SPDX-License-Identifier: MPL-2.0
# Makes buurtbeld.zpl(5) of the example configuration: comments stand above the key that they are about.
function roff(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    return text
}

BEGIN {
    printf ".TH BUURTBELD.ZPL \"5\" \"\" \"%s\" \"Buurtbel\"\n", version
    print ".SH NAME\nbuurtbeld.zpl \\- configuration of the Buurtbel broker"
    print ".SH DESCRIPTION"
    print "Configuration of \\fBbuurtbeld\\fR(8) in ZPL: sections at the beginning of a line, their keys indented by four"
    print "spaces, values in quotes. \\fBbuurtbel\\-ctl init\\fR writes one for a new community;"
    print "\\fBbuurtbeld \\-\\-check\\-config\\fR tells every mistake with its line. The file is read at the start only."
    print "A key that is left out has its default. Paths that do not begin with / start at the folder of this file."
    print "Endpoints are tcp://ADDRESS:PORT, sizes are bytes with K, M, G or T behind them."
}

{ whole = whole roff($0) "\n" }

/^[a-z]/ {
    section = $1
    printf ".SH \"%s\"\n", toupper(section)
}

/^    #/ {
    sub(/^ *# */, "")
    text = text roff($0) "\n"
}

/^    [a-z]/ {
    printf ".TP\n\\fB%s\\fR\n%s", roff(section "/" $1), text
    text = ""
}

END {
    printf ".SH EXAMPLE\n.nf\n%s.fi\n", whole
    print ".SH \"SEE ALSO\"\n\\fBbuurtbeld\\fR(8), \\fBbuurtbel\\-ctl\\fR(1)"
}
