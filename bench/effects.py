"""How long the pages about effects take with 200 indicators over ten years; prints figures beside the bar.

python bench/effects.py
"""

import datetime as dt
import os
import shutil
import statistics
import tempfile
import time
from decimal import Decimal

BAR_MS, INDICATORS, YEARS, ROUNDS = 100, 200, 10, 15
HOME = tempfile.mkdtemp(prefix="allmende-bench-")
os.environ["ALLMENDE_HOME"] = HOME
os.environ["DJANGO_SETTINGS_MODULE"] = "allmende.serve.django_settings"


def fill() -> None:
    """Make the indicators: half by hand, each with a target, values for ten years, and one correction a year."""
    from allmende.accounts.rules import SystemActor
    from allmende.effects.content import (
        ByHand,
        DefinitionEntry,
        IndicatorEntry,
        IndicatorsContent,
        PathEntry,
        PointEntry,
        ValueEntry,
    )
    from allmende.effects.services import load_indicators
    from allmende.kernel.text import Text
    from allmende.programme.models import TargetImage

    targets = list(TargetImage.objects.values_list("slug", flat=True)) or [""]
    word = Text("Wort", "word")
    found = []
    for number in range(INDICATORS):
        values = [
            ValueEntry(
                first=dt.date(year, 1, 1),
                last=dt.date(year, 12, 31),
                value=Decimal(number + year % 7 + turn),
                known_since=dt.date(year + 1, 2 + turn, 1),
                quality="corrected" if turn else "final",
                note=word if turn else None,
            )
            for year in range(2016, 2016 + YEARS)
            for turn in range(2)
        ]
        definition = DefinitionEntry(
            since=dt.date(2016, 1, 1),
            unit="MW.h",
            direction="down",
            period="year",
            rhythm="year",
            method=word,
            source=ByHand(who=word),
        )
        path = PathEntry(
            since=dt.date(2016, 1, 1),
            baseline=PointEntry(day=dt.date(2016, 1, 1), value=Decimal(number + 9)),
            points=(PointEntry(day=dt.date(2030, 12, 31), value=Decimal(number)),),
        )
        found.append(
            IndicatorEntry(
                slug=f"i{number}",
                title=Text(f"Indikator {number}", f"Indicator {number}"),
                sentence=word,
                kind="outcome",
                target_image=targets[number % len(targets)],
                projects=("klimadatenplattform",),
                versions=(definition,),
                paths=(path,),
                values=tuple(values),
            )
        )
    load_indicators(SystemActor("bench"), content=IndicatorsContent(indicators=tuple(found)))


def measure(path: str) -> float:
    """Give the median time of an answer in milliseconds, the first one left out."""
    from django.test import Client

    client, times = Client(), []
    for _ in range(ROUNDS + 1):
        began = time.process_time()
        answer = client.get(path, HTTP_HOST="127.0.0.1")
        times.append(1_000 * (time.process_time() - began))
        assert answer.status_code == 200, path
    return statistics.median(times[1:])


def main() -> None:
    """Found a city, fill it, and print a line for each page."""
    from allmende.serve.founding import found
    from allmende.serve.settings import settings

    found(settings(), pack="konstanz", advance=lambda *_: None)
    fill()
    for path in (
        *("/wirkung/", "/wirkung/?stand=2021-06-01", "/wirkung/i7/", "/wirkung.csv", "/wirkung.json"),
        *("/wirkung/kosten/", "/wirkung/kosten/?stand=2021-06-01", "/wirkung/kosten.csv"),
        *("/wirkung/i7.json", "/projekte/schlaue-schulgaerten/"),
    ):
        print(f"{path:<32} {measure(path):7.1f} ms CPU   (bar {BAR_MS} ms)")
    shutil.rmtree(HOME, ignore_errors=True)


if __name__ == "__main__":
    main()
