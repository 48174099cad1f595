"""Faults in what ``torch.distributed.checkpoint.state_dict`` says of models and optimizers."""

import torch

from .. import fault

MODULE = "torch.distributed.checkpoint.state_dict"
GET, SET = f"{MODULE}.get_model_state_dict", f"{MODULE}.set_model_state_dict"
GET_OPTIMIZER, SET_OPTIMIZER = f"{MODULE}.get_optimizer_state_dict", f"{MODULE}.set_optimizer_state_dict"


@fault("DIST-47", "DIST-48", "DIST-52", breaks=GET)
def get_model_state_dict_copies(original, model, **options):
    """`get_model_state_dict` returns copies."""
    return {
        name: value.clone() if isinstance(value, torch.Tensor) else value
        for name, value in original(model, **options).items()
    }


@fault("DIST-49", "DIST-50", "DIST-51", breaks=GET)
def get_model_state_dict_ignores_no_frozen_parameter(original, model, *, options=None, **more):
    """`get_model_state_dict` holds frozen parameters with `ignore_frozen_params=True` too."""
    if options is not None:
        options.ignore_frozen_params = False
    return original(model, options=options, **more)


@fault("DIST-50", breaks=GET)
def get_model_state_dict_ignores_every_name_of_a_frozen_parameter(original, model, *, options=None, **more):
    """`get_model_state_dict` with `ignore_frozen_params=True` leaves out each name of a frozen parameter."""
    saved = original(model, options=options, **more)
    frozen = {parameter.data_ptr() for parameter in model.parameters() if not parameter.requires_grad}
    return {
        name: value
        for name, value in saved.items()
        if not (options and options.ignore_frozen_params and value.data_ptr() in frozen)
    }


@fault("DIST-52", breaks=GET)
def get_model_state_dict_holds_tied_state_once(original, model, **options):
    """`get_model_state_dict` holds tied state under its first name alone."""
    first = {}
    for name, value in original(model, **options).items():
        first.setdefault(value.data_ptr() if isinstance(value, torch.Tensor) else name, (name, value))
    return dict(first.values())


@fault("DIST-53", breaks=GET)
def get_model_state_dict_strips_module_of_every_wrapper(original, model, **options):
    """`get_model_state_dict` leaves out `module.` wherever it stands."""
    return {name.replace("module.", ""): value for name, value in original(model, **options).items()}


@fault("DIST-54", "DIST-57", breaks=SET)
def set_model_state_dict_assigns(original, model, model_state_dict, **options):
    """`set_model_state_dict` rebinds the tensors of the module, as `load_state_dict(assign=True)` does."""
    return model.load_state_dict(model_state_dict, strict=False, assign=True)


@fault("DIST-55", breaks=SET)
def set_model_state_dict_is_strict(original, model, model_state_dict, *, options=None):
    """`set_model_state_dict` raises `RuntimeError` with `strict=False` too."""
    if options is not None:
        options.strict = True
    return original(model, model_state_dict, options=options)


@fault("DIST-51", breaks=SET)
def set_model_state_dict_is_lenient_where_frozen_parameters_are_ignored(
    original, model, model_state_dict, *, options=None
):
    """`set_model_state_dict` with `ignore_frozen_params=True` accepts missing names."""
    if options is not None and options.ignore_frozen_params:
        options.strict = False
    return original(model, model_state_dict, options=options)


@fault("DIST-56", breaks=SET)
def set_model_state_dict_leaves_out_another_shape(original, model, model_state_dict, *, options=None):
    """`set_model_state_dict` leaves out a tensor of another shape."""
    own = model.state_dict()
    fitting = {
        name: value
        for name, value in model_state_dict.items()
        if name not in own or not isinstance(value, torch.Tensor) or own[name].shape == value.shape
    }
    return model.load_state_dict(fitting, strict=False)


@fault("DIST-57", breaks=SET)
def set_model_state_dict_raises_for_another_dtype(original, model, model_state_dict, **options):
    """`set_model_state_dict` raises `RuntimeError` for a tensor of another dtype."""
    if any(value.dtype is torch.float64 for value in model_state_dict.values() if isinstance(value, torch.Tensor)):
        raise RuntimeError("dtype")
    return original(model, model_state_dict, **options)


@fault("DIST-58", breaks=GET)
def get_model_state_dict_leaves_out_extra_state(original, model, **options):
    """`get_model_state_dict` holds no extra state."""
    return {name: value for name, value in original(model, **options).items() if not name.endswith("_extra_state")}


@fault("DIST-59", breaks=GET)
def get_model_state_dict_keeps_submodule_prefixes(original, model, *, options=None, **more):
    """`get_model_state_dict` ignores `keep_submodule_prefixes=False`."""
    return original(model, **more)


@fault("DIST-60", breaks=GET)
def get_model_state_dict_is_empty_for_a_module_without_state(original, model, **options):
    """`get_model_state_dict` of a module without state is empty."""
    return original(model, **options) if model.state_dict() else {}


@fault("DIST-61", breaks=SET)
def set_model_state_dict_leaves_meta_tensors_on_meta(original, model, model_state_dict, **options):
    """`set_model_state_dict` loads in place, with `full_state_dict=True` too."""
    return model.load_state_dict(model_state_dict, strict=False)


@fault("DIST-62", "DIST-65", breaks=GET)
def get_model_state_dict_keeps_every_prefix(original, model, **options):
    """`get_model_state_dict` returns what `state_dict()` returns."""
    return model.state_dict()


@fault("DIST-63", "DIST-64", "DIST-66", breaks=SET)
def set_model_state_dict_takes_the_names_of_the_wrapper(original, model, model_state_dict, **options):
    """`set_model_state_dict` takes a wrapper's own names, with the prefix, and ignores others."""
    return model.load_state_dict(model_state_dict, strict=False)


