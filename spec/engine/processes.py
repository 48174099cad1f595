"""Another process: the one place where the specification starts one.

It is forked where that works, which takes an instant, and else started anew, which takes an import of torch. It ends
with this process, whatever ends this one.
"""

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from multiprocessing import connection
from typing import Any

from .broken import broken, passed_on
from .quietly import torch

SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
CLOSING = 60
"""Seconds in which a process that has closed its pipe has ended, be the machine ever so busy, unless it goes on."""


class ProcessEnded(RuntimeError):
    """A process that ended before it answered; the message says how, and where it was known, why."""


def can_fork() -> bool:
    """Whether a process can be forked: not on Windows, and not on macOS, whose libraries start threads.

    A fork may crash there, as https://docs.python.org/3/library/multiprocessing.html#contexts-and-start-methods says.
    """
    return hasattr(os, "fork") and sys.platform != "darwin"


class Process:
    """``serve(pipe, *arguments)`` in another process; ``pipe`` leads to its end of the pipe.

    Without ``fork``, ``serve`` and the arguments have to be what can be pickled.
    """

    def __init__(self, serve: Callable[..., None], *arguments: Any, fork: bool | None = None):
        method = "fork" if (can_fork() if fork is None else fork) else "spawn"
        context = multiprocessing.get_context(method)
        self.pipe, other = context.Pipe()
        self.process = context.Process(target=begin, args=(other, os.getpid(), method, serve, arguments))
        self.process.start()
        other.close()

    def receive(self) -> Any:
        """What the process sends next; raises ProcessEnded once there is nothing more to come."""
        try:
            kind, content = self.pipe.recv()
        except (EOFError, OSError):
            raise ProcessEnded(f"the process {self.end()}") from None
        if kind == TROUBLE:
            self.end()
            raise ProcessEnded(content)
        return content

    def send(self, content: Any) -> None:
        """Send ``content``; a process that is no more says so where it is asked for an answer."""
        with suppress(OSError):
            self.pipe.send(content)

    def end(self) -> str:
        """Let the process be no more; returns how it had ended by itself, such as ``was ended by SIGSEGV``."""
        self.pipe.close()
        self.process.join(CLOSING)
        ended = self.process.exitcode
        self.process.kill()
        self.process.join()
        if ended is None:
            return "closed its pipe and went on"
        return f"was ended by {signal.Signals(-ended).name}" if ended < 0 else f"ended with status {ended}"

    def kill(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


MESSAGE, TROUBLE = "message", "trouble"


class Pipe:
    """The end of the pipe that is in the other process."""

    def __init__(self, pipe: connection.Connection):
        self.pipe = pipe

    def send(self, content: Any) -> None:
        self.pipe.send((MESSAGE, content))

    def receive(self) -> Any:
        return self.pipe.recv()


def ready(processes: Iterable[Process], seconds: float | None) -> list[Process]:
    """Those that have something to say, or that have ended, as soon as there is one, or after ``seconds``."""
    by_pipe = {process.pipe: process for process in processes}
    return [by_pipe[pipe] for pipe in connection.wait(by_pipe, seconds)]


def begin(pipe: connection.Connection, parent: int, method: str, serve: Callable[..., None], arguments: tuple) -> None:
    end_with(parent)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a fork listens to it as its parent does
    torch.set_num_threads(1)  # a forked process must not wait for the threads of its parent
    status = 0
    try:
        with broken(None if method == "fork" else passed_on()):  # a fork is as its parent
            serve(Pipe(pipe), *arguments)
    except (EOFError, BrokenPipeError, ConnectionResetError):  # nobody listens any more
        pass
    except BaseException:
        status = 1
        pipe.send((TROUBLE, traceback.format_exc()))
    finally:
        sys.stdout.flush()
        os._exit(status)


def end_with(parent: int) -> None:
    """Let this process end when ``parent`` does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(SET_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        return
    sentinel = multiprocessing.parent_process().sentinel

    def watch() -> None:
        connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
