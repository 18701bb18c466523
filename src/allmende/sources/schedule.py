"""When a source is asked again: by its schedule, sooner after what may pass, later after what needs somebody."""

import random
import time

from allmende.families.manifest import Schedule
from allmende.kernel.errors import AllmendeError
from allmende.sources.fetch import Later

FIRST_RETRY, LONGEST, MOST_DOUBLINGS = 30.0, 86_400.0, 12


def next_run(schedule: Schedule | None, failures: int, error: AllmendeError | None) -> float:
    """Give the second since the epoch at which a source is due."""
    if schedule is None:
        return 0.0
    jitter = random.uniform(0, schedule.jitter_seconds)  # noqa: S311 - spreads load, keeps no secret
    return time.time() + _pause(schedule.every_seconds, failures, error) + jitter


def _pause(every: float, failures: int, error: AllmendeError | None) -> float:
    if error is None:
        return every
    doubled: float = 2.0 ** min(failures - 1, MOST_DOUBLINGS)
    if not error.retryable:
        return min(every * doubled, max(LONGEST, every))
    asked = error.seconds if isinstance(error, Later) else 0.0
    return max(min(FIRST_RETRY * doubled, max(every, 3_600.0)), asked)
