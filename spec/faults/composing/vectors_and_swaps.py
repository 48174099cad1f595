"""Faults in vectors of parameters, swapped tensors and clipped gradients."""

import contextlib

import torch
from torch import nn

from .. import fault


@fault("UTIL-01")
def the_vector_of_the_parameters_begins_with_the_last(patch):
    to_vector = nn.utils.parameters_to_vector
    patch.setattr(nn.utils, "parameters_to_vector", lambda parameters: to_vector(list(parameters)[::-1]))


@fault("UTIL-37")
def parameters_are_written_from_a_copy_of_the_vector(patch):
    to_parameters = nn.utils.vector_to_parameters

    def copied(vector, parameters):
        to_parameters(vector.clone() if isinstance(vector, torch.Tensor) else vector, parameters)

    patch.setattr(nn.utils, "vector_to_parameters", copied)


@fault("UTIL-06", "UTIL-38", since="2.3")
def swap_tensors_exchanges_the_data_alone(patch):
    def swap(first, second):
        first.data, second.data = second.data, first.data

    patch.setattr(torch.utils, "swap_tensors", swap)


@fault("UTIL-39", since="2.4")
def swap_tensors_passes_over_a_tensor_that_is_held(patch):
    swap_tensors = torch.utils.swap_tensors

    def swap(first, second):
        with contextlib.suppress(RuntimeError):
            swap_tensors(first, second)

    patch.setattr(torch.utils, "swap_tensors", swap)


@fault("UTIL-40")
def clipping_gives_a_parameter_a_new_gradient(patch):
    def clip(parameters, value):
        for parameter in parameters:
            parameter.grad = parameter.grad.clamp(-value, value)

    patch.setattr(nn.utils, "clip_grad_value_", clip)
