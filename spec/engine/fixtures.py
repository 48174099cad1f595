"""The fixtures that claims share."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch

from ..facts import chapters
from .cases import WHY
from .dynamo import eager_optimizers

OBSERVED = "observed"
SELFTEST = Path(__file__).parent.parent / "selftest"


@pytest.fixture(scope="module", autouse=True)
def optimizers(request: pytest.FixtureRequest) -> Iterator[None]:
    """Optimizers that don't import TorchDynamo; those of a chapter that imports it anyway are left as they are."""
    chapter = chapters().get(request.path.parent.name)
    if (chapter and chapter.heavy) or request.path.parent == SELFTEST:
        yield
        return
    with eager_optimizers():
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    torch.default_generator.manual_seed(0)


@pytest.fixture
def observe(request: pytest.FixtureRequest) -> Callable[[str, str, str], None]:
    """``observe(question, device, answer)`` notes what a backend does where torch leaves it a choice.

    The answer stands in the gap report, and beside the verdict in the record.
    """

    def note(question: str, device: str, answer: str) -> None:
        observed = {"question": question, "device": device, "answer": answer}
        request.node.user_properties.extend([(OBSERVED, observed), (WHY, answer)])

    return note
