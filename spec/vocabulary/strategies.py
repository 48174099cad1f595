"""What Hypothesis draws: channel sizes and shapes, the article's own always first."""

from collections.abc import Callable

from hypothesis import example, given
from hypothesis import strategies as st

ARTICLE_CHANNELS = (5, 10)


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
    for shape in ((0,), (), (10,)):
        test = example(shape=shape)(test)
    return given(shape=shapes())(test)
