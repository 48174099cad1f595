"""Faults in what torch.jit.trace and torch.fx make of state."""

import copy

import torch

from .. import fault
from .exporting import with_registered_tensors


@fault("GRAPH-55", "GRAPH-56", "GRAPH-57")
def torch_jit_trace_traces_a_copy(patch):
    trace = torch.jit.trace
    patch.setattr(torch.jit, "trace", lambda model, *args, **options: trace(copy.deepcopy(model), *args, **options))


@fault("GRAPH-08")
def torch_jit_trace_makes_a_buffer_of_a_plain_tensor(patch):
    trace = torch.jit.trace

    def trace_registered(model, *args, **options):
        return trace(with_registered_tensors(model), *args, **options)

    patch.setattr(torch.jit, "trace", trace_registered)


@fault("GRAPH-54", "GRAPH-63")
def torch_jit_trace_returns_the_model_itself(patch):
    patch.setattr(torch.jit, "trace", lambda model, *args, **options: model)


@fault("GRAPH-59", "GRAPH-61")
def symbolic_trace_traces_a_copy(patch):
    trace = torch.fx.symbolic_trace
    patch.setattr(torch.fx, "symbolic_trace", lambda model: trace(copy.deepcopy(model)))


@fault("GRAPH-10", "GRAPH-60", "GRAPH-61", "GRAPH-62")
def symbolic_trace_returns_the_model_itself(patch):
    patch.setattr(torch.fx, "symbolic_trace", lambda model: model)


@fault("GRAPH-58", until="2.14")
def a_graph_module_of_an_older_torch_keeps_a_buffer_non_persistent(patch):
    trace = torch.fx.symbolic_trace

    def trace_and_keep(model):
        module = trace(model)
        module._non_persistent_buffers_set |= model._non_persistent_buffers_set
        return module

    patch.setattr(torch.fx, "symbolic_trace", trace_and_keep)


@fault("GRAPH-64", since="2.14")
def a_graph_module_makes_a_buffer_persistent(patch):
    trace = torch.fx.symbolic_trace

    def trace_and_forget(model):
        module = trace(model)
        module._non_persistent_buffers_set.clear()
        return module

    patch.setattr(torch.fx, "symbolic_trace", trace_and_forget)
