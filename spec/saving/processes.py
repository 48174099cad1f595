"""Run a function in a process of its own."""

import multiprocessing
from collections.abc import Callable
from typing import Any

import torch

SECONDS = 180


UNSAFE = "fork-based multiprocessing"
"""What autograd says in a fork of a process in which it has worked on an accelerator."""


def call(pipe, function: Callable, args: tuple) -> None:
    torch.set_num_threads(1)  # a forked process must not wait for the threads of its parent
    try:
        pipe.send((True, function(*args)))
    except RuntimeError as error:
        if UNSAFE not in str(error):
            raise
        pipe.send((False, None))


def in_a_process(function: Callable, *args) -> Any:
    """What ``function(*args)`` returns in a process of its own: forked where that works, or else spawned.

    What it returns must be plain Python. Raises RuntimeError when the process ends without an answer, and TimeoutError
    when there is none after three minutes; the process is gone in either case.
    """
    fork = "fork" in multiprocessing.get_all_start_methods()
    done, answer = ask("fork", function, args) if fork else (False, None)
    return answer if done else ask("spawn", function, args)[1]


def ask(method: str, function: Callable, args: tuple) -> tuple[bool, Any]:
    """Whether ``function(*args)`` can be run in a process that is started by ``method``, and what it returns there."""
    context = multiprocessing.get_context(method)
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=call, args=(sender, function, args), daemon=True)
    process.start()
    sender.close()
    try:
        if not receiver.poll(SECONDS):
            raise TimeoutError(f"{function.__name__} gave no answer in {SECONDS} seconds")
        return receiver.recv()
    except EOFError:
        raise RuntimeError(f"{function.__name__} ended without an answer") from None
    finally:
        process.kill()
        process.join()
