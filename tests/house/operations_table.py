"""The table of all operations in docs/operations.md, made from the registry.

`python -m tests.house.operations_table` writes it anew; a test says when that is due.
"""

import re
from pathlib import Path

from jobs.operations import registry
from jobs.operations.base import Operation

PAGE = Path(__file__).parent.parent.parent / "docs" / "operations.md"
BEGIN, END = "<!-- the table of all operations begins -->", "<!-- it ends -->"
HEAD = """| operation | parameters | calls | the role needs | risk | dry run | going back by hand | a repeat |
|---|---|---|---|---|---|---|---|"""


def table() -> str:
    return "\n".join([HEAD, *(row(operation) for operation in registry.OPERATIONS)])


def row(operation) -> str:
    asked = [operation.parse(example) for example in operation.examples]
    anchor = operation.name.lower()
    cells = (
        f"[{operation.label}](#{anchor})",
        code(sorted({name for example in operation.examples for name in example})) or "none",
        code(operation.calls),
        needed(asked),
        ", ".join(dict.fromkeys(str(one.danger().label) for one in asked)),
        "cannot tell" if operation.foresee is Operation.foresee else "yes",
        operation.back,
        operation.again,
    )
    return f"| {' | '.join(cells)} |"


def needed(asked) -> str:
    """What a task fails without, for some parameters at least."""
    musts = {}
    for one in asked:
        for permission in one.permissions():
            if not permission.is_look:
                musts.setdefault((permission.action, permission.on), permission)
    if not musts:
        return "nothing of a storage"
    return "; ".join(words(permission) for permission in musts.values())


def words(permission) -> str:
    on = " on the bucket that is written" if permission.on.name == "TARGET" else ""
    only = f", {permission.only}" if permission.only else ""
    return f"`{permission.action}`{on}{only}"


def code(names) -> str:
    return ", ".join(f"`{name}`" for name in names)


def written(page: str) -> str:
    """The page with the table as it is now."""
    new = f"{BEGIN}\n{table()}\n{END}"
    return re.sub(rf"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: new, page, flags=re.DOTALL)


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text()))
