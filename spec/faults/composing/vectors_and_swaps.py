"""Faults in vectors of parameters, swapped tensors and clipped gradients."""

import contextlib

import torch

from .. import fault


@fault("UTIL-01", breaks="torch.nn.utils.parameters_to_vector")
def the_vector_of_the_parameters_begins_with_the_last(original, parameters):
    """`parameters_to_vector()` begins with the last parameter."""
    return original(list(parameters)[::-1])


@fault("UTIL-37", breaks="torch.nn.utils.vector_to_parameters")
def parameters_are_written_from_a_copy_of_the_vector(original, vector, parameters):
    """`vector_to_parameters()` copies the vector."""
    original(vector.clone() if isinstance(vector, torch.Tensor) else vector, parameters)


@fault("UTIL-06", "UTIL-38", breaks="torch.utils.swap_tensors")
def swap_tensors_exchanges_the_data_alone(original, first, second):
    """`swap_tensors()` exchanges only the data."""
    first.data, second.data = second.data, first.data


@fault("UTIL-39", breaks="torch.utils.swap_tensors")
def swap_tensors_passes_over_a_tensor_that_is_held(original, first, second):
    """`swap_tensors()` leaves a tensor that has a weak reference and raises nothing."""
    with contextlib.suppress(RuntimeError):
        original(first, second)


@fault("UTIL-40", breaks="torch.nn.utils.clip_grad_value_")
def clipping_gives_a_parameter_a_new_gradient(original, parameters, value):
    """`clip_grad_value_()` gives a parameter a new tensor as gradient."""
    for parameter in parameters:
        parameter.grad = parameter.grad.clamp(-value, value)
