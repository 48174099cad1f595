"""A line on stderr where something takes long."""

import os
import sys
import threading
import time
from typing import TextIO

PATIENCE = 2.0  # seconds
EVERY = 5.0


class Progress:
    """Says every few seconds what is being done, from the second second on; ``progress(text)`` says what that is."""

    def __init__(self, name: str) -> None:
        self.name, self.text = name, "starting"
        self.started = time.monotonic()
        self.over = threading.Event()
        self.stderr = heard(sys.stderr)
        self.thread = threading.Thread(target=self.speak, daemon=True)

    def __call__(self, text: str) -> None:
        self.text = text

    def __enter__(self) -> "Progress":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()
        if self.stderr is not sys.stderr:
            self.stderr.close()

    def speak(self) -> None:
        wait = PATIENCE
        while not self.over.wait(wait):
            seconds = time.monotonic() - self.started
            print(f"{self.name}: {self.text}, {seconds:.0f} s", file=self.stderr, flush=True)
            wait = EVERY


def heard(stream: TextIO) -> TextIO:
    """The stream, also while its descriptor is silenced: where it has one, over another to the same place."""
    try:
        return open(os.dup(stream.fileno()), "w", encoding=stream.encoding, errors=stream.errors)
    except (AttributeError, OSError):  # there is no stream, or none of a descriptor's
        return stream
