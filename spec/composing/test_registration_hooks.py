"""What the global registration hooks see, and what they can change."""

import copy
import pickle

import pytest
import torch
from torch import nn

from ..vocabulary import ToyModel3, claim


def parameter_hook(hook):
    return nn.modules.module.register_module_parameter_registration_hook(hook)


def buffer_hook(hook):
    return nn.modules.module.register_module_buffer_registration_hook(hook)


def module_hook(hook):
    return nn.modules.module.register_module_module_registration_hook(hook)


HOOKS = {  # how a hook is registered, a route that asks it, and what is registered on that route
    "parameter": (
        parameter_hook,
        lambda model, *args: model.register_parameter(*args),
        lambda: nn.Parameter(torch.ones(3)),
    ),
    "buffer": (buffer_hook, lambda model, *args: model.register_buffer(*args), lambda: torch.ones(3)),
    "module": (module_hook, lambda model, *args: model.add_module(*args), nn.ReLU),
}
PARAMETER_ROUTES = {
    "assignment": setattr,
    "register_parameter()": lambda model, *args: model.register_parameter(*args),
}
BUFFER_ROUTES = {
    "register_buffer()": lambda model, *args: model.register_buffer(*args),
    "non-persistent": lambda model, name, tensor: model.register_buffer(name, tensor, persistent=False),
    "over a buffer": lambda model, name, tensor: setattr(model, "b", tensor),
}
MODULE_ROUTES = {
    "assignment": setattr,
    "add_module()": lambda model, *args: model.add_module(*args),
    "register_module()": lambda model, *args: model.register_module(*args),
}


@claim("HOOK-01", source="torch.nn.modules.module.register_module_buffer_registration_hook", since="2.0")
@pytest.mark.parametrize("route", BUFFER_ROUTES)
def test_a_buffer_registration_hook_runs_on_every_route_and_may_replace_the_tensor(route, real_device):
    """A global `register_module_buffer_registration_hook` hook gets `(module, name, tensor)` from `register_buffer` and
    from assigning to a buffer's name; the tensor that it returns is registered instead.
    """
    model = nn.Module()
    model.register_buffer("b", None)
    given, other, asked = torch.ones(3, device=real_device), torch.zeros(3, device=real_device), []
    with buffer_hook(lambda *args: asked.append(args) or other):
        BUFFER_ROUTES[route](model, "b", given)
    assert [(module, name) for module, name, _ in asked] == [(model, "b")]
    assert asked[0][2] is given
    assert model.b is other
    assert list(model.state_dict()) == ["b"] * (route != "non-persistent")


@claim("HOOK-10", source="torch.nn.modules.module.register_module_buffer_registration_hook", since="2.5")
@pytest.mark.parametrize("persistent", [True, False])
def test_a_buffer_registration_hook_runs_for_an_nn_Buffer_and_what_it_returns_keeps_the_persistence(persistent):
    """Assigning an `nn.Buffer` calls the `register_module_buffer_registration_hook` hooks with it; a tensor that a hook
    returns is registered instead, persistent or non-persistent as the `nn.Buffer` was.
    """
    model, given, other, asked = nn.Module(), nn.Buffer(torch.ones(3), persistent=persistent), torch.zeros(3), []
    with buffer_hook(lambda *args: asked.append(args) or other):
        model.b = given
    assert asked[0][2] is given
    assert model.b is other
    assert list(model.state_dict()) == ["b"] * persistent


@claim("HOOK-11", source="torch.nn.modules.module.register_module_buffer_registration_hook", since="2.0")
def test_a_buffer_registration_hook_runs_for_None_and_may_replace_it_by_a_tensor():
    """`register_buffer(name, None)` calls the `register_module_buffer_registration_hook` hooks with None, and a tensor
    that a hook returns becomes the buffer.
    """
    model, other, asked = nn.Module(), torch.ones(3), []
    with buffer_hook(lambda module, name, tensor: asked.append(tensor) or other):
        model.register_buffer("b", None)
    assert asked == [None]
    assert model.b is other


@claim("HOOK-02", source="torch.nn.modules.module.register_module_parameter_registration_hook", since="2.0")
@pytest.mark.parametrize("route", PARAMETER_ROUTES)
def test_a_parameter_registration_hook_runs_on_every_route_and_may_replace_the_parameter(route, real_device):
    """A global `register_module_parameter_registration_hook` hook gets `(module, name, parameter)` from assignment and
    from `register_parameter()`; the parameter that it returns is registered instead.
    """
    model = nn.Module()
    given, other = (nn.Parameter(torch.ones(3, device=real_device)) for _ in range(2))
    asked = []
    with parameter_hook(lambda *args: asked.append(args) or other):
        PARAMETER_ROUTES[route](model, "p", given)
    assert [(module, name) for module, name, _ in asked] == [(model, "p")]
    assert asked[0][2] is given
    assert model.p is other
    assert list(model.parameters()) == [other]


