"""Faults in what an exported program keeps of a module and how."""

import copy

import torch

from .. import fault


@fault("GRAPH-81", breaks="torch.export.ExportedProgram.module")
def the_mode_of_an_exported_module_can_be_set(original, self, *args, **options):
    """`train()` and `eval()` of an exported module do nothing."""
    module = original(self, *args, **options)
    module.train = module.eval = lambda *mode: module
    return module


@fault("GRAPH-15", breaks="torch.export.ExportedProgram.state_dict")
def the_state_dict_of_an_exported_program_lacks_its_buffers(original, self):
    return {name: value for name, value in original(self).items() if isinstance(value, torch.nn.Parameter)}


@fault("GRAPH-83", "GRAPH-84", breaks="torch.export.export")
def export_captures_a_copy_of_the_module(original, module, *args, **options):
    """`torch.export.export` captures a copy of the module."""
    return original(copy.deepcopy(module), *args, **options)


@fault("GRAPH-85", breaks="torch.export.load")
def a_loaded_program_begins_with_zeros(original, *args, **options):
    """`torch.export.load` sets parameters and buffers to zero."""
    program = original(*args, **options)
    for tensor in program.state_dict.values():
        tensor.detach().zero_()
    return program
