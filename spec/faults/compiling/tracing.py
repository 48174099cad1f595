"""Faults in what torch.jit.trace and torch.fx make of state."""

import copy

from .. import fault
from .exporting import with_registered_tensors


@fault("GRAPH-55", "GRAPH-56", "GRAPH-57", breaks="torch.jit.trace")
def torch_jit_trace_traces_a_copy(original, model, *args, **options):
    """`torch.jit.trace` traces a copy of the module."""
    return original(copy.deepcopy(model), *args, **options)


@fault("GRAPH-08", breaks="torch.jit.trace")
def torch_jit_trace_makes_a_buffer_of_a_plain_tensor(original, model, *args, **options):
    """`torch.jit.trace` makes a buffer of a plain tensor."""
    return original(with_registered_tensors(model), *args, **options)


@fault("GRAPH-54", "GRAPH-63", breaks="torch.jit.trace")
def torch_jit_trace_returns_the_model_itself(original, model, *args, **options):
    """`torch.jit.trace` returns the module itself."""
    return model


@fault("GRAPH-59", "GRAPH-61", breaks="torch.fx.symbolic_trace")
def symbolic_trace_traces_a_copy(original, model):
    """`torch.fx.symbolic_trace` traces a copy of the module."""
    return original(copy.deepcopy(model))


@fault("GRAPH-10", "GRAPH-60", "GRAPH-61", "GRAPH-62", breaks="torch.fx.symbolic_trace")
def symbolic_trace_returns_the_model_itself(original, model):
    """`torch.fx.symbolic_trace` returns the module itself."""
    return model


@fault("GRAPH-58", breaks="torch.fx.symbolic_trace")
def a_graph_module_of_an_older_torch_keeps_a_buffer_non_persistent(original, model):
    """Before torch 2.14, a module from `torch.fx.symbolic_trace` kept a non-persistent buffer non-persistent."""
    module = original(model)
    module._non_persistent_buffers_set |= model._non_persistent_buffers_set
    return module


@fault("GRAPH-64", breaks="torch.fx.symbolic_trace")
def a_graph_module_makes_a_buffer_persistent(original, model):
    """A module from `torch.fx.symbolic_trace` has persistent buffers only."""
    module = original(model)
    module._non_persistent_buffers_set.clear()
    return module