@claim("HOOK-12", source="torch.nn.modules.module.register_module_parameter_registration_hook", since="2.0")
def test_a_parameter_registration_hook_does_not_run_for_None():
    """`register_parameter(name, None)` and assigning None to a parameter's name call no
    `register_module_parameter_registration_hook` hook.
    """
    model, asked = nn.Module(), []
    with parameter_hook(lambda *args: asked.append(args)):
        model.register_parameter("p", None)
        model.p = nn.Parameter(torch.ones(3))
        model.p = None
    assert len(asked) == 1
    assert model.p is None


@claim("HOOK-13", source="torch.nn.modules.module.register_module_module_registration_hook", since="2.0")
@pytest.mark.parametrize("route", MODULE_ROUTES)
def test_a_module_registration_hook_runs_on_every_route_and_may_replace_the_child(route):
    """A global `register_module_module_registration_hook` hook gets `(module, name, submodule)` from assignment,
    `add_module()` and `register_module()`; the module that it returns is registered instead.
    """
    model, given, other, asked = nn.Module(), nn.ReLU(), nn.Identity(), []
    with (
        module_hook(lambda *args: asked.append(args)),
        module_hook(lambda *args: other),
        module_hook(lambda *args: None),
    ):
        MODULE_ROUTES[route](model, "child", given)
    assert asked == [(model, "child", given)]
    assert model.child is other


@claim("HOOK-14", source="torch.nn.modules.module.register_module_module_registration_hook", since="2.0")
@pytest.mark.parametrize("route", MODULE_ROUTES)
def test_a_module_registration_hook_may_keep_a_child_from_becoming_None(route):
    """Setting a submodule to None, by assignment, `add_module()` or `register_module()`, calls the
    `register_module_module_registration_hook` hooks with None, and a module that a hook returns is registered instead.
    """
    model, other, asked = nn.Module(), nn.Identity(), []
    model.child = nn.ReLU()
    with (
        module_hook(lambda *args: asked.append(args)),
        module_hook(lambda *args: other),
        module_hook(lambda *args: None),
    ):
        MODULE_ROUTES[route](model, "child", None)
    assert asked == [(model, "child", None)]
    assert model.child is other


@claim("HOOK-15", source="torch.nn.modules.module.register_module_parameter_registration_hook", since="2.0")
@pytest.mark.parametrize("what", HOOKS)
def test_a_registration_hook_runs_before_the_module_has_the_name(what):
    """A global registration hook for parameters, as of `register_module_parameter_registration_hook`, or for buffers or
    modules runs before a new name is registered: in the hook, `hasattr(module, name)` is False.
    """
    hook, register, make = HOOKS[what]
    model, taken = nn.Module(), []
    with hook(lambda module, name, value: taken.append(hasattr(module, name))):
        register(model, "x", make())
    assert taken == [False]
    assert hasattr(model, "x")


@claim("HOOK-16", source="torch.nn.modules.module.register_module_parameter_registration_hook", since="2.0")
@pytest.mark.parametrize("what", HOOKS)
def test_registration_hooks_run_in_turn_and_each_gets_what_the_last_returned(what):
    """Global registration hooks for parameters, as of `register_module_parameter_registration_hook`, or for buffers or
    modules run in the order in which they were added; each gets the value as the hooks before it left it.
    """
    hook, register, make = HOOKS[what]
    model, given, other, asked = nn.Module(), make(), make(), []
    with (
        hook(lambda m, n, value: asked.append(("first", value is given))),
        hook(lambda m, n, value: asked.append(("second", value is given)) or other),
        hook(lambda m, n, value: asked.append(("third", value is other))),
    ):
        register(model, "x", given)
    assert asked == [("first", True), ("second", True), ("third", True)]
    assert model.x is other


@claim("HOOK-17", source="torch.nn.modules.module.register_module_parameter_registration_hook", since="2.0")
@pytest.mark.parametrize("what", HOOKS)
def test_a_registration_hook_that_returns_None_changes_nothing_and_a_removed_one_does_not_run(what):
    """A global registration hook for parameters, as of `register_module_parameter_registration_hook`, or for buffers or
    modules changes nothing where it returns None, and is not called after `handle.remove()`.
    """
    hook, register, make = HOOKS[what]
    model, given, asked = nn.Module(), make(), []
    handle = hook(lambda *args: asked.append(args))
    try:
        register(model, "x", given)
    finally:
        handle.remove()
    assert model.x is given
    assert len(asked) == 1
    register(model, "y", given)
    handle.remove()
    assert len(asked) == 1


