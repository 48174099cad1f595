"""A model from a name on the command line, whatever that does on the way: one line says why there is none."""

import contextlib
import importlib
import json
import random
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import nn

from .quiet import quiet
from .words import one_line, spelled


class Unusable(ValueError):
    """A name that gives no module to check; its message is one line."""


@dataclass(frozen=True)
class Factory:
    """A way to build a module, by the name that a user wrote."""

    name: str
    build: Callable[[], nn.Module]
    home: str = ""

    def __call__(self) -> nn.Module:
        """A new module. What building prints is not shown, and what it changes in torch's global state is undone."""
        try:
            with undone(), quiet():
                built = self.build()
        except KeyboardInterrupt:
            raise
        except SystemExit as error:
            raise Unusable(f"the factory exits with status {one_line(error.code)}") from error
        except BaseException as error:
            hint = '; give arguments as JSON: factory:{"name": value}' if arguments_missing(error) else ""
            raise Unusable(f"the factory raises {spelled(error)}{hint}") from error
        if not isinstance(built, nn.Module):
            if isinstance(built, type) and issubclass(built, nn.Module):
                raise Unusable(f"the factory gives the class {built.__name__} and no module: name the class itself")
            kind = type(built).__name__
            if callable(built) and not isinstance(built, type):
                raise Unusable(f"the factory gives a {kind}, not an nn.Module: only modules hold registered state")
            raise Unusable(f"the factory gives an object of type {kind}, not an nn.Module")
        return built


def arguments_missing(error: BaseException) -> bool:
    return isinstance(error, TypeError) and "missing" in str(error) and "argument" in str(error)


def find(name: str) -> Factory:
    """The factory that ``package.module:factory`` or ``package.module:factory:{"size": 3}`` names."""
    module, _, rest = name.partition(":")
    path, given, arguments = rest.partition(":")
    if not module or not path:
        raise Unusable("write package.module:factory")
    words = {}
    if given:
        try:
            words = json.loads(arguments)
        except (ValueError, RecursionError) as error:
            raise Unusable(f"the arguments are no JSON: {error}") from error
        if not isinstance(words, dict):
            raise Unusable('the arguments have to be a JSON object, such as {"size": 3}')
    try:
        with redrawn(), undone(), quiet():
            found = importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise Unusable(f"{module} can't be imported: {spelled(error)}") from error
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except Exception as error:
            raise Unusable(f"{module} has no {path}") from error
    home = module.partition(".")[0]
    if isinstance(found, nn.Module):
        return Factory(name, lambda: found, home)
    if not callable(found):
        raise Unusable(f"{path} is an object of type {type(found).__name__}, neither a factory nor a module")
    return Factory(name, lambda: found(**words), home)


@contextlib.contextmanager
def undone() -> Iterator[None]:
    """Torch's global state and the filters of warnings as they were before."""
    dtype, grad = torch.get_default_dtype(), torch.is_grad_enabled()
    threads = torch.get_num_threads()
    strict = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    replace = torch.__future__.get_overwrite_module_params_on_conversion()
    swap = getattr(torch.__future__, "get_swap_module_params_on_conversion", lambda: None)()
    device = default_device()
    anomaly = torch.is_anomaly_enabled()
    matmul = torch.get_float32_matmul_precision()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if torch.get_default_dtype() is not dtype:
                torch.set_default_dtype(dtype)
            torch.set_grad_enabled(grad)
            if torch.get_num_threads() != threads:
                torch.set_num_threads(threads)
            if (
                torch.are_deterministic_algorithms_enabled(),
                torch.is_deterministic_algorithms_warn_only_enabled(),
            ) != (
                strict,
                warn_only,
            ):  # setting it imports the compiler
                torch.use_deterministic_algorithms(strict, warn_only=warn_only)
            torch.__future__.set_overwrite_module_params_on_conversion(replace)
            if swap is not None:
                torch.__future__.set_swap_module_params_on_conversion(swap)
            if default_device() != device and hasattr(torch, "set_default_device"):
                torch.set_default_device(device)
            if torch.is_anomaly_enabled() != anomaly:
                torch.autograd.set_detect_anomaly(anomaly)
            if torch.get_float32_matmul_precision() != matmul:
                torch.set_float32_matmul_precision(matmul)


@contextlib.contextmanager
def redrawn() -> Iterator[None]:
    """The random numbers go on from where they were before; inside, each model draws its own."""
    drawn, state = torch.get_rng_state(), random.getstate()
    try:
        yield
    finally:
        torch.set_rng_state(drawn)
        random.setstate(state)


def default_device() -> object:
    """The device that ``torch.set_default_device`` has set, or None."""
    if "set_default_device" not in dir(torch):
        return None
    context = getattr(torch, "_GLOBAL_DEVICE_CONTEXT", None)
    mode = getattr(context, "device_context", None) if context is not None else None
    if mode is None:  # until 2.2 it was kept in the module itself
        mode = context if hasattr(context, "device") else None
    return getattr(mode, "device", None)
