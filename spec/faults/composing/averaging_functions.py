"""Faults in how averages of a model are computed, and where they are."""

from .. import fault


@fault("UTIL-64", breaks="torch.optim.swa_utils.AveragedModel.__init__")
def an_averaged_model_prefers_its_avg_fn(original, self, model, device=None, avg_fn=None, multi_avg_fn=None, **options):
    original(self, model, device, avg_fn, None if avg_fn else multi_avg_fn, **options)


@fault(
    "UTIL-65",
    breaks=("torch.optim.swa_utils.get_ema_avg_fn", "torch.optim.swa_utils.get_ema_multi_avg_fn"),
)
def any_decay_is_taken(original, decay=0.999):
    """A decay outside of 0 to 1 is cut to it."""
    return original(min(max(decay, 0.0), 1.0))


@fault("UTIL-66", "UTIL-67", breaks="torch.optim.swa_utils.AveragedModel.update_parameters")
def an_averaged_model_copies_the_model_at_every_update(original, self, model):
    count = self.n_averaged.clone()
    self.n_averaged.zero_()
    original(self, model)
    self.n_averaged.copy_(count + 1)


@fault("UTIL-68", breaks="torch.optim.swa_utils.AveragedModel.__init__")
def an_averaged_model_ignores_its_device(original, self, model, device=None, *arguments, **options):
    original(self, model, None, *arguments, **options)


@fault("UTIL-69", breaks="torch.optim.swa_utils.update_bn")
def update_bn_reads_its_loader_for_a_model_without_BatchNorm(original, loader, model, device=None):
    original(list(loader), model, device)


@fault("UTIL-70", breaks="torch.optim.swa_utils.SWALR._linear_anneal")
def SWALR_moves_at_once(original, t):
    return 1.0 if t > 0 else 0.0


@fault("UTIL-70", breaks="torch.optim.swa_utils.SWALR._cosine_anneal")
def SWALR_moves_on_a_line_in_place_of_a_cosine(original, t):
    return t


@fault("UTIL-71", breaks="torch.optim.swa_utils.SWALR.__init__")
def SWALR_takes_any_strategy(original, self, optimizer, swa_lr, anneal_epochs=10, anneal_strategy="cos", last_epoch=-1):
    known = anneal_strategy if anneal_strategy in ("cos", "linear") else "cos"
    original(self, optimizer, swa_lr, anneal_epochs, known, last_epoch)


@fault("UTIL-72", breaks="torch.optim.swa_utils.SWALR.load_state_dict")
def SWALR_loads_nothing(original, self, saved):
    return None
