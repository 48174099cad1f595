"""What a module is before, during and after ``Module.__init__``."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFERS, KINDS, PARAMETERS, PLAIN, ToyModel3, claim
from .registries import kept_as


class Unfinished(nn.Module):
    """A module whose ``__init__`` never calls ``super().__init__()``."""

    def __init__(self):
        pass


class Forwarding(nn.Module):
    """A module that hands its arguments on to ``nn.Module``."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)


class Named:
    """A class beside ``nn.Module`` in a class statement."""

    def __init__(self, name="unnamed"):
        self.name = name
        self.child = nn.Identity()


@claim("SET-15", source="torch.nn.Module")
@pytest.mark.parametrize("kind", PARAMETERS)
def test_assigning_a_parameter_before_super_init_raises_AttributeError(kind):
    """Assigning an `nn.Parameter` before `super().__init__()` was called raises `AttributeError`, and nothing is set on
    the module.
    """
    model = Unfinished()
    with pytest.raises(AttributeError, match=r"cannot assign parameters before Module.__init__\(\) call"):
        kind.put(model, "x", torch.ones(3))
    assert vars(model) == {}


@claim("SET-16", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("persistent", [True, False])
def test_register_buffer_before_super_init_raises_AttributeError(persistent):
    """`register_buffer` before `super().__init__()` was called raises `AttributeError`, persistent or not, and nothing
    is set on the module.
    """
    model = Unfinished()
    with pytest.raises(AttributeError, match=r"cannot assign buffer before Module.__init__\(\) call"):
        model.register_buffer("x", torch.ones(3), persistent=persistent)
    assert vars(model) == {}


@claim("SET-34", source="torch.nn.Module.register_parameter")
@pytest.mark.parametrize("value", [None, 3])
def test_register_parameter_before_super_init_raises_AttributeError(value):
    """`register_parameter` before `super().__init__()` was called raises `AttributeError`, even for None, and nothing
    is set on the module.
    """
    model = Unfinished()
    with pytest.raises(AttributeError, match=r"cannot assign parameter before Module.__init__\(\) call"):
        model.register_parameter("x", value)
    assert vars(model) == {}


@claim("SET-35", source="torch.nn.Module")
def test_assigning_a_submodule_before_super_init_raises_AttributeError():
    """Assigning a submodule before `super().__init__()` was called raises `AttributeError`, and nothing is set on the
    module.
    """
    model = Unfinished()
    with pytest.raises(AttributeError, match=r"cannot assign module before Module.__init__\(\) call"):
        model.child = nn.Linear(5, 10)
    assert vars(model) == {}


@claim("SET-36", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize("persistent", [True, False])
def test_assigning_an_nn_Buffer_before_super_init_raises_AttributeError(persistent):
    """Assigning an `nn.Buffer` before `super().__init__()` was called raises `AttributeError`, and nothing is set on
    the module.
    """
    model = Unfinished()
    with pytest.raises(AttributeError, match=r"cannot assign buffer before Module.__init__\(\) call"):
        model.x = nn.Buffer(torch.ones(3), persistent=persistent)
    assert vars(model) == {}


@claim("SET-37", source="torch.nn.Module")
@pytest.mark.parametrize("kind", PLAIN)
def test_a_plain_attribute_can_be_assigned_before_super_init_and_stays(kind):
    """A plain tensor or another plain value may be assigned before `super().__init__()`: it stays a plain attribute and
    is not in the state dict.
    """
    model = Unfinished()
    kind.put(model, "x", torch.ones(3))
    held = model.x
    nn.Module.__init__(model)
    assert vars(model)["x"] is model.x is held
    assert list(model.state_dict()) == []


@claim("SET-52", source="torch.nn.Module")
def test_super_init_puts_a_module_in_training_mode_whatever_was_set_before():
    """`nn.Module.__init__()` sets `training` to True, also where it was False before, set by hand or by `eval()`."""
    model = Unfinished()
    model.training = False
    nn.Module.__init__(model)
    assert model.training is True
    nn.Module.__init__(model.eval())
    assert model.training is True


@claim("SET-38", source="torch.nn.Module")
def test_reading_a_missing_attribute_before_super_init_raises_AttributeError_that_names_it():
    """Reading a missing attribute before `super().__init__()` was called raises an `AttributeError` that names the
    class and the attribute.
    """
    with pytest.raises(AttributeError, match="'Unfinished' object has no attribute 'x'"):
        _ = Unfinished().x


@claim("SET-17", source="torch.nn.Module")
@pytest.mark.parametrize("kind", KINDS)
def test_a_second_super_init_removes_registered_state_and_keeps_plain_attributes(kind):
    """Calling `nn.Module.__init__()` a second time removes all parameters, buffers and submodules and keeps plain
    attributes.
    """
    model = kind.on(ToyModel3(5, 10), "x", torch.ones(3))
    nn.Module.__init__(model)
    assert [*model.parameters(), *model.buffers(), *model.children(), *model.state_dict()] == []
    assert hasattr(model, "x") is (kind in PLAIN)
    assert (model.a1, model.a2) == (1, 2)


@claim("SET-39", source="torch.nn.Module")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_second_super_init_forgets_persistence(kind):
    """Calling `nn.Module.__init__()` a second time also forgets which buffers were non-persistent:
    `_non_persistent_buffers_set` is empty.
    """
    model = kind.on(nn.Module(), "x", torch.ones(3))
    nn.Module.__init__(model)
    assert kept_as(model) == "nothing"


@claim("REG-21", source="torch.nn.Module")
def test_a_new_module_is_in_training_mode_and_holds_no_state():
    """A new `nn.Module()` has `training` True, no parameters, buffers or submodules, and an empty `state_dict()`."""
    model = nn.Module()
    assert model.training is True
    assert [*model.parameters(), *model.buffers(), *model.children(), *model.state_dict()] == []
    assert list(model.modules()) == [model]


@claim("REG-22", source="torch.nn.Module", since="2.0")
@pytest.mark.parametrize(("args", "count"), [((None,), 2), ((1, 2), 3)])
def test_a_positional_argument_for_nn_Module_raises_TypeError_in_the_name_of_the_subclass(args, count):
    """By default, positional arguments that a subclass passes on to `nn.Module.__init__()` raise a `TypeError` that
    names the subclass's `__init__` and the number of arguments.
    """
    with pytest.raises(
        TypeError, match=rf"^Forwarding.__init__\(\) takes 1 positional argument but {count} were given$"
    ):
        Forwarding(*args)


@claim("REG-23", source="torch.nn.Module", since="2.0")
@pytest.mark.parametrize("kwargs", [{"width": 3}, {"width": None}, {"width": 3, "depth": 2}])
def test_a_keyword_argument_for_nn_Module_raises_TypeError_that_names_the_first(kwargs):
    """By default, keyword arguments that a subclass passes on to `nn.Module.__init__()` raise a `TypeError` that names
    the first, even if positional arguments are passed on with them.
    """
    with pytest.raises(TypeError, match=r"^Forwarding.__init__\(\) got an unexpected keyword argument 'width'$"):
        Forwarding(*kwargs.values(), **kwargs)


@claim("REG-24", source="torch.nn.Module")
def test_nn_Module_does_not_call_the_init_of_the_next_base_class():
    """By default, an instance of `class Model(nn.Module, Other)` is made without a call of `Other.__init__`: the
    attributes that it would set are missing.
    """

    class Model(nn.Module, Named):
        pass

    model = Model()
    assert not hasattr(model, "name")
    assert list(model.children()) == []


@claim("REG-25", source="torch.nn.Module", since="2.0")
def test_with_call_super_init_nn_Module_calls_the_init_of_the_next_base_class_with_all_arguments():
    """With `call_super_init = True` in `class Model(nn.Module, Other)`, `nn.Module.__init__()` ends by calling
    `Other.__init__` with all arguments, and `Other.__init__` can assign submodules.
    """

    class Model(nn.Module, Named):
        call_super_init = True

    assert Model().name == "unnamed"
    assert Model("by position").name == "by position"
    assert Model(name="by keyword").name == "by keyword"
    assert [name for name, _ in Model().named_children()] == ["child"]
