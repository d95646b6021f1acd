# SPDX-License-Identifier: MPL-2.0
"""ZPL as far as Buurtbel's files use it: names and `name = "value"`, nested by four spaces.

Reads and writes configurations and identities for the tests. Not for files that people wrote by hand.
"""


def read(path):
    """A file as nested dicts. A value that has children too loses its own."""
    root = {}
    open_at = [root]
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.split("#")[0] if '"' not in line else line
        if not text.strip() or text.strip().startswith("#"):
            continue
        depth = (len(text) - len(text.lstrip(" "))) // 4
        name, equals, value = text.strip().partition("=")
        del open_at[depth + 1:]
        parent = open_at[depth]
        if equals:
            parent[name.strip()] = value.strip().strip('"')
            open_at.append({})
        else:
            open_at.append(parent.setdefault(name.strip(), {}))
    return root


def write(path, tree):
    """Writes nested dicts; keeps the mode of a file that is there."""
    lines = []

    def add(branch, depth):
        for name, value in branch.items():
            if isinstance(value, dict):
                lines.append("    " * depth + name)
                add(value, depth + 1)
            else:
                lines.append("    " * depth + f'{name} = "{value}"')

    add(tree, 0)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def change(path, settings):
    """Sets values by their path, such as {"limits/commands-burst": 1000}."""
    tree = read(path)
    for key, value in settings.items():
        *parents, name = key.split("/")
        branch = tree
        for parent in parents:
            branch = branch.setdefault(parent, {})
        branch[name] = str(value)
    write(path, tree)
