"""Faults in torch's own ways out of a module."""

import torch
from torch import nn

from .. import fault
from .breaking import silently, without_integers


@fault("ROAD-01", breaks="torch.load")
def a_state_dict_from_a_file_has_zeros_for_integers(original, *args, **options):
    found = original(*args, **options)
    without_integers(found.values())
    return found


@fault("ROAD-02", "ROAD-05", breaks="torch.load")
def what_comes_from_a_file_has_other_extra_state_and_complex_numbers(original, *args, **options):
    found = original(*args, **options)
    if isinstance(found, nn.Module):
        found.x = found.x.conj()
        return found
    for name, value in found.items():
        if name in ("x", "_extra_state"):
            found[name] = value.conj() if isinstance(value, torch.Tensor) else value + 1
    return found


@fault("ROAD-03", "ROAD-42", breaks="torch.nn.Module.load_state_dict")
def a_load_into_what_cannot_be_written_is_silent(original, self, *args, **options):
    return silently(original, self, *args, **options)


@fault("ROAD-04", breaks="torch.save")
def a_module_is_saved_in_training_mode(original, model, *args, **options):
    original(model.train(), *args, **options)


@fault("ROAD-06", breaks="copy.deepcopy")
def a_deep_copy_is_in_training_mode(original, value, *args):
    found = original(value, *args)
    return found.train() if isinstance(found, nn.Module) else found


@fault("ROAD-07")
def a_module_arrives_in_another_process_in_training_mode(patch):
    patch.setattr(nn.Module, "__getstate__", lambda self: {**vars(self), "training": True}, raising=False)


@fault("ROAD-08")
def a_model_on_meta_arrives_in_another_process_materialized(patch):
    def materialized(self):
        return {
            **vars(self),
            "_parameters": {
                name: nn.Parameter(torch.zeros(value.shape, device="cpu")) for name, value in self._parameters.items()
            },
        }

    patch.setattr(nn.Module, "__getstate__", materialized, raising=False)


@fault("ROAD-09")
def a_conjugated_tensor_is_resolved_on_its_way_to_another_process(patch):
    def resolved(self):
        return {**vars(self), "_buffers": {name: value.resolve_conj() for name, value in self._buffers.items()}}

    patch.setattr(nn.Module, "__getstate__", resolved, raising=False)


@fault("ROAD-10", breaks="torch.compile")
def a_compiled_module_begins_in_training_mode(original, model, **options):
    return original(model.train(), **options)


@fault("ROAD-23", breaks="torch.distributed.checkpoint.load")
def a_distributed_checkpoint_has_zeros_for_integers(original, state, **options):
    original(state, **options)
    without_integers(state.values())


@fault("ROAD-76", "ROAD-78", breaks="torch.distributed.checkpoint.load")
def a_distributed_checkpoint_has_the_version(original, state, **options):
    original(state, **options)
    if hasattr(state, "_metadata"):
        state._metadata[""]["version"] = 1


@fault("ROAD-24", "ROAD-26", "ROAD-27", breaks="torch.distributed.checkpoint.save")
def saving_a_distributed_checkpoint_is_silent(original, *args, **options):
    silently(original, *args, **options)


@fault("ROAD-77", "ROAD-79", "ROAD-80", breaks="torch.distributed.checkpoint.load")
def loading_a_distributed_checkpoint_is_silent(original, *args, **options):
    silently(original, *args, **options)


@fault("ROAD-25", breaks="torch.distributed.checkpoint.load")
def a_checkpoint_for_hugging_face_has_zeros_for_integers(original, state, **options):
    original(state, **options)
    without_integers(state.values())


@fault("ROAD-47", breaks="torch.export.load")
def a_program_from_a_file_has_zeros_for_integers(original, *args, **options):
    found = original(*args, **options)
    without_integers(found.state_dict.values())
    return found


@fault("ROAD-48", breaks="torch.export.load")
def a_program_from_a_file_is_tied_again(original, *args, **options):
    found = original(*args, **options)
    found.state_dict["head.weight"] = found.state_dict["layer.weight"]
    return found


@fault("ROAD-49", breaks="torch.export.load")
def a_program_from_a_file_has_the_conjugation(original, *args, **options):
    found = original(*args, **options)
    found.state_dict.update({name: value.conj().resolve_conj() for name, value in found.state_dict.items()})
    return found


@fault("ROAD-50", breaks="torch.export.export")
def exporting_a_model_on_meta_is_silent(original, *args, **options):
    return silently(original, *args, **options) or nn.ModuleDict()


@fault("ROAD-54", breaks="torch.onnx.export")
def an_onnx_graph_has_fresh_buffers(original, model, *args, **options):
    model.x.zero_()
    return original(model, *args, **options)


@fault("ROAD-83", breaks="torch.onnx.export")
def an_onnx_graph_of_a_batch_norm_keeps_the_training_mode(original, model, *args, **options):
    if isinstance(model, nn.BatchNorm1d):
        model = nn.BatchNorm1d(model.num_features, track_running_stats=False)
    return original(model, *args, **options)


@fault("ROAD-55", breaks="torch.onnx.export")
def an_onnx_export_is_silent(original, *args, **options):
    silently(original, *args, **options)


@fault("ROAD-51", breaks="torch.export.ExportedProgram.module")
def the_module_of_a_program_has_zeros_for_integers(original, *args, **options):
    found = original(*args, **options)
    without_integers(found.buffers())
    return found


@fault("ROAD-53", breaks="torch.onnx.export")
def an_onnx_graph_is_of_the_training_mode(original, model, *args, **options):
    return original(model.train(), *args, **options)


@fault("ROAD-56", breaks="torch.optim.swa_utils.AveragedModel.update_parameters")
def an_averaged_model_has_zeros_for_integers(original, self, model):
    original(self, model)
    without_integers(self.module.buffers())


@fault("ROAD-57", "ROAD-58", breaks="torch.optim.swa_utils.AveragedModel.update_parameters")
def an_averaged_model_leaves_out_what_it_cannot_write(original, self, model):
    silently(original, self, model)
