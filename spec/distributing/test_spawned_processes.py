"""What another process shares with this one that was started by spawn, and got a module as its argument."""

import pytest
import torch

from ..vocabulary import claim
from .filled import Held, fill


@pytest.fixture(scope="module")
def spawned():
    """A module after a spawned process has filled it, what was shared before, and what the process found."""
    context = torch.multiprocessing.get_context("spawn")
    module, (here, there) = Held(), context.Pipe(duplex=False)
    before = {name: (tensor, tensor.is_shared()) for name, tensor in module.everything().items()}
    process = context.Process(target=fill, args=(module, there), daemon=True)
    process.start()
    there.close()
    found = here.recv()  # raises EOFError where the process has ended without a word
    process.join()
    return module, before, found


@claim("DIST-31", source="torch.multiprocessing")
@pytest.mark.parametrize("name", list("pfbntld"))
def test_what_a_spawned_process_changes_in_place_is_changed_here(spawned, name):
    """A child process started by spawn with a module as an argument shares the memory of its tensors: changing a
    parameter, buffer or plain tensor, also one in a list or dict, in place in the child changes the parent's.
    """
    module, before, found = spawned
    assert module.everything()[name].tolist() == [7, 7, 7, 7]
    assert module.everything()[name] is before[name][0]
    assert all(found["shared"])


@claim("DIST-32", source="torch.multiprocessing")
@pytest.mark.parametrize("name", list("pfbntld"))
def test_starting_a_process_by_spawn_moves_tensors_into_shared_memory(spawned, name):
    """Starting a process by spawn with a module as its argument moves the tensors of the parent's module, plain ones
    too, into shared memory, as `share_memory_()` would."""
    module, before, _ = spawned
    assert before[name][1] is False
    assert module.everything()[name].is_shared()


@claim("DIST-33", source="torch.multiprocessing")
def test_a_spawned_process_gets_no_gradient_and_rebinds_for_itself(spawned):
    """A process started by spawn gets parameters without their gradients; a buffer or a number that it rebinds is
    rebound in the child alone."""
    module, before, found = spawned
    assert found["grad"] is False
    assert module.p.grad.tolist() == [3, 3, 3, 3]
    assert module.b is before["b"][0]
    assert module.number == 0
