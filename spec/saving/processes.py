"""Run a function in a process of its own."""

import multiprocessing
from collections.abc import Callable
from typing import Any

import torch

SECONDS = 60


def call(pipe, function: Callable, args: tuple) -> None:
    torch.set_num_threads(1)  # a forked process must not wait for the threads of its parent
    pipe.send(function(*args))


def in_a_process(function: Callable, *args) -> Any:
    """What ``function(*args)`` returns in a process of its own: forked where the platform can, or else spawned.

    What it returns must be plain Python. Raises RuntimeError when the process ends without an answer, and TimeoutError
    when there is none after 60 seconds; the process is gone in either case.
    """
    methods = multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("fork" if "fork" in methods else "spawn")
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
