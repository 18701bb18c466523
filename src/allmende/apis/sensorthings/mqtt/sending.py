"""A few messages to the broker from where nothing else speaks with it: connect, send, and be sure that it has them."""

import asyncio
from collections.abc import Sequence

from allmende.apis.sensorthings.mqtt.session import Broker, BrokerRefused, Session, Update

SECONDS = 10.0


def send(broker: Broker, updates: Sequence[Update], *, retained: bool = False) -> None:
    """Send; when this returns the broker has all.

    Raises ``OSError`` where the broker is away, and ``BrokerRefused`` where it will not have us or a message.
    """
    asyncio.run(_sent(broker, updates, retained))


async def _sent(broker: Broker, updates: Sequence[Update], retained: bool) -> None:
    session = Session(broker, "", lasting=False)
    try:
        async with asyncio.timeout(SECONDS):
            await session.open()
            if not await session.publish(updates, retained=retained):
                raise BrokerRefused(session.why)
            if session.denied:
                raise BrokerRefused(session.denied)
    finally:
        await session.close()
