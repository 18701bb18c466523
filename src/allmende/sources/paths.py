"""Paths into replies: names with dots, ``*`` for the first of any name, ``[0]`` by place, ``[key=value]`` by entry."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_STEP = re.compile(r"([^.\[\]]+)|\[(-?\d+)\]|\[([^\]=]+)=([^\]]*)\]")
ABSENT: Any = object()
Step = str | int | tuple[str, str]
Look = Callable[[dict[str, Any]], Any]


@lru_cache(4_096)
def steps(path: str) -> tuple[Step, ...]:
    """Take a path apart; raise ``ValueError`` where it is none."""
    found: list[Step] = []
    place = 0
    while place < len(path):
        match = _STEP.match(path, place)
        if match is None:
            raise ValueError(path)
        name, number, key, wanted = match.groups()
        found.append(name if name is not None else int(number) if number is not None else (key, wanted))
        place = match.end()
        if path[place : place + 1] == ".":
            place += 1
    return tuple(found)


def find(tree: Any, path: str) -> Any:
    """Follow a path; ``ABSENT`` where it leads nowhere. The name of a column may hold any sign."""
    if isinstance(tree, dict) and path in tree:
        return tree[path]
    for step in steps(path):
        tree = _follow(tree, step)
        if tree is ABSENT:
            return ABSENT
    return tree


def look(path: str) -> Look:
    """Give what follows a path in records, as ``find`` does; names alone, as most paths are, take the short way."""
    names = [step for step in steps(path) if isinstance(step, str) and step != "*"]
    if len(names) != len(steps(path)) or not 0 < len(names) < 3:
        return lambda record: find(record, path)
    if len(names) == 1:
        return lambda record: record.get(path, ABSENT)
    first, second = names

    def within(record: dict[str, Any]) -> Any:
        if path in record:
            return record[path]
        inner = record.get(first)
        return inner.get(second, ABSENT) if isinstance(inner, dict) else ABSENT

    return within


def _follow(tree: Any, step: Step) -> Any:
    if step == "*" and isinstance(tree, dict):
        return next(iter(tree.values()), ABSENT)
    if isinstance(step, str):
        return tree.get(step, ABSENT) if isinstance(tree, dict) else ABSENT
    entries = tree if isinstance(tree, list) else [tree]
    if isinstance(step, int):
        return entries[step] if -len(entries) <= step < len(entries) else ABSENT
    key, wanted = step
    return next((one for one in entries if isinstance(one, dict) and str(one.get(key)) == wanted), ABSENT)
