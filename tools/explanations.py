"""The tables of docs/errors.md and docs/errors.ko.md, written from `upbit.explain`.

    python -m tools.explanations            write the tables
    python -m tools.explanations --check    write nothing; 1 if a table is not what would be written

A table stands between two comments, `<!-- names -->` and `<!-- end of names -->`; all else on the pages is kept by
hand.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from upbit.errors import EXCHANGE_ERRORS
from upbit.explain import Language, explain
from upbit.explain.answers import ANSWERS, SAME
from upbit.explain.orders import RULES

from .reference import DOCS

PAGES: Mapping[str, Language] = {"errors.md": "en", "errors.ko.md": "ko"}
HEADS: Mapping[Language, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "names": ("name", "class", "cause", "cure"),
        "rules": ("rule", "cause", "cure"),
    },
    "ko": {
        "names": ("이름", "클래스", "원인", "해결"),
        "rules": ("규칙", "원인", "해결"),
    },
}


def rows(table: str, lang: Language) -> Iterator[tuple[str, ...]]:
    """The rows of a table."""
    if table == "rules":
        for rule in RULES:
            yield f"`{rule}`", *explain(rule, lang)
        return
    for name, known in EXCHANGE_ERRORS.items():
        yield f"`{name}`", f"`{known.error.__name__}`", *explain(name, lang)
    for name in [*ANSWERS, *SAME]:
        if name.isupper() and name not in EXCHANGE_ERRORS:
            yield f"`{name}`", "`SocketError`", *explain(name, lang)


def written(table: str, lang: Language) -> str:
    """A table between its comments."""
    head = HEADS[lang][table]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows(table, lang)]
    return "\n".join([f"<!-- {table} -->\n", *lines, f"\n<!-- end of {table} -->"])


def page(text: str, lang: Language) -> str:
    """A page with its tables as they should be."""
    for table in HEADS[lang]:
        pattern = rf"<!-- {table} -->.*?<!-- end of {table} -->"
        text = re.sub(pattern, lambda _, table=table: written(table, lang), text, flags=re.DOTALL)
    return text


def main(arguments: Sequence[str] | None = None, *, folder: Path = DOCS) -> int:
    """Write the tables, or say whether they are as they would be written."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.explanations", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if a table differs")
    check = parser.parse_args(arguments).check
    differs = False
    for name, lang in PAGES.items():
        found = (folder / name).read_text("utf-8")
        wanted = page(found, lang)
        if check and found != wanted:
            differs = True
            print(f"the tables of {name} are not what upbit.explain says: run `make docs`")
        elif not check:
            (folder / name).write_text(wanted, "utf-8")
    return 1 if differs else 0


if __name__ == "__main__":
    raise SystemExit(main())
