"""What Hypothesis draws: channel sizes and shapes, the article's own always first."""

import inspect
from collections.abc import Callable
from itertools import cycle

from hypothesis import example, given
from hypothesis import strategies as st

from .claim import is_available
from .models import MODELS

ARTICLE_CHANNELS = (5, 10)
SHAPES = ((10,), (), (0,))
"""What every test of shapes begins with: a vector, a 0-d and an empty tensor."""


def channels() -> st.SearchStrategy[tuple[int, int]]:
    """Pairs ``(in_channels, out_channels)``, each from 1 to 16."""
    return st.tuples(st.integers(1, 16), st.integers(1, 16))


def shapes() -> st.SearchStrategy[tuple[int, ...]]:
    """Shapes of 0 to 4 dimensions with 0 to 4 elements in each: 0-d and empty tensors are among them."""
    return st.lists(st.integers(0, 4), max_size=4).map(tuple)


def any_channels(test: Callable) -> Callable:
    """Run a test that takes ``channels`` on the article's ``(5, 10)`` and on drawn channel sizes."""
    return example(channels=ARTICLE_CHANNELS)(given(channels=channels())(test))


def any_shape(test: Callable) -> Callable:
    """Run a test that takes ``shape`` on a vector, a 0-d and an empty tensor, and on drawn shapes."""
    for shape in reversed(SHAPES):
        test = example(shape=shape)(test)
    return given(shape=shapes())(test)


def any_model(test: Callable) -> Callable:
    """Run a test that takes ``Model``, ``channels`` and perhaps ``shape`` on every toy model, and on drawn ones.

    First comes each model at the article's ``(5, 10)``, with a vector, a 0-d and an empty shape in turn.
    """
    models = [*filter(is_available, MODELS)]
    drawn = {"Model": st.sampled_from(models), "channels": channels(), "shape": shapes()}
    taken = [name for name in drawn if name in inspect.signature(test).parameters]
    for Model, shape in reversed([*zip(models, cycle(SHAPES), strict=False)]):
        first = {"Model": Model, "channels": ARTICLE_CHANNELS, "shape": shape}
        test = example(**{name: first[name] for name in taken})(test)
    return given(**{name: drawn[name] for name in taken})(test)
