"""A child process must not outlive the one that started it."""

import os
import signal
import threading
import time

GRACE_SECONDS = 8.0


def follow_parent(parent: int, poll_seconds: float = 0.5) -> None:
    """End this process when its parent is gone, even if the parent was killed without a word.

    The parent's number is told, not asked for: it may be gone before this process has come so far.
    """

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(poll_seconds)
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
