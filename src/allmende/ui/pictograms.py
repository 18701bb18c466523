"""Pictograms of our own for what a sign says, in hexagons as people know them from signs of public technology."""

from html import escape

HEXAGON = "M24 2 43.5 13v22L24 46 4.5 35V13Z"
DARK, PAPER = "#123a6b", "#fff"
# Drawn with a stroke of two in a field of 48; b is the ground that parts a line from what it crosses.
GLYPHS = {
    "purpose": "".join(f"<circle cx='24' cy='24' r='{size}'/>" for size in (11, 5.5, 1)),
    "accountable": '<path d="M13 20 24 13l11 7ZM15 33h18M13 36h22M17 23v8M24 23v8M31 23v8"/>',
    "person": '<circle cx="24" cy="17" r="5"/><path d="M14.5 35c0-6.5 4-10 9.5-10s9.5 3.5 9.5 10Z"/>',
    "nobody": (
        '<circle cx="24" cy="17" r="5"/><path d="M14.5 35c0-6.5 4-10 9.5-10s9.5 3.5 9.5 10Z"/>'
        '<path d="M14 13 34 35" class="b"/><path d="M14 13 34 35"/>'
    ),
    "objection": '<path d="M12 13h24v16H25l-6 6v-6h-7ZM24 16.500v6.500M24 25.800v.4"/>',
    "weather": (
        '<path d="M17 31.500h15a5 5 0 0 0 .6-10 8 8 0 0 0-15-1.2 5.7 5.7 0 0 0-.6 11.200Z"/>'
        '<path d="M19 34.500l-1 2.500M24.5 34.500l-1 2.500M30 34.500l-1 2.5"/>'
    ),
    "temperature": '<path d="M21.5 28V15a2.8 2.8 0 0 1 5.6 0v13a5.3 5.3 0 1 1-5.6 0ZM24.3 20v11"/>',
    "water": '<path d="M24 12c5 6.5 8 10.5 8 14.500a8 8 0 0 1-16 0C16 22.5 19 18.5 24 12Z"/>',
    "traffic": '<path d="M14 29v-5l3-6h14l3 6v5ZM14 24h20M17 29v3M31 29v3"/>',
    "measure": '<path d="M12 31a12 12 0 1 1 24 0M24 31l5-8M24 19v2M15.5 22.500l1.5 1.500M12 31h24"/>',
}


def pictogram(name: str, title: str = "", *, light: bool = False) -> str:
    """Draw a pictogram as SVG; without a title it is decoration beside words that say the same."""
    ground, line = (PAPER, DARK) if light else (DARK, PAPER)
    glyph = GLYPHS[name].replace('class="b"', f'stroke="{ground}" stroke-width="6"')
    spoken = f'role="img" aria-label="{escape(title)}"' if title else 'aria-hidden="true"'
    style = f'fill="none" stroke="{line}" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="48" height="48" viewBox="0 0 48 48" {spoken}>'
        f'<path d="{HEXAGON}" fill="{ground}"/><g {style}>{glyph}</g></svg>'
    )
