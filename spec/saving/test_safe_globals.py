"""Which classes and functions a file may name under ``torch.load(weights_only=True)``, and for how long."""

import io
import pickle

import pytest
import torch

from ..vocabulary import claim


class Point:
    """What a user may want to save beside tensors."""

    def __init__(self, x):
        self.x = x


class Renamed(Point):
    """Stands for Point where a file names that."""


def make_point(x):
    return Point(x)


class Made(Point):
    """Is saved as a call of ``make_point``."""

    def __reduce__(self):
        return make_point, (self.x,)


@pytest.fixture
def safe():
    """``torch.serialization``, whose list of safe globals is restored."""
    before = torch.serialization.get_safe_globals()
    yield torch.serialization
    torch.serialization.clear_safe_globals()
    torch.serialization.add_safe_globals(before)


def saved(content):
    file = io.BytesIO()
    torch.save(content, file)
    return file


def load(file):
    file.seek(0)
    return torch.load(file, weights_only=True)


@claim("SER-78", source="torch.serialization.add_safe_globals", since="2.4")
def test_a_class_or_function_is_safe_from_when_it_is_added_until_all_are_cleared(safe):
    """After `torch.serialization.add_safe_globals([...])`, every `torch.load(weights_only=True)` makes instances of the
    classes and calls the functions in the list; before, and after `clear_safe_globals()`, it raises
    `pickle.UnpicklingError`.
    """
    instance, call = saved(Point(torch.ones(2))), saved(Made(3))
    for file in (instance, call):
        with pytest.raises(pickle.UnpicklingError, match=r"Point|make_point"):
            load(file)
    safe.add_safe_globals([Point, make_point])
    assert type(load(instance)) is type(load(call)) is Point
    assert load(instance).x.tolist() == [1, 1]
    assert load(call).x == 3
    assert {Point, make_point} <= {*safe.get_safe_globals()}
    safe.clear_safe_globals()
    for file in (instance, call):
        with pytest.raises(pickle.UnpicklingError):
            load(file)


@claim("SER-79", source="torch.serialization.add_safe_globals", since="2.6")
def test_a_class_may_be_declared_safe_under_the_name_that_a_file_gives_it(safe):
    """With a pair of a class and a full name in `torch.serialization.add_safe_globals`, a file that has this name loads
    as the class; a class alone stands for its own name, and another name raises `pickle.UnpicklingError`.
    """
    file = saved(Point(3))
    safe.add_safe_globals([Renamed])
    with pytest.raises(pickle.UnpicklingError):
        load(file)
    safe.add_safe_globals([(Renamed, f"{Point.__module__}.{Point.__qualname__}")])
    assert type(load(file)) is Renamed
    assert load(file).x == 3


@claim("SER-80", source="torch.serialization.get_safe_globals", since="2.6")
def test_torch_itself_has_declared_classes_safe_and_clearing_drops_them_too(safe):
    """`torch.serialization.get_safe_globals()` holds what torch itself has added, even where the user added nothing,
    and `clear_safe_globals()` drops this as well.

    The documentation says that it holds what the user added.
    """
    assert any(each.__module__.startswith("torch.") for each in safe.get_safe_globals())
    safe.clear_safe_globals()
    assert safe.get_safe_globals() == []
