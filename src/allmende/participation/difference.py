"""What changed between two wordings, word by word, as parts that a page can read aloud."""

import difflib
import re
from collections.abc import Iterator
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


def _parts(old: list[str], new: list[str]) -> Iterator[Part]:
    bare_old, bare_new = ([word.strip() for word in words] for words in (old, new))
    matcher = difflib.SequenceMatcher(None, bare_old, bare_new, autojunk=False)
    for kind, first, last, begin, end in matcher.get_opcodes():
        if kind == "equal":
            yield Part("same", "".join(new[begin:end]))
            continue
        if last > first:
            yield Part("out", "".join(old[first:last]))
        if end > begin:
            yield Part("in", "".join(new[begin:end]))
