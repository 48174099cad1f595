"""What the machine and other plugins have set of torch, put right for the run and as it was after it.

Imported before torch, which reads some of its switches while it is imported.
"""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

SWITCHES = (
    "PYTORCH_JIT",
    "TORCHDYNAMO_DISABLE",
    "TORCHDYNAMO_SUPPRESS_ERRORS",
    "TORCH_COMPILE_DEBUG",
    "TORCH_COMPILE_DISABLE",
    "TORCH_DISTRIBUTED_DEBUG",
    "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD",
    "TORCH_FORCE_WEIGHTS_ONLY_LOAD",
    "TORCH_LOGS",
    "TORCH_LOGS_OUT",
    "TORCH_SHOW_CPP_STACKTRACES",
    "TORCH_TRACE",
)
"""Variables of the environment that change what torch does with the state of modules, or what it says and where."""
TAKEN = {name: os.environ.pop(name) for name in SWITCHES if name in os.environ}

import pytest  # noqa: E402

if sys.flags.optimize > 1:
    raise pytest.UsageError("nothing can be shown without assertions and sentences: leave -OO (PYTHONOPTIMIZE) out")

from ..terminal import NO_NUMPY  # noqa: E402
from .quietly import torch  # noqa: E402

if not hasattr(torch, "nn"):
    raise pytest.UsageError(f"{torch.__file__} is imported as torch and is not PyTorch: rename it, or run elsewhere")


@dataclass(frozen=True)
class Setting:
    """A global setting of torch: how it is read and set, and what it is by default."""

    name: str
    read: Callable[[], Any]
    set: Callable[[Any], object]
    default: Any


SETTINGS = [
    Setting("the default dtype", torch.get_default_dtype, torch.set_default_dtype, torch.float32),
    Setting("gradients", torch.is_grad_enabled, torch.set_grad_enabled, True),
    Setting(
        "deterministic algorithms",
        torch.are_deterministic_algorithms_enabled,
        torch.use_deterministic_algorithms,
        False,
    ),
    Setting("anomaly detection", torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly, False),
    Setting(
        "overwriting parameters on conversion",
        torch.__future__.get_overwrite_module_params_on_conversion,
        torch.__future__.set_overwrite_module_params_on_conversion,
        False,
    ),
]
if hasattr(torch.__future__, "get_swap_module_params_on_conversion"):
    SETTINGS.append(
        Setting(
            "swapping parameters on conversion",
            torch.__future__.get_swap_module_params_on_conversion,
            torch.__future__.set_swap_module_params_on_conversion,
            False,
        )
    )
ANEW = f"ignore:{NO_NUMPY}:UserWarning"
"""An option ``-W`` for the interpreters that are started from here."""
FOUND = pytest.StashKey[list[tuple[Setting, Any]]]()
AS_PYTHON_HAS_THEM = ("default", "always::DeprecationWarning", "always::PendingDeprecationWarning")
"""Warnings as pytest treats them where nobody asks for anything else."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    config.add_cleanup(give_back)
    config.add_cleanup(partial(sys.warnoptions.remove, ANEW))
    sys.warnoptions.append(ANEW)
    found = config.stash[FOUND] = [
        (setting, value) for setting in SETTINGS if (value := setting.read()) != setting.default
    ]
    for setting, value in found:
        config.add_cleanup(partial(setting.set, value))
        setting.set(setting.default)
    if torch.is_inference_mode_enabled():
        raise pytest.UsageError("torch is in inference mode, where nothing can be shown: leave it before the run")
    one = torch.ones(1)
    if type(one) is not torch.Tensor or one.device.type != "cpu":
        raise pytest.UsageError(
            f"torch.ones(1) gives a {type(one).__name__} on {one.device}: end the mode, or the default device, "
            "that was set before the run"
        )


def give_back() -> None:
    os.environ.update(TAKEN)


def raised(config: pytest.Config) -> list[str]:
    """The warnings that somebody asked Python, or pytest, to raise: ``error`` is all of them."""
    asked = [*sys.warnoptions, *(config.known_args_namespace.pythonwarnings or [])]
    return [words for words in dict.fromkeys(asked) if words.partition(":")[0] == "error"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let a claim hear warnings as warnings: torch goes on after one, and a claim says what it does then."""
    if raised(config):
        filters = pytest.mark.filterwarnings(*AS_PYTHON_HAS_THEM, *config.getini("filterwarnings"))
        for item in items:
            if item.get_closest_marker("claim"):
                item.add_marker(filters, append=False)


def pytest_report_header(config: pytest.Config) -> str | None:
    said = [f"{name}={value}" for name, value in TAKEN.items()]
    said += [f"{setting.name}: {value}" for setting, value in config.stash[FOUND]]
    said += [f"-W {words}" for words in raised(config)]
    return f"left out of this run: {', '.join(said)}" if said else None
