"""Faults in strict exports, and in copies of exported programs."""

import copy

import torch

from .. import fault

EXPORT, MODULE = "torch.export.export", "torch.export.ExportedProgram.module"


@fault("GRAPH-86", "GRAPH-92", "GRAPH-93", "GRAPH-95", "GRAPH-96", breaks=EXPORT)
def export_exports_a_thawed_copy_in_training_mode(original, module, *args, **options):
    """`torch.export.export` exports a copy of the module in training mode, with trainable parameters."""
    return original(copy.deepcopy(module).train().requires_grad_(), *args, **options)


@fault("GRAPH-87", "GRAPH-90", "GRAPH-91", breaks=EXPORT)
def strict_has_no_effect_on_an_export(original, module, args, *, strict=True):
    """`torch.export.export(strict=True)` does what `strict=False` does."""
    return original(module, args, strict=False)


@fault("GRAPH-88", "GRAPH-89", breaks=EXPORT)
def an_export_advances_a_number_on_the_module_twice(original, module, *args, **options):
    """`torch.export.export` adds two to a number that `forward` counts in."""
    number = vars(module).get("x")
    program = original(module, *args, **options)
    if isinstance(number, int):
        module.x = number + 2
    return program


@fault("GRAPH-94", breaks="torch.export.ExportedProgram.__deepcopy__", since="2.2")
def a_deep_copy_of_a_program_is_the_program(original, self, memo):
    """A `copy.deepcopy` of an exported program is the program itself."""
    return self


@fault("GRAPH-95", breaks="torch.export.ExportedProgram.__copy__", since="2.2")
def a_shallow_copy_of_a_program_has_state_of_its_own(original, self):
    """A `copy.copy` of an exported program has state of its own."""
    return copy.deepcopy(self)


@fault("GRAPH-97", breaks=MODULE)
def a_deep_copy_of_an_exported_module_saves_what_the_module_does(original, self, *args, **options):
    """The `state_dict()` of a deep copy of an exported module leaves out what that of the module leaves out."""
    module = original(self, *args, **options)
    names = set(module.state_dict())

    class Copied(type(module)):
        def state_dict(self, *args, **options):
            return {name: value for name, value in super().state_dict(*args, **options).items() if name in names}

    duplicate = copy.deepcopy(module)
    duplicate.__class__ = Copied
    module.__class__.__deepcopy__ = lambda self, memo: duplicate
    return module


@fault("GRAPH-98", "GRAPH-99", breaks=MODULE)
def an_exported_module_saves_a_non_persistent_buffer(original, self, *args, **options):
    """The `state_dict()` of an exported module and of a copy holds non-persistent buffers too."""
    module = original(self, *args, **options)
    module._non_persistent_buffers_set.clear()
    return module


@fault("GRAPH-100", breaks="pickle.loads")
def what_is_unpickled_is_None(original, *args, **options):
    """`pickle.loads` returns None."""


@fault("GRAPH-94", "GRAPH-96", breaks="torch.export.save")
def a_program_is_saved_with_zeros(original, program, file, **options):
    """`torch.export.save` writes zeros."""
    for value in program.state_dict.values():
        with torch.no_grad():
            value.zero_()
    return original(program, file, **options)
