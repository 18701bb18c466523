"""Words without the tags in which another system wrote them."""

import re
from html.parser import HTMLParser

_APART = frozenset({"p", "br", "div", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6", "tr", "table"})
_UNSEEN = frozenset({"script", "style", "template", "iframe", "object"})


class _Words(HTMLParser):
    """Gathers what a browser would show."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _APART:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        if tag in _APART:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)


def plain_text(words: str) -> str:
    """Give words as a page would show them; what looks like no tag stays as it is."""
    if "<" not in words and "&" not in words:
        return _spaced(words)
    reader = _Words()
    reader.feed(words)
    reader.close()
    return _spaced("".join(reader.parts))


def _spaced(words: str) -> str:
    """Leave one blank between words, and at most one empty line between paragraphs."""
    lines = [" ".join(line.split()) for line in words.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
