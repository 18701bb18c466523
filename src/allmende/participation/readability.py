"""How hard a German text is to read: a hint for whoever writes it, never a refusal."""

import re

import msgspec

from allmende.kernel.text import Text

# Björnsson's LIX: words to a sentence, and how many words of a hundred have more than six letters.
LONG_WORD = 6
_SENTENCE = re.compile(r"[^.!?:\n]+[.!?:]?")
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
BANDS = (
    (40, Text("leicht", "easy")),
    (50, Text("mittel", "medium")),
    (60, Text("schwer", "hard")),
    (1_000, Text("sehr schwer", "very hard")),
)


class Reading(msgspec.Struct, frozen=True):
    """How a text reads: its LIX, in words, and the sentences that are longer than they should be."""

    lix: int
    long_sentences: tuple[str, ...]

    @property
    def band(self) -> Text:
        """Say it in words."""
        return next(text for most, text in BANDS if self.lix < most)


def reading(text: str, most_words: int = 20) -> Reading | None:
    """Judge a text; None where there are too few words to say anything."""
    sentences = [one.strip() for one in _SENTENCE.findall(text) if _WORD.search(one)]
    words = _WORD.findall(text)
    if len(words) < 8:
        return None
    long = sum(len(word) > LONG_WORD for word in words)
    lix = min(999, round(len(words) / len(sentences) + 100 * long / len(words)))
    return Reading(lix, tuple(one for one in sentences if len(_WORD.findall(one)) > most_words))
