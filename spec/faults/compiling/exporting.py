"""Faults in what torch.export makes of state."""

import copy
import importlib

import pytest
import torch
from torch import nn

from .. import fault

LOAD_STATE_DICT = nn.Module.load_state_dict


def before_export(patch: pytest.MonkeyPatch, change) -> None:
    """Let ``torch.export.export`` export what ``change`` makes of the module."""
    module = importlib.import_module("torch.export")
    export = module.export
    patch.setattr(module, "export", lambda mod, *args, **options: export(change(mod), *args, **options))


def signature(patch: pytest.MonkeyPatch, name: str, value) -> None:
    """Let the property ``name`` of a graph signature be ``value`` of the signature."""
    patch.setattr(importlib.import_module("torch.export.graph_signature").ExportGraphSignature, name, property(value))


def untied(module: nn.Module) -> nn.Module:
    """``module``, each name of a parameter or buffer with a tensor of its own."""
    for part in module.modules():
        for state in (part._parameters, part._buffers):
            state.update({name: copy.deepcopy(tensor) for name, tensor in state.items()})
    return module


def with_registered_tensors(module: nn.Module) -> nn.Module:
    """``module``, each plain tensor made a buffer."""
    for name in [name for name, value in vars(module).items() if isinstance(value, torch.Tensor)]:
        tensor = getattr(module, name)
        delattr(module, name)
        module.register_buffer(name, tensor)
    return module


@fault("GRAPH-01", "GRAPH-20", since="2.3")
def the_graph_signature_lists_no_non_persistent_buffer(patch):
    def buffers(self):
        found = [spec for spec in self.input_specs if spec.kind.name == "BUFFER"]
        return tuple(spec.target for spec in found if spec.persistent)

    signature(patch, "buffers", buffers)


@fault("GRAPH-01", "GRAPH-16", "GRAPH-20", since="2.3")
def the_graph_signature_lists_a_frozen_parameter_among_nothing(patch):
    def parameters(self):
        return tuple(spec.target for spec in self.input_specs if spec.kind.name == "PARAMETER" and spec.target != "f")

    signature(patch, "parameters", parameters)


@fault("GRAPH-03", since="2.6")
def the_graph_signature_does_not_tell_that_a_buffer_changes(patch):
    signature(patch, "buffers_to_mutate", lambda self: {})


@fault("GRAPH-25", since="2.3", until="2.6")
def the_graph_signature_of_an_older_torch_does_not_tell_that_a_buffer_changes(patch):
    signature(patch, "buffers_to_mutate", lambda self: {})


@fault("GRAPH-14", "GRAPH-15", since="2.3")
def export_makes_a_non_persistent_buffer_persistent(patch):
    def change(module):
        module._non_persistent_buffers_set.clear()
        return module

    before_export(patch, change)


@fault("GRAPH-11", since="2.5")
def export_thaws_a_frozen_parameter(patch):
    before_export(patch, lambda module: module.requires_grad_(True))


@fault("GRAPH-02", "GRAPH-14", "GRAPH-24", since="2.3")
def export_makes_buffers_of_plain_tensors(patch):
    before_export(patch, with_registered_tensors)


@fault("GRAPH-13", since="2.7")
def export_makes_buffers_of_plain_tensors_that_change_in_place(patch):
    before_export(patch, with_registered_tensors)


@fault("GRAPH-27", since="2.10")
def export_makes_buffers_of_plain_tensors_that_are_bound_anew(patch):
    before_export(patch, with_registered_tensors)


@fault("GRAPH-28", since="2.4", until="2.10")
def export_of_an_older_torch_makes_buffers_of_plain_tensors_that_are_bound_anew(patch):
    before_export(patch, with_registered_tensors)


@fault("GRAPH-12", "GRAPH-17", "GRAPH-19", "GRAPH-23", "GRAPH-26", since="2.1")
def export_copies_the_model(patch):
    before_export(patch, copy.deepcopy)


@fault("GRAPH-04", since="2.4")
def export_copies_the_model_whose_forward_rebinds_a_buffer(patch):
    before_export(patch, copy.deepcopy)


@fault("GRAPH-32", since="2.6")
def export_copies_the_model_whose_forward_changes_a_plain_tensor(patch):
    before_export(patch, copy.deepcopy)


@fault("GRAPH-21", since="2.2")
def export_unties_tied_tensors(patch):
    before_export(patch, untied)


@fault("GRAPH-22", "GRAPH-33", since="2.1")
def an_exported_module_runs_the_model_itself(patch):
    module = importlib.import_module("torch.export")
    export, models = module.export, {}

    def remember(mod, *args, **options):
        program = export(mod, *args, **options)
        models[id(program)] = program, mod
        return program

    def run_the_model(self, *args, **options):
        found = make_module(self, *args, **options)
        if id(self) in models:
            found.forward = models[id(self)][1].forward
        return found

    make_module = module.ExportedProgram.module
    patch.setattr(module, "export", remember)
    patch.setattr(module.ExportedProgram, "module", run_the_model)


@fault("GRAPH-31", since="2.6")
def an_exported_module_counts_in_a_number(patch):
    an_exported_module_runs_the_model_itself(patch)


@fault("GRAPH-29", "GRAPH-30", since="2.2")
def strict_export_is_not_strict(patch):
    module = importlib.import_module("torch.export")
    export = module.export
    patch.setattr(module, "export", lambda *args, **options: export(*args, **{**options, "strict": False}))


@fault("GRAPH-18", "GRAPH-43", "GRAPH-44", "GRAPH-34")
def loading_loads_nothing_and_complains_of_nothing(patch):
    patch.setattr(
        nn.Module, "load_state_dict", lambda self, *args, **options: torch.nn.modules.module._IncompatibleKeys([], [])
    )
