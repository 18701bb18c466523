"""What staff want of a source, left as small files for the process that reads sources: pause, ask now, read again."""

import contextlib
import datetime as dt
from pathlib import Path

from allmende.sources.run import House

_PAUSED, _NOW, _AGAIN = "paused", "ask-now", "read-again"


class Orders:
    """The orders for one source; a pause lasts until it is lifted, the others are carried out once."""

    def __init__(self, house: House, name: str) -> None:
        self._folder = house.folder(name)

    def _leave(self, order: str, text: str = "") -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        fresh = self._folder / f"{order}.new"
        fresh.write_text(text, encoding="ascii")
        fresh.replace(self._path(order))

    def _path(self, order: str) -> Path:
        return self._folder / f"order-{order}"

    def pause(self) -> None:
        """Ask the source no more by itself until the pause is lifted; what it sends is still taken."""
        self._leave(_PAUSED)

    def resume(self) -> None:
        """Lift the pause."""
        self._path(_PAUSED).unlink(missing_ok=True)

    def ask_now(self) -> None:
        """Ask the source at the next look, whatever its schedule says."""
        self._leave(_NOW)

    def read_again(self, since: dt.datetime | None) -> None:
        """Read the kept replies again at the next look, those since an instant or all."""
        self._leave(_AGAIN, since.isoformat() if since else "")

    @property
    def paused(self) -> bool:
        """Tell whether the source is not asked by itself."""
        return self._path(_PAUSED).exists()

    @property
    def waiting(self) -> bool:
        """Tell whether an order has not been carried out yet."""
        return self._path(_NOW).exists() or self._path(_AGAIN).exists()

    def take_now(self) -> bool:
        """Tell whether the source is to be asked now, and forget it."""
        try:
            self._path(_NOW).unlink()
        except FileNotFoundError:
            return False
        return True

    def take_again(self) -> tuple[bool, dt.datetime | None]:
        """Tell whether kept replies are to be read again, and since when; and forget it."""
        path = self._path(_AGAIN)
        try:
            text = path.read_text(encoding="ascii")
            path.unlink()
        except FileNotFoundError:
            return False, None
        with contextlib.suppress(ValueError):
            return True, dt.datetime.fromisoformat(text)
        return True, None
