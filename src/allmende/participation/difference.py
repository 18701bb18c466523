"""What changed between two wordings, word by word, as parts that a page can read aloud."""

import difflib
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Literal

import msgspec

_WORDS = re.compile(r"\s*\S+\s*")
# Beyond this the comparison word by word takes too long; the whole is shown as replaced.
MOST_WORDS = 4_000


class Part(msgspec.Struct, frozen=True):
    """A piece of text that stayed, was put in, or was taken out."""

    kind: Literal["same", "in", "out"]
    text: str


def difference(before: str, after: str) -> list[Part]:
    """Compare two wordings by words, each with the mark that stands at it and the space behind."""
    old, new = _WORDS.findall(f"{before} "), _WORDS.findall(f"{after} ")
    if max(len(old), len(new)) > MOST_WORDS:
        return [Part("out", before), Part("in", after)]
    return list(_parts(old, new))


def merged(base: str, current: str, proposed: str) -> str | None:
    """Put the changes of a proposal into a wording that went on meanwhile.

    None where both changed the same words, or words side by side: somebody has to read that.
    """
    old, here, there = (_WORDS.findall(f"{text} ") for text in (base, current, proposed))
    if max(map(len, (old, here, there))) > MOST_WORDS:
        return None
    edits = sorted({*_edits(old, here), *_edits(old, there)})
    if any(begin <= last for (_, last, _), (begin, _, _) in pairwise(edits)):
        return None
    for first, last, words in reversed(edits):
        old[first:last] = words
    return "".join(old).strip()


def _edits(old: list[str], new: list[str]) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    for kind, first, last, begin, end in _steps(old, new):
        if kind != "equal":
            yield first, last, tuple(new[begin:end])


def _steps(old: list[str], new: list[str]) -> list[tuple[str, int, int, int, int]]:
    bare_old, bare_new = ([word.strip() for word in words] for words in (old, new))
    return list(difflib.SequenceMatcher(None, bare_old, bare_new, autojunk=False).get_opcodes())


def _parts(old: list[str], new: list[str]) -> Iterator[Part]:
    for kind, first, last, begin, end in _steps(old, new):
        if kind == "equal":
            yield Part("same", "".join(new[begin:end]))
            continue
        if last > first:
            yield Part("out", "".join(old[first:last]))
        if end > begin:
            yield Part("in", "".join(new[begin:end]))
