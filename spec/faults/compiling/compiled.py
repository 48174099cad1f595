"""Faults in what torch.compile makes of a module."""

import copy

import torch
from torch import nn

from .. import fault


@fault(
    "GRAPH-05",
    "GRAPH-34",
    "GRAPH-42",
    "GRAPH-71",
    "GRAPH-73",
    "GRAPH-74",
    "GRAPH-75",
    "GRAPH-76",
    "GRAPH-77",
    "GRAPH-78",
    "GRAPH-79",
    breaks="torch.compile",
)
def torch_compile_returns_the_module_itself(original, model, **options):
    """`torch.compile` returns the module itself."""
    return model


@fault("GRAPH-06", "GRAPH-37", "GRAPH-38", "GRAPH-39", "GRAPH-40", "GRAPH-72", "GRAPH-80", breaks="torch.compile")
def torch_compile_compiles_a_copy(original, model, **options):
    """`torch.compile` wraps a copy of the module."""
    return original(copy.deepcopy(model) if isinstance(model, nn.Module) else model, **options)


@fault("GRAPH-07", "GRAPH-41", breaks="torch.compile")
def torch_compile_compiles_the_module_as_it_was(original, model, **options):
    """The wrapper that `torch.compile` returns computes with the state that the module had when it was wrapped."""
    return original(copy.deepcopy(model) if isinstance(model, nn.Module) else model, **options)


@fault("GRAPH-35", breaks="torch.nn.Module.compile")
def compiling_in_place_returns_the_module(original, self, **options):
    """`module.compile()` returns the module."""
    original(self, **options)
    return self


@fault("GRAPH-69", breaks="torch.nn.Module.compile")
def compiling_in_place_compiles_forward_without_the_hooks(original, self, **options):
    """A module compiled in place by `module.compile()` runs no hooks."""
    self._compiled_call_impl = torch.compile(self.forward, **options)


@fault("GRAPH-70", breaks="torch.nn.Module.compile")
def compiling_in_place_ignores_what_is_given_by_position(original, self, *args, **options):
    """`module.compile()` ignores an argument given by position."""
    return original(self, **options)


@fault("GRAPH-36", breaks="torch.nn.Module.__getstate__")
def a_copy_of_a_compiled_module_is_compiled(original, self):
    return dict(vars(self))
