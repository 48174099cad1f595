"""Faults in the libraries that train, average, quantize and adapt."""

import torch

from .. import fault
from .breaking import silently, without_integers


@fault("ROAD-28", breaks="accelerate.Accelerator.load_state")
def load_state_fills_integers_with_zeros(original, self, *args, **options):
    original(self, *args, **options)
    for model in self._models:
        without_integers(model.buffers())


@fault("ROAD-29", breaks="accelerate.Accelerator.load_state")
def load_state_is_silent(original, self, *args, **options):
    silently(original, self, *args, **options)


@fault("ROAD-30", breaks="accelerate.Accelerator.save_state")
def save_state_is_silent(original, self, *args, **options):
    silently(original, self, *args, **options)


@fault("ROAD-31", breaks="accelerate.Accelerator.prepare_model")
def preparing_a_model_is_silent(original, self, *args, **options):
    silently(original, self, *args, **options)


@fault("ROAD-37", breaks="accelerate.Accelerator.save_model")
def the_save_model_of_accelerate_writes_both_halves_of_a_tensor(original, self, model, *args, **options):
    for parameter in model.parameters():
        parameter.data = parameter.data.clone()
    original(self, model, *args, **options)


@fault("ROAD-40", breaks="accelerate.load_checkpoint_in_model")
def a_model_that_was_built_empty_is_tied_again(original, model, *args, **options):
    original(model, *args, **options)
    model.head.weight = model.layer.weight


@fault("ROAD-32", "ROAD-36", breaks="accelerate.load_checkpoint_in_model")
def load_checkpoint_in_model_fills_integers_with_zeros(original, model, *args, **options):
    original(model, *args, **options)
    without_integers(model.buffers())


@fault("ROAD-33", "ROAD-34", breaks="accelerate.Accelerator.save_model")
def the_save_model_of_accelerate_is_silent(original, self, *args, **options):
    silently(original, self, *args, **options)


@fault("ROAD-35", "ROAD-38", "ROAD-39", breaks="accelerate.load_checkpoint_in_model")
def load_checkpoint_in_model_is_silent(original, *args, **options):
    silently(original, *args, **options)


@fault("ROAD-41", breaks="lightning.Trainer.save_checkpoint")
def a_lightning_checkpoint_has_zeros_for_integers(original, self, *args, **options):
    without_integers(self.lightning_module.buffers())
    original(self, *args, **options)


@fault("ROAD-43", breaks="tensordict.TensorDict.load_memmap")
def a_memory_map_has_zeros_for_integers(original, *args, **options):
    found = original(*args, **options)
    return found.apply(lambda value: torch.zeros_like(value) if value.dtype == torch.int64 else value)


@fault("ROAD-44", breaks="tensordict.TensorDict.memmap")
def a_memory_map_of_meta_tensors_is_silent(original, *args, **options):
    silently(original, *args, **options)


@fault("ROAD-45", "ROAD-46", breaks="tensordict.TensorDict.to_module")
def to_module_copies_in_place(original, self, module, *args, **options):
    state = dict(self.flatten_keys(".").items())
    with torch.no_grad():
        for name, value in module.state_dict().items():
            value.copy_(state[name])


@fault("ROAD-59", "ROAD-61", breaks="ema_pytorch.EMA.update")
def ema_pytorch_copies_integers_and_bools(original, self):
    original(self)
    for old, new in zip(self.ema_model.buffers(), self.model.buffers(), strict=True):
        if not (new.is_floating_point() or new.is_complex()):
            old.copy_(new)


@fault("ROAD-60", breaks="ema_pytorch.EMA.update")
def ema_pytorch_leaves_out_what_it_cannot_write(original, self):
    silently(original, self)


@fault("ROAD-62", breaks="timm.utils.ModelEmaV3.update")
def the_average_of_timm_has_zeros_for_integers(original, self, *args, **options):
    original(self, *args, **options)
    without_integers(self.module.buffers())


@fault("ROAD-82", breaks="timm.utils.ModelEmaV3.__init__")
def the_average_of_timm_is_in_training_mode(original, self, *args, **options):
    original(self, *args, **options)
    self.module.train()


@fault("ROAD-65", breaks="timm.utils.ModelEmaV3.update")
def the_average_of_timm_leaves_extra_state(original, self, model, *args, **options):
    kept = self.module.x.clone()
    original(self, model, *args, **options)
    self.module.x = kept


@fault("ROAD-66", breaks="ema_pytorch.EMA.update")
def ema_pytorch_copies_floating_buffers(original, self):
    original(self)
    for old, new in zip(self.ema_model.buffers(), self.model.buffers(), strict=True):
        old.copy_(new)


@fault("ROAD-63", "ROAD-64", breaks="timm.utils.ModelEmaV3.update")
def the_average_of_timm_leaves_out_what_it_cannot_write(original, self, *args, **options):
    silently(original, self, *args, **options)


@fault("ROAD-67", breaks="torchao.quantization.quantize_")
def quantizing_sets_the_training_mode(original, model, *args, **options):
    original(model, *args, **options)
    model.train()


@fault("ROAD-71", "ROAD-81", breaks="peft.PeftModel.from_pretrained")
def a_model_with_an_adapter_is_in_training_mode(original, *args, **options):
    return original(*args, **options).train()


@fault("ROAD-72", breaks="peft.LoraModel.merge_and_unload")
def merging_an_adapter_sets_the_training_mode(original, self, *args, **options):
    return original(self, *args, **options).train()


@fault("ROAD-68", breaks="torchao.quantization.quantize_")
def quantizing_leaves_weights_as_they_are(original, *args, **options):
    pass


@fault("ROAD-69", breaks="torchao.quantization.quantize_")
def quantizing_ties_again(original, model, *args, **options):
    original(model, *args, **options)
    model.head.weight = model.layer.weight


@fault("ROAD-70", breaks="torchao.quantization.quantize_")
def quantizing_materializes_what_is_on_meta(original, model, *args, **options):
    model.layer.weight = torch.nn.Parameter(torch.zeros(4, 4))
    original(model, *args, **options)


@fault("ROAD-73", breaks="peft.PeftModel.save_pretrained")
def saving_an_adapter_is_silent(original, *args, **options):
    silently(original, *args, **options)


@fault("ROAD-74", breaks="peft.LoraModel.merge_and_unload")
def merging_an_adapter_makes_everything_trainable(original, self, *args, **options):
    return original(self, *args, **options).requires_grad_()


@fault("ROAD-75", breaks="peft.LoraModel.merge_and_unload")
def merging_materializes_what_is_on_meta(original, self, *args, **options):
    return original(self, *args, **options).to_empty(device="cpu")