@claim("HOOK-18", source="torch.nn.modules.module.register_module_parameter_registration_hook", since="2.0")
@pytest.mark.parametrize("what", HOOKS)
@pytest.mark.parametrize("name", [pytest.param("", id="empty"), "a.b", "training"])
def test_a_registration_hook_does_not_run_for_an_invalid_name(what, name):
    """`register_parameter`, `register_buffer` and `add_module` raise `KeyError` for an empty name, one with a dot, or
    the name of an attribute of another kind, before any global registration hook is called.
    """
    hook, register, make = HOOKS[what]
    model, asked = nn.Module(), []
    with hook(lambda *args: asked.append(args)), pytest.raises(KeyError):
        register(model, name, make())
    assert asked == []


@claim("HOOK-19", source="torch.nn.modules.module.register_module_parameter_registration_hook", since="2.0")
def test_registration_hooks_see_all_that_a_constructor_registers_at_every_depth():
    """Global registration hooks, as of `register_module_parameter_registration_hook`, are called for each parameter,
    buffer and submodule that a constructor registers, at every depth, in order, but not for a parameter that is None or
    a module put in by `insert()`.
    """
    seen = []
    note = lambda module, name, value: seen.append((type(module).__name__, name))  # noqa: E731
    with parameter_hook(note), buffer_hook(note), module_hook(note):
        nn.Sequential(nn.Linear(2, 3, bias=False), ToyModel3(2, 3))
    assert seen == [
        ("Linear", "weight"),
        ("Linear", "weight"),
        ("Linear", "bias"),
        ("ToyModel3", "linear"),
        ("ToyModel3", "b1"),
        ("ToyModel3", "c1"),
        ("Sequential", "0"),
        ("Sequential", "1"),
    ]


UNASKED = {
    "double()": lambda model: model.double(),
    "to(meta)": lambda model: model.to("meta"),
    "load_state_dict()": lambda model: model.load_state_dict(model.state_dict()),
    "deepcopy": copy.deepcopy,
    "pickle": lambda model: pickle.loads(pickle.dumps(model)),
    "del": lambda model: [delattr(model, name) for name in ("b1", "c1", "linear")],
}


@claim("HOOK-03", source="torch.nn.Module.to", since="2.0")
@pytest.mark.parametrize("route", UNASKED)
def test_registration_hooks_do_not_run_when_state_is_converted_moved_loaded_copied_or_deleted(route):
    """Converting a module, moving it to meta, `load_state_dict()` without `assign=True`, `copy.deepcopy`, `pickle` and
    deleting an attribute call no global registration hook, such as one of `register_module_buffer_registration_hook`.
    """
    model, asked = ToyModel3(5, 10), []
    note = lambda *args: asked.append(args)  # noqa: E731
    with parameter_hook(note), buffer_hook(note), module_hook(note):
        UNASKED[route](model)
        assert asked == []
        model.register_buffer("b", None)
    assert asked == [(model, "b", None)]


@claim("HOOK-20", source="torch.nn.Module.load_state_dict", since="2.1")
def test_registration_hooks_run_for_each_tensor_that_is_loaded_with_assign(real_device):
    """Outside swap mode, `load_state_dict(assign=True)` calls the hooks of
    `register_module_parameter_registration_hook` and `register_module_buffer_registration_hook` for each parameter and
    buffer that it loads.
    """
    model, asked = ToyModel3(5, 10).to(real_device), []
    checkpoint = model.state_dict()
    note = lambda module, name, value: asked.append(name)  # noqa: E731
    with parameter_hook(note), buffer_hook(note):
        model.load_state_dict(checkpoint, assign=True)
    assert asked == ["b1", "c1", "weight", "bias"]


@claim("HOOK-83", source="torch.nn.Module.set_submodule", since="2.5")
def test_a_module_registration_hook_runs_in_set_submodule_too_and_may_replace_the_child():
    """`set_submodule("0.0", module)` calls the `register_module_module_registration_hook` hooks with the parent, the
    last part of the name and the module; a module that a hook returns is registered instead.
    """
    model, given, other, asked = nn.Sequential(nn.Sequential(nn.ReLU())), nn.Identity(), nn.Tanh(), []
    with module_hook(lambda *args: asked.append(args) or other):
        model.set_submodule("0.0", given)
    assert asked == [(model[0], "0", given)]
    assert model[0][0] is other
