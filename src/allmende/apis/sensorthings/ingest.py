"""What comes in at the same time is stored in one go: many requests, one durable commit, then all the answers.

The doors of SensorThings and those of the city's sources put what they have read into one queue.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future

import anyio.to_thread
import msgspec

from allmende.apis.sensorthings.create import RECIPIENT, collecting
from allmende.gate.door import Ask, Asker, Gate, Grant
from allmende.gate.quarantine import keep_refused
from allmende.gate.query import Batch, Receipt
from allmende.gate.tokens import authenticate
from allmende.kernel.errors import AllmendeError

MOST = 4_000
MOMENT, MOST_MOMENTS = 0.0005, 4
Outcome = Receipt | AllmendeError
Answer = list[Outcome] | Exception
Settle = Callable[[Answer], None]


class Sender(msgspec.Struct, frozen=True):
    """Who sends: whoever has a token with one of the scopes, or a part of the city's own by name.

    Without a ``purpose`` it is that of the token.
    """

    plain: str = ""
    name: str = ""
    scopes: tuple[str, ...] = ("sensorthings:write", "observations:write")
    purpose: str = ""

    def grant(self, gate: Gate) -> Grant:
        """Give the present permission to collect; refuse where there is none any more."""
        if not self.plain:
            return gate.grant(Ask(Asker(self.name), "collect", self.purpose, RECIPIENT))
        token = authenticate(gate, self.plain)
        token.require(*self.scopes)
        if not self.purpose:
            return gate.grant(collecting(token))
        return gate.grant(Ask(Asker(f"token:{token.name}"), "collect", self.purpose, RECIPIENT))


class _Waiting(msgspec.Struct):
    """Batches of one request, with who sends them, and whom to tell: in a loop, or at once.

    What is refused of them is ``kept`` in quarantine, unless who sent it sees to that.
    """

    sender: Sender
    batches: Sequence[Batch]
    settle: Settle
    loop: asyncio.AbstractEventLoop | None
    kept: bool = True


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
            waiting = _Waiting(Sender(plain), batches, lambda _: None, None)
            return await anyio.to_thread.run_sync(lambda: self._stored([waiting])[0])
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
        self._put(_Waiting(Sender(plain), batches, settle, asyncio.get_running_loop()))

    def submit(self, sender: Sender, batches: Sequence[Batch]) -> Future[list[Outcome]]:
        """Store batches for a thread, which sees itself to what is refused; they are durable when there is a result."""
        future: Future[list[Outcome]] = Future()

        def settle(told: Answer) -> None:
            if isinstance(told, Exception):
                future.set_exception(told)
            else:
                future.set_result(told)

        self._put(_Waiting(sender, batches, settle, None, kept=False))
        return future

    def _put(self, waiting: _Waiting) -> None:
        if self._thread is None:
            self._start()
        self._waiting.put(waiting)

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
                answers: Sequence[Answer] = self._stored(held)
            except Exception as error:  # noqa: BLE001 - whatever it is, those who wait are told
                answers = [error] * len(held)
            _tell(held, answers)

    def _linger(self, crowd: int) -> None:
        """Wait a moment for as many as came together last time: one commit for them all costs little more than one."""
        for _ in range(MOST_MOMENTS):
            if self._waiting.qsize() + 1 >= crowd:
                return
            time.sleep(MOMENT)

    def _stored(self, held: Sequence[_Waiting]) -> list[list[Outcome]]:
        grants = {sender: self._grant(sender) for sender in dict.fromkeys(one.sender for one in held)}
        allowed = [
            (grant, batch) for one in held if isinstance(grant := grants[one.sender], Grant) for batch in one.batches
        ]
        outcomes = self._gate.append_all(allowed)
        found = iter(outcomes)
        answers: list[list[Outcome]] = []
        for one in held:
            grant = grants[one.sender]
            answers.append([next(found) if isinstance(grant, Grant) else grant for _ in one.batches])
            if one.kept and isinstance(grant, Grant):
                self._keep(grant, one.batches, answers[-1])
        return answers

    def _keep(self, grant: Grant, batches: Sequence[Batch], outcomes: list[Outcome]) -> None:
        refused = [place for place, told in enumerate(outcomes) if isinstance(told, AllmendeError)]
        if refused:
            keep_refused(self._gate, [(grant, batches[one]) for one in refused], [outcomes[one] for one in refused])

    def _grant(self, sender: Sender) -> Grant | AllmendeError:
        try:
            return sender.grant(self._gate)
        except AllmendeError as error:
            return error


def _tell(held: list[_Waiting], answers: Sequence[Answer]) -> None:
    """Tell all who wait, with one call into each loop."""
    for loop in {one.loop for one in held}:
        pairs = [(one.settle, answer) for one, answer in zip(held, answers, strict=True) if one.loop is loop]
        if loop is None:
            _settle(pairs)
        else:
            loop.call_soon_threadsafe(_settle, pairs)


def _settle(pairs: list[tuple[Settle, Answer]]) -> None:
    for settle, answer in pairs:
        settle(answer)
