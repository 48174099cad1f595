"""SIGTERM ends a run as ^C does: its workers and folders are gone, and what was seen until then is said."""

import multiprocessing
import signal
import threading
from types import FrameType

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Listen to the signal, unless somebody else does or this process is another one's, which ends it."""
    is_main = threading.current_thread() is threading.main_thread() and multiprocessing.parent_process() is None
    if is_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        config.add_cleanup(lambda: signal.signal(signal.SIGTERM, signal.SIG_DFL))
        signal.signal(signal.SIGTERM, end)


def end(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)  # a second one ends this process at once
    pytest.exit(f"ended by {signal.Signals(number).name}")
