"""What comes in at the same time is stored in one go: many requests, one durable commit, then all the answers."""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence

import anyio.to_thread
import msgspec

from allmende.apis.sensorthings.create import collecting
from allmende.gate.door import Gate, Grant
from allmende.gate.quarantine import keep_refused
from allmende.gate.query import Batch, Receipt
from allmende.gate.tokens import authenticate
from allmende.kernel.errors import AllmendeError

MOST = 4_000
MOMENT, MOST_MOMENTS = 0.0005, 4
Outcome = Receipt | AllmendeError
Answer = list[Outcome] | Exception
Settle = Callable[[Answer], None]


class _Waiting(msgspec.Struct):
    """Batches of one request, with the token that it carries, and whom to tell in which loop."""

    plain: str
    batches: Sequence[Batch]
    settle: Settle
    loop: asyncio.AbstractEventLoop


class Ingest:
    """Takes batches from requests and stores what is waiting together, from a thread of its own.

    Tokens are looked at anew with each commit, so that one that was revoked writes nothing more.
    """

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._waiting: queue.SimpleQueue[_Waiting] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._names: dict[str, str] = {}

    def known(self, plain: str) -> str | None:
        """Name the source of a token that was seen lately."""
        return self._names.get(plain)

    async def source(self, plain: str) -> str:
        """Name the source of what a token sends; whether the token is still valid is for the commit to tell."""
        found = self.known(plain)
        if found is None:
            token = await anyio.to_thread.run_sync(lambda: authenticate(self._gate, plain))
            found = f"token:{token.name}"
            if len(self._names) >= MOST:
                self._names.clear()
            self._names[plain] = found
        return found

    async def put(self, plain: str, batches: Sequence[Batch]) -> list[Outcome]:
        """Store batches; when this returns, what was taken is durable."""
        if self._gate.bundled():
            return await anyio.to_thread.run_sync(lambda: self._stored([(plain, batches)])[0])
        answer: asyncio.Future[list[Outcome]] = asyncio.get_running_loop().create_future()

        def settle(told: Answer) -> None:
            if answer.done():
                return
            if isinstance(told, Exception):
                answer.set_exception(told)
            else:
                answer.set_result(told)

        self.soon(plain, batches, settle)
        return await answer

    def soon(self, plain: str, batches: Sequence[Batch], settle: Settle) -> None:
        """Store batches that belong to no bundle, and tell what became of them in the thread of this loop."""
        if self._thread is None:
            self._start()
        self._waiting.put(_Waiting(plain, batches, settle, asyncio.get_running_loop()))

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        crowd = 1
        while True:
            held = [self._waiting.get()]
            self._linger(crowd)
            size = len(held[0].batches)
            while size < MOST:
                try:
                    held.append(self._waiting.get_nowait())
                except queue.Empty:
                    break
                size += len(held[-1].batches)
            crowd = len(held)
            try:
                answers: Sequence[Answer] = self._stored([(one.plain, one.batches) for one in held])
            except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told
                answers = [error] * len(held)
            _tell(held, answers)

    def _linger(self, crowd: int) -> None:
        """Wait a moment for as many as came together last time: one commit for them all costs little more than one."""
        for _ in range(MOST_MOMENTS):
            if self._waiting.qsize() + 1 >= crowd:
                return
            time.sleep(MOMENT)

    def _stored(self, sent: list[tuple[str, Sequence[Batch]]]) -> list[list[Outcome]]:
        grants = {plain: self._grant(plain) for plain in dict.fromkeys(plain for plain, _ in sent)}
        allowed = [
            (grant, batch) for plain, batches in sent if isinstance(grant := grants[plain], Grant) for batch in batches
        ]
        outcomes = self._gate.append_all(allowed)
        keep_refused(self._gate, allowed, outcomes)
        found = iter(outcomes)
        answers: list[list[Outcome]] = []
        for plain, batches in sent:
            grant = grants[plain]
            answers.append([next(found) if isinstance(grant, Grant) else grant for _ in batches])
        return answers

    def _grant(self, plain: str) -> Grant | AllmendeError:
        try:
            token = authenticate(self._gate, plain)
            token.require("sensorthings:write", "observations:write")
            return self._gate.grant(collecting(token))
        except AllmendeError as error:
            return error


def _tell(held: list[_Waiting], answers: Sequence[Answer]) -> None:
    """Tell all who wait, with one call into each loop."""
    loops = {one.loop for one in held}
    for loop in loops:
        pairs = [(one.settle, answer) for one, answer in zip(held, answers, strict=True) if one.loop is loop]
        loop.call_soon_threadsafe(_settle, pairs)


def _settle(pairs: list[tuple[Settle, Answer]]) -> None:
    for settle, answer in pairs:
        settle(answer)
