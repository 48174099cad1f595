"""Faults in what torch.export makes of state."""

import copy
import importlib

import torch
from torch import nn

from .. import fault


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


@fault("GRAPH-01", "GRAPH-20", breaks="torch.export.graph_signature.ExportGraphSignature.buffers")
def the_graph_signature_lists_no_non_persistent_buffer(original, self):
    found = [spec for spec in self.input_specs if spec.kind.name == "BUFFER"]
    return tuple(spec.target for spec in found if spec.persistent)


@fault("GRAPH-01", "GRAPH-16", "GRAPH-20", breaks="torch.export.graph_signature.ExportGraphSignature.parameters")
def the_graph_signature_lists_a_frozen_parameter_among_nothing(original, self):
    """The graph signature does not list a frozen parameter."""
    return tuple(spec.target for spec in self.input_specs if spec.kind.name == "PARAMETER" and spec.target != "f")


@fault("GRAPH-03", breaks="torch.export.graph_signature.ExportGraphSignature.buffers_to_mutate")
def the_graph_signature_does_not_tell_that_a_buffer_changes(original, self):
    return {}


@fault(
    "GRAPH-25",
    breaks="torch.export.graph_signature.ExportGraphSignature.buffers_to_mutate",
    since="2.3",
    until="2.6",
)
def the_graph_signature_of_an_older_torch_does_not_tell_that_a_buffer_changes(original, self):
    """Before torch 2.6, the graph signature did not tell that a buffer changes."""
    return {}


@fault("GRAPH-14", "GRAPH-15", breaks="torch.export.export")
def export_makes_a_non_persistent_buffer_persistent(original, module, *args, **options):
    module._non_persistent_buffers_set.clear()
    return original(module, *args, **options)


@fault("GRAPH-11", breaks="torch.export.export")
def export_thaws_a_frozen_parameter(original, module, *args, **options):
    """`torch.export.export` makes a frozen parameter trainable."""
    return original(module.requires_grad_(True), *args, **options)


@fault("GRAPH-02", "GRAPH-14", "GRAPH-24", breaks="torch.export.export", since="2.3")
def export_makes_buffers_of_plain_tensors(original, module, *args, **options):
    return original(with_registered_tensors(module), *args, **options)


@fault("GRAPH-13", breaks="torch.export.export")
def export_makes_buffers_of_plain_tensors_that_change_in_place(original, module, *args, **options):
    return original(with_registered_tensors(module), *args, **options)


@fault("GRAPH-27", breaks="torch.export.export")
def export_makes_buffers_of_plain_tensors_that_are_bound_anew(original, module, *args, **options):
    """`torch.export.export` makes a buffer of a plain tensor that `forward` rebinds."""
    return original(with_registered_tensors(module), *args, **options)


@fault("GRAPH-28", breaks="torch.export.export")
def export_of_an_older_torch_makes_buffers_of_plain_tensors_that_are_bound_anew(original, module, *args, **options):
    """Before torch 2.10, `torch.export.export` made a buffer of a plain tensor that `forward` rebinds."""
    return original(with_registered_tensors(module), *args, **options)


@fault("GRAPH-12", "GRAPH-17", "GRAPH-19", "GRAPH-23", "GRAPH-26", breaks="torch.export.export")
def export_copies_the_model(original, module, *args, **options):
    return original(copy.deepcopy(module), *args, **options)


@fault("GRAPH-04", breaks="torch.export.export")
def export_copies_the_model_whose_forward_rebinds_a_buffer(original, module, *args, **options):
    return original(copy.deepcopy(module), *args, **options)


@fault("GRAPH-32", breaks="torch.export.export")
def export_copies_the_model_whose_forward_changes_a_plain_tensor(original, module, *args, **options):
    return original(copy.deepcopy(module), *args, **options)


@fault("GRAPH-21", breaks="torch.export.export")
def export_unties_tied_tensors(original, module, *args, **options):
    return original(untied(module), *args, **options)


@fault("GRAPH-22", "GRAPH-33")
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


@fault("GRAPH-31")
def an_exported_module_counts_in_a_number(patch):
    """An exported module counts in a plain number, as the module itself does."""
    an_exported_module_runs_the_model_itself(patch)


@fault("GRAPH-29", "GRAPH-30", breaks="torch.export.export")
def strict_export_is_not_strict(original, *args, **options):
    """`torch.export.export(strict=True)` exports like `strict=False`."""
    return original(*args, **{**options, "strict": False})


@fault("GRAPH-18", "GRAPH-43", "GRAPH-44", "GRAPH-34", breaks="torch.nn.Module.load_state_dict")
def loading_loads_nothing_and_complains_of_nothing(original, self, *args, **options):
    """`load_state_dict()` loads nothing and raises nothing."""
    return torch.nn.modules.module._IncompatibleKeys([], [])
