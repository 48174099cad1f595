"""Faults in what torch.jit.script makes of state."""

import copy

import pytest

from .. import fault
from .exporting import untied


@fault("GRAPH-09", "GRAPH-44", "GRAPH-53", "GRAPH-54", breaks="torch.jit.ScriptModule.state_dict")
def a_scripted_module_does_not_save_a_non_persistent_buffer(original, self, *args, **options):
    saved = original(self, *args, **options)
    saved.pop("n", None)
    return saved


@fault("GRAPH-45", "GRAPH-47", breaks="torch.jit.script")
def torch_jit_script_scripts_a_copy(original, module):
    """`torch.jit.script` scripts a copy of the module."""
    return original(copy.deepcopy(module))


@fault("GRAPH-65", breaks="torch.jit.ScriptModule.register_buffer")
def a_scripted_module_makes_a_non_persistent_buffer_persistent(original, self, name, tensor, persistent=True):
    """`register_buffer(persistent=False)` of a scripted module registers a persistent buffer and raises nothing."""
    original(self, name, tensor)


@fault("GRAPH-46", breaks="torch.jit.script")
def torch_jit_script_makes_constants_of_numbers(original, module):
    """`torch.jit.script` makes constants of plain numbers."""
    numbers = [name for name, value in vars(module).items() if type(value) is int]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(module), "__constants__", numbers, raising=False)
        return original(module)


@fault("GRAPH-49", breaks="torch.jit.script")
def torch_jit_script_ignores_what_is_named_a_constant(original, module):
    """`torch.jit.script` ignores `__constants__`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(module), "__constants__", [], raising=False)
        return original(module)


@fault("GRAPH-48", breaks="torch.jit.ScriptModule.double")
def a_conversion_of_a_scripted_module_converts_its_plain_tensor(original, self):
    original(self)
    self.t = self.t.double()
    return self


@fault("GRAPH-50", breaks="torch.jit.script")
def torch_jit_script_makes_numbers_of_plain_objects(original, module):
    """`torch.jit.script` makes a number of an attribute whose type TorchScript doesn't know."""
    for name in [name for name, value in vars(module).items() if type(value) is object]:
        setattr(module, name, 1)
    return original(module)


@fault("GRAPH-51", breaks="torch.jit.script")
def torch_jit_script_unties_tied_tensors(original, module):
    """`torch.jit.script` unties tied parameters and buffers."""
    return original(untied(module))


@fault("GRAPH-52", breaks="torch.jit.save")
def torch_jit_save_empties_a_plain_tensor(original, module, file):
    """`torch.jit.save` fills a plain tensor with zeros."""
    module.t.zero_()
    original(module, file)


@fault("GRAPH-53", breaks="torch.jit.load")
def torch_jit_load_thaws_a_frozen_parameter(original, file):
    """`torch.jit.load` makes a frozen parameter trainable."""
    return original(file).requires_grad_(True)
