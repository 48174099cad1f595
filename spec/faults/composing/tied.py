"""Faults in what becomes of tied state."""

import copy

import torch
from torch import nn

from .. import fault

APPLY = nn.Module._apply
SETATTR = nn.Module.__setattr__
LOAD_FROM = nn.Module._load_from_state_dict


@fault("TIE-03", "TIE-25")
def a_conversion_replaces_the_parameter_of_each_name(patch):
    patch.setattr(torch.__future__, "get_overwrite_module_params_on_conversion", lambda: True)


@fault("TIE-04", "TIE-25")
def a_conversion_keeps_a_shared_buffer_shared(patch):
    def apply(self, convert, *args, **options):
        memo = getattr(convert, "memo", {})

        def once(tensor):
            if id(tensor) not in memo:
                memo[id(tensor)] = (convert(tensor), tensor)
            return memo[id(tensor)][0]

        once.memo = memo
        return APPLY(self, once, *args, **options)

    patch.setattr(nn.Module, "_apply", apply)


@fault("TIE-21")
def a_conversion_that_changes_nothing_replaces_buffers(patch):
    def apply(self, convert, *args, **options):
        return APPLY(self, lambda tensor: convert(tensor).clone(), *args, **options)

    patch.setattr(nn.Module, "_apply", apply)


@fault("TIE-05")
def a_move_to_meta_keeps_parameters_tied(patch):
    move = nn.Module.to

    def to(self, *args, **options):
        names = {}
        for name, parameter in self.named_parameters(remove_duplicate=False):
            names.setdefault(id(parameter), []).append(name)
        move(self, *args, **options)
        for first, *others in names.values():
            for name in others:
                path, _, last = name.rpartition(".")
                setattr(self.get_submodule(path), last, self.get_parameter(first))
        return self

    patch.setattr(nn.Module, "to", to)


@fault("TIE-05")
def a_move_to_meta_makes_every_parameter_trainable(patch):
    move = nn.Module.to
    patch.setattr(nn.Module, "to", lambda self, *args, **options: move(self, *args, **options).requires_grad_())


@fault("TIE-06")
def a_copy_has_a_tensor_for_each_name(patch):
    def untied(self):
        state = vars(self).copy()
        for table in ("_parameters", "_buffers"):
            state[table] = {
                name: tensor if tensor is None else tensor.detach() for name, tensor in state[table].items()
            }
        return state

    patch.setattr(nn.Module, "__getstate__", untied, raising=False)


@fault("TIE-07")
def an_optimizer_steps_a_parameter_once_for_each_name(patch):
    patch.setattr(nn.Module, "parameters", lambda self, recurse=True: iter(self._parameters.values()))
    patch.setattr(torch.optim.Optimizer, "add_param_group", lambda self, group: self.param_groups.append(group))


@fault("TIE-08")
def a_conversion_copies_into_one_storage(patch):
    def apply(self, convert, *args, **options):
        APPLY(self, convert, *args, **options)
        first = next(iter(self._parameters.values()), None)
        for parameter in self._parameters.values():
            parameter.data = first.data
        return self

    patch.setattr(nn.Module, "_apply", apply)


@fault("TIE-10")
def a_file_holds_a_tensor_for_each_name(patch):
    save = torch.save

    def clones(state, *args, **options):
        save({name: tensor.clone() for name, tensor in state.items()}, *args, **options)

    patch.setattr(torch, "save", clones)


@fault("TIE-22")
def loading_is_content_with_one_name_of_tied_state(patch):
    def load(self, state, prefix, metadata, strict, missing, *others):
        LOAD_FROM(self, state, prefix, metadata, strict, missing, *others)
        missing.clear()

    patch.setattr(nn.Module, "_load_from_state_dict", load)


@fault("TIE-23")
def rebinding_a_buffer_writes_into_the_tensor_it_had(patch):
    def setattr(self, name, value):
        if name in vars(self).get("_buffers", {}) and isinstance(value, torch.Tensor):
            self._buffers[name].copy_(value)
        else:
            SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("TIE-23")
def an_update_in_place_leaves_a_buffer_with_a_copy(patch):
    def setattr(self, name, value):
        if name in vars(self).get("_buffers", {}) and value is self._buffers[name]:
            value = copy.copy(value)
        SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("TIE-24")
def assigning_a_parameter_replaces_it_under_every_name(patch):
    def setattr(self, name, value):
        old = vars(self).get("_parameters", {}).get(name)
        SETATTR(self, name, value)
        for other, tensor in vars(self).get("_parameters", {}).items():
            if old is not None and tensor is old:
                self._parameters[other] = value

    patch.setattr(nn.Module, "__setattr__", setattr)
