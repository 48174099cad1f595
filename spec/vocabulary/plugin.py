"""What pytest needs to know to run claims: devices, the claim marker and its guards, Hypothesis profiles."""

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import torch
from packaging.version import Version

from . import devices
from .claim import HOLDS, TORCH, Claim, InvalidClaim, read
from .dtypes import CHANGING, CONVERSIONS
from .eager import eager_optimizers

PACKAGE = Path(__file__).parent.parent
DEVICES = pytest.StashKey[tuple[str, ...]]()
CLAIM = pytest.StashKey[Claim]()
EXPECTED = pytest.StashKey[str]()
"""What is expected of a case, where that is not what the guard of its claim says."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("module state")
    group.addoption(
        "--device",
        action="append",
        default=[],
        metavar="NAME",
        help="run on this torch device only, such as cpu, meta or cuda:1 (repeatable); else on all that are here",
    )
    group.addoption(
        "--require-device",
        action="append",
        default=[],
        metavar="NAME",
        help="run on this torch device too, and fail where it is not on this machine (repeatable)",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if pytest.version_tuple < (9,):
        raise pytest.UsageError(f"pytest {pytest.__version__} is too old for this specification: it needs 9 or newer")
    if Version("1.13") > TORCH:
        raise pytest.UsageError(f"torch {torch.__version__} is too old for this specification: it needs 1.13 or newer")
    try:
        chosen = devices.choose(config.getoption("device"), config.getoption("require_device"))
    except devices.UnknownDevice as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[DEVICES] = chosen
    config.addinivalue_line("markers", "claim(id, source, since, until, bug, broken): the claim that a test proves")
    config.addinivalue_line(
        "markers", "contrast(title, rows, columns, cell): the table that the cases of a test make up"
    )
    config.addinivalue_line("markers", "answers(*questions, yes, no): the cells of the answer table that a test fills")
    if not config.getoption("hypothesis_profile", None):
        hypothesis.settings.load_profile("claims")
    if config.getoption("hypothesis_seed", None) is None:
        config.option.hypothesis_seed = "0"  # a run compares releases of torch, not seeds


def pytest_report_header(config: pytest.Config) -> str:
    chosen = config.stash[DEVICES]
    absent = ", ".join(devices.absent(chosen)) or "none"
    return f"torch: {torch.__version__}, devices: {', '.join(chosen)} (absent: {absent})"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    chosen = metafunc.config.stash[DEVICES]
    moves = devices.moves(chosen)
    axes = {
        "device": chosen,
        "real_device": devices.real(chosen),
        "move": moves,
        "migration": (*CONVERSIONS, *moves),
        "real_migration": (*CHANGING, *(move for move in moves if move.device in devices.real(chosen))),
    }
    for name, values in axes.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, values or [UNAVAILABLE])


def pytest_make_parametrize_id(val: object) -> str | None:
    return spell(val)


UNAVAILABLE = object()
"""Stands for a parameter that has no value in this run; what has it is not generated."""


def spell(value: object) -> str | None:
    """How a parameter is written in test ids and in claims; ``None`` for what only pytest can spell."""
    if isinstance(value, torch.dtype):
        return str(value).removeprefix("torch.")
    if isinstance(value, torch.Tensor):
        return None
    return getattr(value, "__name__", None) or str(value)


def is_available(value: object) -> bool:
    """Whether the installed torch has this kind or model."""
    since = getattr(value, "since", None)
    return value is not UNAVAILABLE and not (isinstance(since, str) and Version(since) > TORCH)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Read every claim before anything runs, and leave out the cases that this torch or machine can't express."""
    claims: dict[str, Claim | None] = {}
    proofs: dict[str, str] = {}
    selected = []
    for item in items:
        place = item.nodeid.partition("[")[0]
        found = claims[place] if place in claims else claims.setdefault(place, claim_of(item))
        if found is None:
            selected.append(item)
            continue
        if proofs.setdefault(found.id, place) != place:
            raise pytest.UsageError(f"claim id {found.id} is used twice, by {proofs[found.id]} and by {place}")
        params = item.callspec.params.values() if hasattr(item, "callspec") else ()
        if UNAVAILABLE in params or (found.guard == HOLDS and not all(map(is_available, params))):
            continue
        item.stash[CLAIM] = found
        if found.guard != HOLDS:
            item.repr_failure = name_of  # nobody reads the traceback of what is excused, and it takes long to make
        selected.append(item)
    items[:] = selected


def name_of(excinfo: pytest.ExceptionInfo) -> str:
    return excinfo.typename


def claim_of(item: pytest.Item) -> Claim | None:
    """What a test claims: every test in a chapter has to, and elsewhere one that is marked."""
    in_chapter = PACKAGE in item.path.parents and PACKAGE / "selftest" not in item.path.parents
    if not in_chapter and item.get_closest_marker("claim") is None:
        return None
    try:
        return read(item)
    except InvalidClaim as error:
        raise pytest.UsageError(str(error)) from None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo) -> Iterator[None]:
    """Excuse the failure of a guarded claim; that not all of its cases pass there is checked at the end of the run."""
    report = yield
    found = item.stash.get(CLAIM, None)
    if found and found.guard != HOLDS and report.failed:
        report.outcome = "skipped"
        report.wasxfail = f"{found.guard} ({found.terms}): {call.excinfo.typename}"
    return report


@pytest.fixture(scope="module", autouse=True)
def optimizers() -> Iterator[None]:
    """Optimizers that don't import TorchDynamo; a chapter about the compiler overrides this fixture."""
    with eager_optimizers():
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    torch.default_generator.manual_seed(0)


EVEN_WHEN_SLOW = [hypothesis.HealthCheck.too_slow]
hypothesis.settings.register_profile(
    "claims", max_examples=5, database=None, deadline=None, suppress_health_check=EVEN_WHEN_SLOW
)
hypothesis.settings.register_profile(
    "thorough", max_examples=1000, database=None, deadline=None, suppress_health_check=EVEN_WHEN_SLOW
)
