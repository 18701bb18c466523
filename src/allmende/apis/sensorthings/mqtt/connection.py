"""The connection to the broker: kept, and made anew after a growing pause."""

import asyncio
import contextlib
import random
from collections.abc import Callable

import structlog

from allmende.apis.sensorthings.mqtt.packets import NEW, OLD, Published
from allmende.apis.sensorthings.mqtt.session import KEEP_ALIVE, Broker, BrokerRefused, OldBroker, Session

log = structlog.get_logger("allmende.mqtt")

FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0
# Why there is no connection, and whether only a person can help; without a reason there is one.
Tell = Callable[[str, bool], None]


class Connection:
    """Holds a session with the broker and opens the next when it breaks."""

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        take: Callable[[Session, list[Published]], None],
        topics: tuple[str, ...],
        tell: Tell = lambda _why, _lasting: None,
    ) -> None:
        self._broker, self._client_id, self._take, self._topics = broker, client_id, take, topics
        self._tell, self._version = tell, NEW
        self.session: Session | None = None
        self.state = "connecting"
        self._changed = asyncio.Condition()

    async def run(self) -> None:
        """Stay connected until cancelled."""
        pause = FIRST_PAUSE
        while True:
            session = Session(self._broker, self._client_id, self._take, version=self._version)
            lasting = False
            try:
                await session.open(*self._topics)
                pause = FIRST_PAUSE
                await self._set(session, "ok")
                self._tell("", False)
                log.info("connected to the broker", host=self._broker.host, port=self._broker.port)
                await _until_lost(session)
                why = session.why
            except OldBroker as error:
                self._version = OLD if self._version == NEW else NEW
                why = str(error)
            except BrokerRefused as error:
                why, lasting = str(error), error.lasting
            except (OSError, TimeoutError) as error:
                why = str(error) or type(error).__name__
            finally:
                await asyncio.shield(session.close())
            await self._set(None, f"away: {why}")
            self._tell(why, lasting)
            log.warning("no connection to the broker", why=why, next_try_in=round(pause, 2))
            await asyncio.sleep(pause * random.uniform(0.8, 1.2))  # noqa: S311 - spreads the tries, keeps no secret
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _set(self, session: Session | None, state: str) -> None:
        async with self._changed:
            self.session, self.state = session, state
            self._changed.notify_all()

    async def ready(self) -> Session:
        """Wait for a session."""
        async with self._changed:
            while self.session is None:
                await self._changed.wait()
            return self.session


async def _until_lost(session: Session) -> None:
    while not session.lost.is_set():
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KEEP_ALIVE / 2):
                await session.lost.wait()
        session.beat()
