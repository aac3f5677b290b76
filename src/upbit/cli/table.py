"""Results as tables: a row a record when that fits the terminal, else a line a field. Nothing is cut off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import msgspec
from rich.console import Console
from rich.table import Table


def show(result: object, console: Console) -> None:
    """Show the result of an operation."""
    plain: object = msgspec.to_builtins(result)
    if not isinstance(plain, list):
        console.print(_fields(plain))
        return
    rows = [dict(_flat(row)) for row in cast("list[object]", plain)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    table = Table(*names)
    for texts in rows:
        table.add_row(*(texts.get(name, "") for name in names))
    if console.measure(table, options=console.options.update(max_width=10_000)).maximum <= console.width:
        console.print(table)
    else:
        for row in cast("list[object]", plain):
            console.print(_fields(row))


def _fields(record: object) -> Table:
    table = Table(show_header=False)
    table.add_column()
    table.add_column(overflow="fold")
    for name, value in _flat(record):
        table.add_row(name, value)
    return table


def _flat(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    """Take records apart into names, as `market.bid.min_total`, and texts."""
    if isinstance(value, Mapping):
        for key, inner in cast("Mapping[str, object]", value).items():
            yield from _flat(inner, f"{name}.{key}" if name else key)
    elif value is None:
        yield name, ""
    else:
        yield name, value if isinstance(value, str) else msgspec.json.encode(value).decode()
