"""Run in the environment of red-dwarf: read votes, write the groups and the consensus it finds."""

import json
import sys
from pathlib import Path
from typing import Any

from reddwarf.implementations.polis import run_pipeline

VALUES = {"+": 1, "-": -1, "0": 0}


def group(case: dict[str, Any]) -> dict[str, Any]:
    """Find groups."""
    votes = [
        {"participant_id": person, "statement_id": statement, "vote": VALUES[sign], "modified": 0}
        for person, row in enumerate(case["votes"])
        for statement, sign in enumerate(row)
        if sign in VALUES
    ]
    found = run_pipeline(votes=votes, random_state=1)
    labels = found.participants_df["cluster_id"].dropna().astype(int)
    consensus = found.group_aware_consensus
    width = len(case["votes"][0])
    return {
        "groups": int(labels.nunique()),
        "labels": {str(person): int(label) for person, label in labels.items()},
        "agree": [float(consensus["agree"][at]) for at in range(width)],
        "disagree": [float(consensus["disagree"][at]) for at in range(width)],
    }


if __name__ == "__main__":
    cases = json.loads(Path(sys.argv[1]).read_text())
    Path(sys.argv[2]).write_text(json.dumps([group(case) for case in cases]))