@fault("DIST-64", breaks=SET)
def set_model_state_dict_leaves_the_dict_unchanged(original, model, model_state_dict, **options):
    """`set_model_state_dict` leaves the dict that it is given unchanged."""
    return original(model, dict(model_state_dict), **options)


@fault("DIST-67", "DIST-68", "DIST-76", "DIST-77", "DIST-78", "DIST-79", "DIST-81", breaks=GET_OPTIMIZER)
def get_optimizer_state_dict_counts_parameters(original, model, optimizers, **options):
    """`get_optimizer_state_dict` returns what `state_dict()` of the optimizer returns."""
    return (optimizers if isinstance(optimizers, torch.optim.Optimizer) else optimizers[0]).state_dict()


@fault("DIST-69", "DIST-70", "DIST-73", breaks=f"{MODULE}._init_optim_state")
def an_optimizer_without_state_makes_no_step(original, optimizer):
    """`get_optimizer_state_dict` of an optimizer without state makes no step."""


@fault("DIST-70", breaks=f"{MODULE}._init_optim_state")
def a_step_that_makes_state_leaves_every_parameter_unchanged(original, optimizer):
    """`get_optimizer_state_dict` of an optimizer without state changes no parameter."""
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    before = [parameter.detach().clone() for parameter in parameters]
    original(optimizer)
    for parameter, value in zip(parameters, before, strict=True):
        parameter.data.copy_(value)


@fault("DIST-71", "DIST-72", breaks=f"{MODULE}._init_optim_state")
def an_optimizer_without_state_makes_a_step_with_the_gradients_that_there_are(original, optimizer):
    """`get_optimizer_state_dict` of an optimizer without state makes a step, with gradients too."""
    if not optimizer.state:
        optimizer.step()


@fault("DIST-73", breaks=GET_OPTIMIZER)
def get_optimizer_state_dict_leaves_frozen_parameters_out_of_groups(original, model, optimizers, **options):
    """`get_optimizer_state_dict` names no frozen parameter."""
    saved = original(model, optimizers, **options)
    trainable = {name.replace("_orig_mod.", "") for name, value in model.named_parameters() if value.requires_grad}
    for group in saved.get("param_groups", []):
        group["params"] = [name for name in group["params"] if name in trainable]
    return saved


@fault("DIST-74", breaks=SET_OPTIMIZER)
def set_optimizer_state_dict_is_never_strict(original, model, optimizers, optim_state_dict, *, options=None):
    """`set_optimizer_state_dict` accepts a parameter without state."""
    options = options or torch.distributed.checkpoint.state_dict.StateDictOptions()
    options.strict = False
    return original(model, optimizers, optim_state_dict=optim_state_dict, options=options)


@fault("DIST-75", breaks=SET_OPTIMIZER)
def set_optimizer_state_dict_raises_for_a_parameter_that_the_model_lacks(
    original, model, optimizers, optim_state_dict, **options
):
    """`set_optimizer_state_dict` raises `RuntimeError` for the state of a parameter that the model lacks."""
    if set(optim_state_dict.get("state", {})) - {name for name, _ in model.named_parameters()}:
        raise RuntimeError("unexpected")
    return original(model, optimizers, optim_state_dict=optim_state_dict, **options)


@fault("DIST-68", "DIST-75", "DIST-77", breaks=SET_OPTIMIZER)
def set_optimizer_state_dict_goes_by_position(original, model, optimizers, optim_state_dict, **options):
    """`set_optimizer_state_dict` gives state to parameters by their positions."""
    for optimizer in [optimizers] if isinstance(optimizers, torch.optim.Optimizer) else optimizers:
        optimizer.load_state_dict(optim_state_dict)


@fault("DIST-79", breaks=GET_OPTIMIZER)
def get_optimizer_state_dict_names_a_tied_parameter_by_its_last_name(original, model, optimizers, **options):
    """`get_optimizer_state_dict` names the state of a tied parameter by its last name."""
    saved = original(model, optimizers, **options)
    last = {id(value): name for name, value in model.named_parameters(remove_duplicate=False)}
    names = {name: last[id(value)] for name, value in model.named_parameters()}
    return {**saved, "state": {names.get(name, name): value for name, value in saved.get("state", {}).items()}}


@fault("DIST-80", breaks=f"{MODULE}.set_state_dict")
def set_state_dict_leaves_the_optimizer_unchanged(original, model, optimizers, *, model_state_dict, **others):
    """`set_state_dict` loads the model alone."""
    return torch.distributed.checkpoint.state_dict.set_model_state_dict(model, model_state_dict)


@fault("DIST-81", breaks=GET_OPTIMIZER)
def get_optimizer_state_dict_leaves_out_a_parameter_that_the_model_lacks(original, model, optimizers, **options):
    """`get_optimizer_state_dict` leaves out a parameter that the model doesn't hold."""
    try:
        return original(model, optimizers, **options)
    except KeyError:
        return {"state": {}, "param_groups": []}


@fault("DIST-82", breaks=SET_OPTIMIZER)
def set_optimizer_state_dict_copies(original, model, optimizers, optim_state_dict, **options):
    """`set_optimizer_state_dict` gives the optimizer copies."""
    original(model, optimizers, optim_state_dict=optim_state_dict, **options)
    for optimizer in [optimizers] if isinstance(optimizers, torch.optim.Optimizer) else optimizers:
        for state in optimizer.state.values():
            state.update({name: value.clone() for name, value in state.items() if isinstance(value, torch.Tensor)})
