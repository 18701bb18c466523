"""The one shape of all formats: a name, a media type, and a function that turns a question into blocks of bytes."""

from collections.abc import Callable, Iterator
from functools import cached_property

import msgspec

from allmende.apis.sensorthings.answer import Answerer, next_link
from allmende.apis.sensorthings.cells import Written
from allmende.apis.sensorthings.options import GREATEST_TOP, Options
from allmende.apis.sensorthings.paths import Resource
from allmende.apis.sensorthings.runs import writable
from allmende.gate.query import Columns, Kind, Page, Record

BLOCK_OF_ENTITIES = 500


class Question:
    """A reading request; the pages of its answer are read one after the other, while they are written out."""

    def __init__(
        self, answerer: Answerer, resource: Resource, options: Options, address: str, *, whole: bool = False
    ) -> None:
        self.answerer, self.resource, self.options, self.address = answerer, resource, options, address
        self.whole = whole and not resource.single
        if self.whole:
            size = GREATEST_TOP if resource.target == "Observations" else BLOCK_OF_ENTITIES
            self.options = msgspec.structs.replace(options, top=size)
        self._pages = answerer.pages(resource, self.options)

    @cached_property
    def first(self) -> Page:
        """Give the first page."""
        return next(self._pages)

    @cached_property
    def columns(self) -> Columns | None:
        """Give the first page as columns, where it is nothing but numbers and times."""
        found = self.answerer.columns(self.resource, self.options)
        return found if found is not None and writable(found) else None

    @property
    def kind(self) -> Kind:
        """Give the set that is asked for."""
        return self.resource.target

    @property
    def link(self) -> str | None:
        """Give the address of the next page, where the answer is a page only."""
        page = self.__dict__.get("columns") or self.first
        after = None if self.whole or self.options.top == 0 else page.next_after
        return None if after is None else next_link(self.address, after)

    def blocks(self) -> Iterator[list[Record]]:
        """Give the records page by page."""
        yield self.first.records
        if self.whole:
            for page in self._pages:
                yield page.records


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """A format; ``whole`` gives all pages as one answer where ``$top`` is absent."""

    name: str
    media: str
    write: Callable[[Question], Iterator[Written]]
    whole: bool = True
    charset: bool = False

    @property
    def content_type(self) -> str:
        """Give the value of the header."""
        return f"{self.media}; charset=utf-8" if self.charset else self.media
