"""Answers to GET and HEAD: made in a thread, as JSON at once or streamed block by block in another format."""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from starlette.responses import Response, StreamingResponse

from allmende.apis.sensorthings.answer import Answerer
from allmende.apis.sensorthings.apply import OPTION as APPLY
from allmende.apis.sensorthings.apply import read_apply
from allmende.apis.sensorthings.cells import Written
from allmende.apis.sensorthings.conditional import LARGEST_TAGGED, tag_of, unchanged
from allmende.apis.sensorthings.formats.choice import OPTION, choose
from allmende.apis.sensorthings.formats.shape import Format, Question
from allmende.apis.sensorthings.lex import fault
from allmende.apis.sensorthings.options import read_options
from allmende.apis.sensorthings.paths import read_path
from allmende.gate.door import Gate, Grant

JSON, TEXT = "application/json", "text/plain; charset=utf-8"


class _Ready(Response):
    """An answer whose body is bytes already, in whatever buffer."""

    def render(self, content: Any) -> Any:
        """Give the body as it is."""
        return content


class Reading:
    """One reading request, as far as it can be judged before the store is asked."""

    def __init__(self, path: str, pairs: dict[str, str], headers: Mapping[str, str], method: str) -> None:
        self.resource = read_path(path)
        named = pairs.pop(OPTION, None)
        self.form = choose(named, headers.get("accept", ""))
        self.grouped = read_apply(self.resource, pairs, named) if APPLY in pairs else None
        pairs.pop(APPLY, None)
        if self.resource.part or self.resource.ref:
            if named is not None and self.form is not None:
                raise fault(OPTION, 1, "nur für ganze Objekte möglich", "possible for whole entities only")
            self.form = None
        self.options = read_options(pairs)
        self.whole = "$top" not in pairs and "$skiptoken" not in pairs
        self.known = headers.get("if-none-match", "")
        self.secret = "authorization" in headers
        self.head = method == "HEAD"

    def answer(self, gate: Gate, grant: Grant, root: str, address: str) -> Response:
        """Give the answer; of a stream the first block, so that an error is told as such."""
        answerer = Answerer(gate, grant, root)
        if self.grouped is not None:
            with gate.view():
                body = self.grouped.body(answerer, self.resource, self.options)
            return self._at_once(body, JSON)
        if self.form is not None:
            whole = self.whole and self.form.whole
            question = Question(answerer, self.resource, self.options, address, whole=whole)
            return self._stream(self.form, question)
        with gate.view():
            body = answerer.body(self.resource, self.options, address)
        return self._at_once(body, TEXT if self.resource.raw else JSON)

    def _headers(self) -> dict[str, str]:
        """Keep what was opened to one from another: stored answers are asked for anew, those to tokens are private."""
        scope = "private" if self.secret else "public"
        return {"Cache-Control": f"{scope}, no-cache", "Vary": "Accept, Authorization"}

    def _at_once(self, body: Written, media: str) -> Response:
        headers = self._headers()
        if not body:
            return Response(None, 204, headers)
        if len(body) <= LARGEST_TAGGED:
            headers["ETag"] = tag_of(body)
            if self.known and unchanged(self.known, headers["ETag"]):
                return Response(None, 304, headers)
        return _Ready(body, 200, headers, media)

    def _stream(self, form: Format, question: Question) -> Response:
        blocks = form.write(question)
        if not form.whole:
            with question.answerer.gate.view():
                (body,) = blocks
            return self._at_once(body, form.content_type)
        first = next(blocks)
        headers = self._headers()
        if question.link is not None:
            headers["Link"] = f'<{question.link}>; rel="next"'
        if self.head:
            headers["Vary"] += ", Accept-Encoding"
            return Response(None, 200, headers, form.content_type)
        return StreamingResponse(_rest(first, blocks), 200, headers, form.content_type)


def _rest(first: Written, blocks: Iterator[Written]) -> Iterator[bytes]:
    """Give all blocks; when the reader goes away, this is closed and nothing more is read."""
    for block in chain([first], blocks):
        if block:
            yield bytes(block)
