"""This chapter works with two ranks of a gloo group."""

from collections.abc import Iterator

import pytest

from .ranks import Ranks


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ranks]:
    """Two processes of one gloo group: ``ranks(function)`` is ``[function(0), function(1)]``, each in its own."""
    group = Ranks(tmp_path_factory.mktemp("ranks"))
    yield group
    group.end()
