"""What floating values lose in half precision, told by the values and not by their names."""

from array import array
from collections.abc import Iterator
from math import inf, isfinite

import torch

CHUNK = 1 << 20
SMALL = 4096
HALVES = {"float16": torch.float16, "bfloat16": torch.bfloat16}
ROUNDED = "rounded"
SPAN = 100  # a table of frequencies spans orders of magnitude; a schedule that doesn't may be rounded


def lost_digits(tensor: torch.Tensor, known: dict[tuple, dict[str, str]]) -> dict[str, str]:
    """For each half type what a reader would not accept, :data:`ROUNDED` for what they would, nothing if exact.

    ``known`` has what was found for equal tensors: each layer of a model may hold the same table.
    """
    values = tensor.detach()
    if not values.is_floating_point() or values.element_size() < 2:
        return {}
    if values.numel() > SMALL:
        return lost_of(values)
    key = (values.dtype, tuple(values.shape), packed(values.reshape(-1)))
    if key not in known:
        known[key] = lost_of(values)
    return known[key]


def counted_up(tensor: torch.Tensor) -> dict[str, str]:
    """What a counter of a longer type loses, which begins small, by the time when it is large."""
    values = tensor.detach()
    if not values.is_floating_point() or values.element_size() < 4 or not bool((values == values.round()).all()):
        return {}
    ends = {name: int(2 / torch.finfo(half).eps) for name, half in HALVES.items()}
    return {name: f"the whole numbers that it counts in stop at {end:,}" for name, end in ends.items()}


def lost_of(values: torch.Tensor) -> dict[str, str]:
    found = {}
    with torch.no_grad():
        flat = values.reshape(-1).to(torch.promote_types(values.dtype, torch.float32))
        for name, half in HALVES.items():
            if said := lost(flat, half, values.squeeze().dim() == 1):
                found[name] = said
    return found


def lost(flat: torch.Tensor, half: torch.dtype, is_table: bool) -> str:
    integral, vanished, kept, largest, smallest = True, 0, False, 0.0, inf
    changed = False
    for part in pieces(flat):
        back = part.to(half).to(part.dtype)
        same = back == part
        if bool(same.all()):
            kept = kept or bool((part != 0).any())
            continue
        finite = part.isfinite()
        if bool((finite & ~back.isfinite()).any()):
            worst = float(part[finite].abs().max())
            return f"{worst:.3g} becomes infinite"
        differs = finite & ~same
        if not bool(differs.any()):  # only NaN differs from itself
            continue
        changed = True
        integral = integral and bool((part[finite] == part[finite].round()).all())
        vanished += int((differs & (back == 0)).sum())
        kept = kept or bool((back != 0).any())
        largest = max(largest, float(part[differs].abs().max()))
        smallest = min(smallest, float(part[differs].abs().min()))
    if not changed:
        return ""
    if vanished and not kept:
        return f"all values become 0 (the largest is {largest:.3g})"
    if integral and (flat.numel() == 1 or smallest < largest):  # one value among others marks a place, as in a mask
        return f"whole numbers such as {largest:.0f} are rounded"
    return lost_table(flat, half) if is_table and 3 <= flat.numel() <= 1 << 22 else ROUNDED


def lost_table(flat: torch.Tensor, half: torch.dtype) -> str:
    """Of values in strict order: neighbours that become equal, or a spectrum whose steps are rounded."""
    steps = flat[1:] - flat[:-1]
    if not (bool((steps > 0).all()) or bool((steps < 0).all())):
        return ROUNDED
    rounded = flat.to(half)
    equal = int((rounded[1:] == rounded[:-1]).sum())
    if equal:
        return f"{equal} of {flat.numel() - 1} neighbours become equal"
    low, high = float(flat.min()), float(flat.max())
    if flat.numel() >= 4 and low > 0 and high / low >= SPAN:
        error = float(((rounded.to(flat.dtype) - flat) / flat).abs().max())
        return f"frequencies are off by up to {error:.2%}, which positions multiply"
    return ROUNDED


def alike(one: tuple, other: tuple | None) -> bool:
    """Whether two fingerprints are of equal values, but for the last digits, in which two runs may differ."""
    if other is None or one[:2] != other[:2]:
        return False
    if one == other:
        return True
    left, right = (numbers(each) for each in (one, other))
    if not (one[0].is_floating_point or one[0].is_complex):
        return False
    differing = [abs(a) for a, b in zip(left, right, strict=False) if a != b and isfinite(a)]
    scale = max(differing, default=0.0)
    return len(left) == len(right) and all(
        a == b or (a != a and b != b) or abs(a - b) <= 1e-5 * scale for a, b in zip(left, right, strict=True)
    )


def numbers(fingerprint: tuple) -> list[float]:
    found: list[float] = []
    for each in fingerprint[2:]:
        found += array("d", each) if isinstance(each, bytes) else [each]
    return found


def packed(flat: torch.Tensor) -> bytes:
    """The values of a short tensor as bytes, in which NaN is equal to itself."""
    return array("d", flat.tolist()).tobytes()


def pieces(flat: torch.Tensor) -> Iterator[torch.Tensor]:
    return iter(flat.split(CHUNK)) if flat.numel() else iter(())


def fingerprint(tensor: torch.Tensor) -> tuple | None:
    """What tells the values of two tensors apart without keeping them; None where there are none to read."""
    try:
        if tensor.device.type == "meta" or tensor.numel() == 0 or tensor.is_quantized:
            return (tensor.dtype, tuple(tensor.shape))
        values = tensor.detach()
        if values.layout is torch.sparse_coo:
            values = values.coalesce()
            return (tensor.dtype, tuple(tensor.shape), *summed(values.indices()), *summed(values.values()))
        return (tensor.dtype, tuple(tensor.shape), *summed(values))
    except Exception:  # a subclass, another layout
        return None


def summed(values: torch.Tensor) -> list[bytes | float]:
    """All values of a short tensor, or sums of a longer one."""
    flat = values.reshape(-1)
    if flat.is_complex():
        flat = torch.view_as_real(flat.resolve_conj()).reshape(-1)
    if flat.numel() <= SMALL:
        return [packed(flat)]
    sums: list[bytes | float] = []
    for part in pieces(flat):
        numbers = part.to(torch.float64)
        numbers = torch.nan_to_num(numbers, nan=0.5, posinf=1e9, neginf=-1e9)
        at = torch.arange(1, numbers.numel() + 1, dtype=torch.float64, device=numbers.device)
        sums += [float(numbers.sum()), float((numbers * at).sum())]
    return sums
