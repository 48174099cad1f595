"""What another process shares with this one that was started by spawn, and got a module as its argument."""

import pytest
import torch

from ..vocabulary import claim
from .ranks import State


class Held(State):
    """State of every kind, a gradient, and plain tensors in a list and in a dict."""

    def __init__(self):
        super().__init__(0)
        self.l = [torch.zeros(4)]
        self.d = {"x": torch.zeros(4)}
        self.p.grad = torch.full((4,), 3.0)
        self.number = 0

    def everything(self):
        return {name: getattr(self, name) for name in "pfbnt"} | {"l": self.l[0], "d": self.d["x"]}


@torch.no_grad()
def fill(module, queue):
    """What the child finds, and then it fills every tensor, and rebinds a buffer and a number."""
    found = {"grad": module.p.grad is not None, "shared": [x.is_shared() for x in module.everything().values()]}
    for tensor in module.everything().values():
        tensor.fill_(7)
    module.number = 7
    module.b = torch.full((4,), 9.0)
    queue.put(found)


@pytest.fixture(scope="module")
def spawned():
    """A module after a spawned process has filled it, what was shared before, and what the process found."""
    context = torch.multiprocessing.get_context("spawn")
    module, queue = Held(), context.SimpleQueue()
    before = {name: (tensor, tensor.is_shared()) for name, tensor in module.everything().items()}
    process = context.Process(target=fill, args=(module, queue), daemon=True)
    process.start()
    found = queue.get()
    process.join()
    return module, before, found


@claim("DIST-31", source="torch.multiprocessing")
@pytest.mark.parametrize("name", list("pfbntld"))
def test_what_a_spawned_process_changes_in_place_is_changed_here(spawned, name):
    """A module that is an argument of a process started by spawn shares its memory with it: parameters, buffers, plain
    tensors, and those in lists, that the child changes in place are changed in the parent."""
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
