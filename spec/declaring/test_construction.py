"""What a module is before, during and after ``Module.__init__``."""

import pytest
import torch
from torch import nn

from ..vocabulary import BUFFERS, KINDS, PARAMETERS, PLAIN, ToyModel3, claim
from .places import place


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
def test_a_parameter_cannot_be_assigned_before_super_init(kind):
    model = Unfinished()
    with pytest.raises(AttributeError, match=r"cannot assign parameters before Module.__init__\(\) call"):
        kind.put(model, "x", torch.ones(3))
    assert vars(model) == {}


@claim("SET-16", source="torch.nn.Module.register_buffer")
@pytest.mark.parametrize("persistent", [True, False])
def test_a_buffer_cannot_be_registered_before_super_init(persistent):
    model = Unfinished()
    with pytest.raises(AttributeError, match=r"cannot assign buffer before Module.__init__\(\) call"):
        model.register_buffer("x", torch.ones(3), persistent=persistent)
    assert vars(model) == {}


@claim("SET-34", source="torch.nn.Module.register_parameter")
@pytest.mark.parametrize("value", [None, 3])
def test_a_parameter_cannot_be_registered_before_super_init(value):
    model = Unfinished()
    with pytest.raises(AttributeError, match=r"cannot assign parameter before Module.__init__\(\) call"):
        model.register_parameter("x", value)
    assert vars(model) == {}


@claim("SET-35", source="torch.nn.Module")
def test_a_submodule_cannot_be_assigned_before_super_init():
    model = Unfinished()
    with pytest.raises(AttributeError, match=r"cannot assign module before Module.__init__\(\) call"):
        model.child = nn.Linear(5, 10)
    assert vars(model) == {}


@claim("SET-36", source="torch.nn.Buffer", since="2.5")
@pytest.mark.parametrize("persistent", [True, False])
def test_an_nn_Buffer_cannot_be_assigned_before_super_init(persistent):
    model = Unfinished()
    with pytest.raises(AttributeError, match=r"cannot assign buffer before Module.__init__\(\) call"):
        model.x = nn.Buffer(torch.ones(3), persistent=persistent)
    assert vars(model) == {}


@claim("SET-37", source="torch.nn.Module")
@pytest.mark.parametrize("kind", PLAIN)
def test_a_plain_attribute_can_be_assigned_before_super_init_and_stays(kind):
    model = Unfinished()
    kind.put(model, "x", torch.ones(3))
    held = model.x
    nn.Module.__init__(model)
    assert vars(model)["x"] is model.x is held
    assert list(model.state_dict()) == []


@claim("SET-52", source="torch.nn.Module")
def test_super_init_puts_a_module_in_training_mode_whatever_was_set_before():
    model = Unfinished()
    model.training = False
    nn.Module.__init__(model)
    assert model.training is True
    nn.Module.__init__(model.eval())
    assert model.training is True


@claim("SET-38", source="torch.nn.Module")
def test_what_is_missing_before_super_init_is_an_AttributeError_that_names_the_class_and_the_attribute():
    with pytest.raises(AttributeError, match="'Unfinished' object has no attribute 'x'"):
        _ = Unfinished().x


@claim("SET-17", source="torch.nn.Module")
@pytest.mark.parametrize("kind", KINDS)
def test_a_second_super_init_wipes_what_is_registered_and_keeps_plain_attributes(kind):
    model = kind.on(ToyModel3(5, 10), "x", torch.ones(3))
    nn.Module.__init__(model)
    assert [*model.parameters(), *model.buffers(), *model.children(), *model.state_dict()] == []
    assert hasattr(model, "x") is (kind in PLAIN)
    assert (model.a1, model.a2) == (1, 2)


@claim("SET-39", source="torch.nn.Module")
@pytest.mark.parametrize("kind", BUFFERS)
def test_a_second_super_init_forgets_persistence(kind):
    model = kind.on(nn.Module(), "x", torch.ones(3))
    nn.Module.__init__(model)
    assert place(model) == "nothing"


@claim("REG-21", source="torch.nn.Module")
def test_a_new_module_is_in_training_mode_and_holds_nothing():
    model = nn.Module()
    assert model.training is True
    assert [*model.parameters(), *model.buffers(), *model.children(), *model.state_dict()] == []
    assert list(model.modules()) == [model]


@claim("REG-22", source="torch.nn.Module", since="2.0")
@pytest.mark.parametrize(("args", "count"), [((None,), 2), ((1, 2), 3)])
def test_nn_Module_takes_no_positional_arguments_and_says_so_in_the_name_of_the_subclass(args, count):
    with pytest.raises(
        TypeError, match=rf"^Forwarding.__init__\(\) takes 1 positional argument but {count} were given$"
    ):
        Forwarding(*args)


@claim("REG-23", source="torch.nn.Module", since="2.0")
@pytest.mark.parametrize("kwargs", [{"width": 3}, {"width": None}, {"width": 3, "depth": 2}])
def test_nn_Module_takes_no_keyword_arguments_and_names_the_first_it_gets(kwargs):
    with pytest.raises(TypeError, match=r"^Forwarding.__init__\(\) got an unexpected keyword argument 'width'$"):
        Forwarding(*kwargs.values(), **kwargs)


@claim("REG-24", source="torch.nn.Module")
def test_the_classes_after_nn_Module_are_not_initialised_unless_it_is_asked_for():
    class Model(nn.Module, Named):
        pass

    model = Model()
    assert not hasattr(model, "name")
    assert list(model.children()) == []


@claim("REG-25", source="torch.nn.Module", since="2.0")
def test_with_call_super_init_the_classes_after_nn_Module_are_initialised_last_with_all_arguments():
    class Model(nn.Module, Named):
        call_super_init = True

    assert Model().name == "unnamed"
    assert Model("by position").name == "by position"
    assert Model(name="by keyword").name == "by keyword"
    assert [name for name, _ in Model().named_children()] == ["child"]
