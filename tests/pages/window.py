"""A browser window that counts what it loads, and what has to hold for a page in it."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser

AXE = Path(__file__).parents[2] / "src/allmende/ui/static/vendor/axe.min.js"
WIDE, NARROW = 1280, 360
# What lies further down is fetched now; a chart has to come in the form that is drawn for the window's width.
PICTURES_THERE = """() => [...document.images].every(image => {
  image.loading = 'eager';
  const narrow = image.closest('picture') !== null && matchMedia('(max-width: 44rem)').matches;
  return image.complete && image.naturalWidth > 0 && image.currentSrc.includes('breite=schmal') === narrow;
})"""
VIOLATIONS = """() => axe.run(document, {resultTypes: ['violations'], preload: false}).then(found =>
  found.violations.map(fault => fault.id + ': ' + fault.nodes[0].html))"""

# What reaches beyond the window although nothing between it and the page scrolls.
BEYOND = """() => {
  const scrolls = part => ['auto', 'scroll', 'hidden', 'clip'].includes(getComputedStyle(part).overflowX);
  const inside = part => part.tagName !== 'MAIN' && (scrolls(part) || inside(part.parentElement));
  const sticksOut = box => box.width > 1 && box.right > innerWidth + 1;
  const wide = [...document.querySelectorAll('main *')].filter(part =>
    sticksOut(part.getBoundingClientRect()) && !inside(part.parentElement));
  const whole = document.documentElement.scrollWidth > innerWidth ? [document.documentElement] : [];
  return [...whole, ...wide].slice(0, 1).map(part => part.cloneNode().outerHTML.slice(0, 200));
}"""


class Window:
    """A window that keeps no copies, so that each page is loaded whole, as at a first visit."""

    def __init__(self, browser: Browser, width: int = WIDE, *, scripts: bool = True, language: str = "de") -> None:
        self.context = browser.new_context(
            viewport={"width": width, "height": 900},
            java_script_enabled=scripts,
            locale=language,
            reduced_motion="reduce",
        )
        self.page = self.context.new_page()
        self._asked: dict[str, str] = {}
        self._sizes: dict[str, int] = {}
        wire = self.context.new_cdp_session(self.page)
        wire.send("Network.enable")
        wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
        wire.on("Network.requestWillBeSent", self._note_address)
        wire.on("Network.loadingFinished", self._note_size)

    def _note_address(self, event: dict[str, Any]) -> None:
        self._asked[event["requestId"]] = event["request"]["url"]

    def _note_size(self, event: dict[str, Any]) -> None:
        self._sizes[event["requestId"]] = event["encodedDataLength"]

    @property
    def hosts(self) -> set[str]:
        """Give the hosts that the page asked."""
        return {urlsplit(address).netloc for address in self._asked.values()} - {""}

    @property
    def weight(self) -> int:
        """Give the bytes that came over the wire for the page; a chart for another width than now does not count."""
        shown = set(self.page.evaluate("[...document.images].map(image => image.currentSrc)"))
        return sum(
            size
            for number, size in self._sizes.items()
            if self._asked[number] in shown or ".svg" not in self._asked[number]
        )

    def open(self, address: str) -> None:
        """Open an address, and wait until everything is there."""
        self._asked.clear()
        self._sizes.clear()
        self.page.goto(address)
        self.page.wait_for_function(PICTURES_THERE)

    def widths(self) -> tuple[int, int]:
        """Give both widths, the present one first, so that no chart is drawn twice."""
        return (WIDE, NARROW) if self.page.viewport_size == {"width": WIDE, "height": 900} else (NARROW, WIDE)

    def resize(self, width: int) -> None:
        """Make the window wider or narrower, and wait until the charts fit again."""
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.wait_for_function(PICTURES_THERE)

    def faults(self, width: int) -> list[str]:
        """Give what is wrong with the page at a width: what axe finds, and whether it is wider than the window."""
        self.resize(width)
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: list[str] = self.page.evaluate(VIOLATIONS)
        found += [f"wider than the window: {part}" for part in self._beyond()]
        return [f"{fault} (width {width})" for fault in found]

    def _beyond(self) -> list[str]:
        """Give what reaches beyond the window, also after the page has had time to follow its new width."""
        for _ in range(10):
            found: list[str] = self.page.evaluate(BEYOND)
            if not found:
                break
            self.page.wait_for_timeout(200)
        return found

    def close(self) -> None:
        """Forget everything."""
        self.context.close()
