"""Run a function in another process."""

from collections.abc import Callable
from typing import Any

from ..engine.processes import Pipe, Process, can_fork

UNSAFE = "fork-based multiprocessing"
"""What autograd says in a fork of a process in which it has worked on an accelerator."""


def call(pipe: Pipe, function: Callable, arguments: tuple) -> None:
    try:
        pipe.send((True, function(*arguments)))
    except RuntimeError as error:
        if UNSAFE not in str(error):
            raise
        pipe.send((False, None))


class NotHere(RuntimeError):
    """What a platform lacks: a case that asks for it can't be shown there."""


def in_a_fork(function: Callable, *arguments) -> Any:
    """What ``function(*arguments)`` returns in a fork of this process; raises NotHere where none can be made."""
    if not can_fork():
        raise NotHere("no process can be forked here")
    return ask(True, function, arguments)[1]


def in_a_process(function: Callable, *arguments) -> Any:
    """What ``function(*arguments)`` returns in another process: forked where that works, or else started anew.

    What it returns must be plain Python. Raises ProcessEnded, with the traceback where there is one, when the process
    ends without an answer.
    """
    done, answer = ask(can_fork(), function, arguments)
    return answer if done else ask(False, function, arguments)[1]


def ask(fork: bool, function: Callable, arguments: tuple) -> tuple[bool, Any]:
    """Whether ``function(*arguments)`` can be run in a process of that sort, and what it returns there."""
    process = Process(call, function, arguments, fork=fork)
    try:
        return process.receive()
    finally:
        process.kill()
