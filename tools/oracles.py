"""Compare the methods of participation with the programs of others, each in an environment of its own.

Usage: ``python tools/oracles.py [--record]``. Environments are made once under ``var/oracles`` (or in the folder that
``ALLMENDE_ORACLES`` names) by pip; pabutools and sortition-algorithms are GPL and never installed beside our code.
With ``--record`` a few small cases and the answers are written to the tests, which then need no environment.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.oracles import cases as ours  # noqa: E402 - the tests lie beside this folder

FOLDER = Path(os.environ.get("ALLMENDE_ORACLES", ROOT / "var" / "oracles"))
RECORDED = ROOT / "tests" / "participation" / "methods" / "recorded"
Compare = Callable[[], bool]
PACKAGES = {
    "pabutools": ["pabutools==1.2.3"],
    "red_dwarf": ["red-dwarf==0.4.0"],
    "sortition": ["sortition-algorithms==0.12.15"],
}


def build(name: str) -> Path:
    """Make an oracle's environment, unless it is there."""
    folder = FOLDER / name
    python = folder / "bin" / "python"
    if not python.exists():
        print(f"installing {PACKAGES[name][0]} into {folder}", flush=True)
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES[name]], check=True)
    return python


def ask(name: str, cases: Sequence[ours.Case]) -> list[Any]:
    """Let an oracle answer."""
    with tempfile.TemporaryDirectory() as folder:
        question, answer = Path(folder) / "question.json", Path(folder) / "answer.json"
        question.write_text(json.dumps(cases))
        script = ROOT / "tests" / "oracles" / f"by_{name}.py"
        subprocess.run([build(name), script, question, answer], check=True, stdout=subprocess.DEVNULL)
        found: list[Any] = json.loads(answer.read_text())
        return found


def budgets(count: int = 200) -> bool:
    """Compare elected projects."""
    cases = [ours.budget_case(number) for number in range(count)]
    cases = json.loads(json.dumps(cases))
    wrong = [
        (number, rule)
        for number, (case, theirs) in enumerate(zip(cases, ask("pabutools", cases), strict=True))
        for rule, chosen in ours.elected(case).items()
        if chosen != theirs[rule]
    ]
    print(f"budgets: {count} elections, by shares, raised shares and most votes; other than pabutools: {wrong or 0}")
    return not wrong


def opinions() -> bool:
    """Compare the consensus."""
    shapes = [(300, 30, 2, 0.7, 1), (1000, 60, 3, 0.6, 2), (3000, 100, 3, 0.4, 3), (5000, 200, 4, 0.25, 4)]
    cases = [ours.opinion_case(*shape) for shape in shapes]
    good = True
    for shape, case, theirs in zip(shapes, cases, ask("red_dwarf", cases), strict=True):
        agree, disagree, same = ours.nearness(case, theirs)
        good = good and min(agree, disagree) >= 0.99
        groups = f"{theirs['groups']} groups, {'the same' if same else 'another'} number"
        print(
            f"opinions: {shape[0]} x {shape[1]}: consensus for {agree:.4f}, against {disagree:.4f}; {groups}; bar 0.99"
        )
    return good


def panels(count: int = 10) -> bool:
    """Compare smallest chances."""
    cases = [ours.panel_case(number) for number in range(count)]
    good = True
    for case, theirs in zip(cases, ask("sortition", cases), strict=True):
        smallest, bound = ours.smallest_chance(case)
        good = good and smallest >= theirs - 1e-6 and theirs <= bound + 1e-6
        pool = f"{case['size']} of {len(case['people'])}"
        print(f"panels: {pool}: smallest chance {smallest:.6f}, bound {bound:.6f}, sortition-algorithms {theirs:.6f}")
    return good


def record() -> None:
    """Write small cases with the oracles' answers."""
    RECORDED.mkdir(parents=True, exist_ok=True)
    chosen = {
        "pabutools": [ours.budget_case(number) for number in range(1000, 1012)],
        "red_dwarf": [ours.opinion_case(150, 24, 2, 0.8, 11), ours.opinion_case(200, 30, 3, 0.8, 12)],
        "sortition": [ours.panel_case(number) for number in range(100, 103)],
    }
    for name, cases in chosen.items():
        text = json.dumps({"by": PACKAGES[name][0], "cases": cases, "answers": ask(name, cases)}, indent=None)
        (RECORDED / f"{name}.json").write_text(text + "\n")


def main() -> int:
    """Compare everything, or record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--record", action="store_true", help="write small cases and answers to the tests")
    if parser.parse_args().record:
        record()
        return 0
    return 0 if all([budgets(), opinions(), panels()]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
