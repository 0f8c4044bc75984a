"""Values that programs get wrong: numbers where types end, and texts with odd characters."""

#: Where signed and unsigned integers, and the whole numbers of a double, end.
ENDS = (2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 2, 2**64 - 1)
#: Texts that a shell, a format string, a parser of paths or a C program might take for something else.
TEXTS = (
    "",
    " ",
    " a b ",
    "tab\tline\n",
    "ünï€𝄞",
    "'\"`",
    "back\\slash",
    "$HOME ${PATH}",
    "%s%n",
    "--help",
    "a=b,c:d;e",
    "*?[x]",
    "x" * 4097,
)
#: Names of files that are odd and yet names.
NAMES = ("a b", "-o", "%s", "comma,colon:", "back\\slash", "ü", "...", "new\nline", "x" * 200)
IDS = (0, 1, 65534, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 2)
