"""What is collected: the claims of the chapters, over the devices and models of this run, and none twice."""

import difflib
import re
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest
import torch

from ..facts import chapters, current, retired
from ..reporting import catalogue
from ..reporting.verdicts import NOT_INSTALLED, Case
from ..vocabulary import devices
from ..vocabulary.claim import HOLDS, Claim, InvalidClaim, is_available, read
from . import deviations, models
from .axes import AXES, AxisWithoutDevice
from .cases import CLAIM, case_of, note, params_of, spell

PACKAGE = Path(__file__).parent.parent
DEVICES = pytest.StashKey[tuple[str, ...]]()
DEVIATIONS = pytest.StashKey[deviations.Deviations]()
FACTORIES = pytest.StashKey[tuple[models.Factory, ...]]()
ABSENT = pytest.StashKey[list[Case]]()
"""The cases of claims about a library that is not installed."""
ID = re.compile(r"(?<![\w-])[A-Za-z]+-\d+(?![\w-])")
MARKERS = (
    "claim(id, source, since, until, bug, broken, needs): the claim that a test proves",
    "contrast(title, rows, columns, cell): the table that the cases of a test make up",
    "answers(*questions, yes, no): the cells of the answer table that a test fills",
    "core: a claim that every user needs, one of those on the front page",
    "heavy: a case that imports the compiler, in a chapter whose others do without",
    "road(name, cells): the cells of the road table that a test fills",
)


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    path = config.getoption("deviations")
    try:
        config.stash[DEVICES] = devices.choose(config.getoption("device"), config.getoption("require_device"))
        config.stash[DEVIATIONS] = deviations.read(path) if path is not None else deviations.Deviations()
        found = [models.find(name) for name in dict.fromkeys(config.getoption("model"))]
    except (devices.UnknownDevice, deviations.InvalidDeviations, models.InvalidModel) as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[FACTORIES] = (*models.TORCH_NN, *found)
    config.stash[ABSENT] = []
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    if keyword := config.option.keyword:
        config.option.keyword = ID.sub(lambda match: meant(match[0]), keyword)
    if not config.getoption("hypothesis_profile", None):
        hypothesis.settings.load_profile("claims")
    if config.getoption("hypothesis_seed", None) is None:
        config.option.hypothesis_seed = "0"  # a run compares releases of torch, not seeds


def is_heavy(item: pytest.Item) -> bool:
    """Whether a case needs the compiler."""
    chapter = chapters().get(item.path.parent.name)
    return bool(chapter and chapter.heavy) or item.get_closest_marker("heavy") is not None


def known(id: str) -> str:
    """The id of a claim, which for a retired one is that of its successor; raises UsageError for one that is none."""
    found = current(id)
    if found in catalogue.claims():
        return found
    if found is None:
        raise pytest.UsageError(f"{id} is no claim: {retired()[id].why}")
    prefix, _, number = id.partition("-")
    near = {f"{prefix}-{number:0>2}"} & catalogue.claims().keys() or difflib.get_close_matches(
        id, catalogue.claims(), cutoff=0.5
    )
    raise pytest.UsageError(f"there is no claim {id}; nearest: {', '.join(near) or 'see --claims'}")


def meant(word: str) -> str:
    """What ``-k`` is told instead of a word that looks like an id, in capitals or not; ``utf-8`` is none."""
    prefixes = {id.partition("-")[0] for id in catalogue.claims()}
    if word.isupper() or word.upper().partition("-")[0] in prefixes:
        return keyword_of(known(word.upper()))
    return word


def keyword_of(id: str) -> str:
    """What ``-k`` is told instead of an id: it looks for parts of words, and SD-10 is a part of SD-103."""
    return f":{id}:"


def pytest_report_header(config: pytest.Config) -> str:
    chosen = config.stash[DEVICES]
    absent = ", ".join(devices.absent(chosen)) or "none"
    return f"torch: {torch.__version__}, devices: {', '.join(chosen)} (absent: {absent})"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "factory" in metafunc.fixturenames:
        metafunc.parametrize("factory", metafunc.config.stash[FACTORIES])
    for name, axis in AXES.items():
        if name in metafunc.fixturenames:
            metafunc.parametrize(name, tuple(axis.values(metafunc.config.stash[DEVICES])) or [UNAVAILABLE])


def pytest_make_parametrize_id(val: object) -> str | None:
    return spell(val)


UNAVAILABLE = object()
"""Stands for a parameter that has no value in this run; what has it is not generated."""


def can_be_shown(claim: Claim, params: dict[str, object]) -> bool:
    """Whether this torch and machine can express a case; one that a guard expects to fail need not be."""
    values = params.values()
    return UNAVAILABLE not in values and (claim.guard != HOLDS or all(map(is_available, values)))


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Read every claim before anything runs, and leave out the cases that can't be shown here."""
    claims: dict[str, Claim | None] = {}
    proofs: dict[str, str] = {}
    listed = config.stash[DEVIATIONS]
    absent = config.stash[ABSENT]
    selected = []
    for item in items:
        place = item.nodeid.partition("[")[0]
        found = claims[place] if place in claims else claims.setdefault(place, claim_of(item))
        if found is None:
            selected.append(item)
            continue
        if proofs.setdefault(found.id, place) != place:
            twice = f"claim id {found.id} is used twice, by {proofs[found.id]} and by {place}"
            raise pytest.UsageError(f"{twice}; {catalogue.free(found.id.partition('-')[0])} is free")
        if not can_be_shown(found, params_of(item)):
            continue
        item.stash[CLAIM] = found
        item.extra_keyword_matches.add(keyword_of(found.id))
        try:
            case = case_of(item, listed)
        except AxisWithoutDevice as error:
            raise pytest.UsageError(f"{item.originalname}: {error}") from None
        if found.absent:
            absent.append(replace(case, outcome=NOT_INSTALLED))
            continue
        note(item, case)
        if found.guard != HOLDS:
            item.repr_failure = name_of  # nobody reads the traceback of what is excused, and it takes long to make
        selected.append(item)
    items[:] = selected
    if listed.path:
        try:
            listed.check({*catalogue.claims(), *proofs})
        except deviations.InvalidDeviations as error:
            raise pytest.UsageError(str(error)) from None


def name_of(excinfo: pytest.ExceptionInfo) -> str:
    return excinfo.typename


def claim_of(item: pytest.Item) -> Claim | None:
    """What a test claims: every test in a chapter has to, and elsewhere one that is marked."""
    in_chapter = any(PACKAGE / name in item.path.parents for name in chapters())
    if not in_chapter and item.get_closest_marker("claim") is None:
        return None
    try:
        found = read(item)
    except InvalidClaim as error:
        raise pytest.UsageError(str(error)) from None
    if found.id in retired():
        raise pytest.UsageError(f"{item.originalname}: {found.id} is retired: {retired()[found.id].why}")
    return found


EVEN_WHEN_SLOW = [hypothesis.HealthCheck.too_slow]
for name, examples in (("claims", 5), ("thorough", 1000)):
    hypothesis.settings.register_profile(
        name,
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,  # on CI, Hypothesis leaves the seed aside
        suppress_health_check=EVEN_WHEN_SLOW,
    )
