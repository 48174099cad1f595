"""Faults in what torch.jit.script makes of state."""

import copy

import pytest
import torch
from torch import nn

from .. import fault
from .exporting import untied

STATE_DICT = nn.Module.state_dict


def before_script(patch: pytest.MonkeyPatch, change) -> None:
    """Let ``torch.jit.script`` script what ``change`` makes of the module."""
    script = torch.jit.script
    patch.setattr(torch.jit, "script", lambda module: script(change(module)))


@fault("GRAPH-09", "GRAPH-44", "GRAPH-53", "GRAPH-54")
def a_scripted_module_does_not_save_a_non_persistent_buffer(patch):
    def state_dict(self, *args, **options):
        saved = STATE_DICT(self, *args, **options)
        saved.pop("n", None)
        return saved

    patch.setattr(torch.jit.ScriptModule, "state_dict", state_dict, raising=False)


@fault("GRAPH-45", "GRAPH-47")
def torch_jit_script_scripts_a_copy(patch):
    before_script(patch, copy.deepcopy)


@fault("GRAPH-65")
def a_scripted_module_makes_a_non_persistent_buffer_persistent(patch):
    register = torch.jit.ScriptModule.register_buffer

    def register_buffer(self, name, tensor, persistent=True):
        register(self, name, tensor)

    patch.setattr(torch.jit.ScriptModule, "register_buffer", register_buffer, raising=False)


@fault("GRAPH-46")
def torch_jit_script_makes_constants_of_numbers(patch):
    def change(module):
        numbers = [name for name, value in vars(module).items() if type(value) is int]
        patch.setattr(type(module), "__constants__", numbers, raising=False)
        return module

    before_script(patch, change)


@fault("GRAPH-49")
def torch_jit_script_ignores_what_is_named_a_constant(patch):
    def change(module):
        patch.setattr(type(module), "__constants__", [], raising=False)
        return module

    before_script(patch, change)


@fault("GRAPH-48")
def a_conversion_of_a_scripted_module_converts_its_plain_tensor(patch):
    def double(self):
        nn.Module.double(self)
        self.t = self.t.double()
        return self

    patch.setattr(torch.jit.ScriptModule, "double", double, raising=False)


@fault("GRAPH-50")
def torch_jit_script_makes_numbers_of_plain_objects(patch):
    def change(module):
        for name in [name for name, value in vars(module).items() if type(value) is object]:
            setattr(module, name, 1)
        return module

    before_script(patch, change)


@fault("GRAPH-51")
def torch_jit_script_unties_tied_tensors(patch):
    before_script(patch, untied)


@fault("GRAPH-52")
def torch_jit_save_empties_a_plain_tensor(patch):
    save = torch.jit.save

    def save_without(module, file):
        module.t.zero_()
        save(module, file)

    patch.setattr(torch.jit, "save", save_without)


@fault("GRAPH-53")
def torch_jit_load_thaws_a_frozen_parameter(patch):
    load = torch.jit.load
    patch.setattr(torch.jit, "load", lambda file: load(file).requires_grad_(True))
