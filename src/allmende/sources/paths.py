"""Paths into replies: names with dots, ``[0]`` for a place in a list, ``[key=value]`` for the entry that has it."""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_STEP = re.compile(r"([^.\[\]]+)|\[(-?\d+)\]|\[([^\]=]+)=([^\]]*)\]")
ABSENT: Any = object()
Step = str | int | tuple[str, str]


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


def finder(path: str) -> Callable[[Any], Any]:
    """Give what follows one path, quickly where it goes over one or two names."""
    names = steps(path)
    if len(names) == 1 and names[0] == path:
        return lambda tree: tree.get(path, ABSENT) if type(tree) is dict else find(tree, path)
    if len(names) == 2 and isinstance(names[0], str) and isinstance(names[1], str):
        first, second = names

        def two(tree: Any) -> Any:
            inner = tree.get(first) if type(tree) is dict and path not in tree else None
            return inner.get(second, ABSENT) if type(inner) is dict else find(tree, path)

        return two
    return lambda tree: find(tree, path)


def _follow(tree: Any, step: Step) -> Any:
    if isinstance(step, str):
        return tree.get(step, ABSENT) if isinstance(tree, dict) else ABSENT
    entries = tree if isinstance(tree, list) else [tree]
    if isinstance(step, int):
        return entries[step] if -len(entries) <= step < len(entries) else ABSENT
    key, wanted = step
    return next((one for one in entries if isinstance(one, dict) and str(one.get(key)) == wanted), ABSENT)
