"""Faults in what torch.compile makes of a module."""

import copy

import torch
from torch import nn

from .. import fault


@fault("GRAPH-05", "GRAPH-34", "GRAPH-42", since="2.1")
def torch_compile_returns_the_module_itself(patch):
    patch.setattr(torch, "compile", lambda model, **options: model)


@fault("GRAPH-06", "GRAPH-37", "GRAPH-38", "GRAPH-39", "GRAPH-40", since="2.1")
def torch_compile_compiles_a_copy(patch):
    compiled = torch.compile

    def compile_copy(model, **options):
        return compiled(copy.deepcopy(model) if isinstance(model, nn.Module) else model, **options)

    patch.setattr(torch, "compile", compile_copy)


@fault("GRAPH-07", "GRAPH-41", since="2.4")
def torch_compile_compiles_the_module_as_it_was(patch):
    torch_compile_compiles_a_copy(patch)


@fault("GRAPH-35", since="2.1")
def compiling_in_place_returns_the_module(patch):
    compiled = nn.Module.compile

    def compile_and_return(self, **options):
        compiled(self, **options)
        return self

    patch.setattr(nn.Module, "compile", compile_and_return)


@fault("GRAPH-69", since="2.1")
def compiling_in_place_compiles_forward_without_the_hooks(patch):
    def compile(self, **options):
        self._compiled_call_impl = torch.compile(self.forward, **options)

    patch.setattr(nn.Module, "compile", compile)


@fault("GRAPH-70", since="2.1")
def compiling_in_place_ignores_what_is_given_by_position(patch):
    compiled = nn.Module.compile
    patch.setattr(nn.Module, "compile", lambda self, *args, **options: compiled(self, **options))


@fault("GRAPH-36", since="2.1")
def a_copy_of_a_compiled_module_is_compiled(patch):
    patch.setattr(nn.Module, "__getstate__", lambda self: dict(vars(self)))
