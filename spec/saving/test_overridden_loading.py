"""What of its own loading a submodule can override, and what a load leaves as it was derived before."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim


def renamed(checkpoint, prefix=""):
    """A checkpoint in which what older ones call ``old`` is called ``weight``."""
    return {name.replace(f"{prefix}old", f"{prefix}weight"): value for name, value in checkpoint.items()}


class RenamesInLoadStateDict(nn.Linear):
    def load_state_dict(self, state_dict, *args, **options):
        return super().load_state_dict(renamed(state_dict), *args, **options)


class RenamesInLoadFromStateDict(nn.Linear):
    def _load_from_state_dict(self, state_dict, prefix, *args):
        state_dict.update(renamed(state_dict, prefix))
        state_dict.pop(f"{prefix}old", None)
        super()._load_from_state_dict(state_dict, prefix, *args)


@claim("LOAD-90", source="torch.nn.Module.load_state_dict")
def test_a_submodule_that_overrides_load_state_dict_is_passed_by_when_its_parent_loads():
    """Where a submodule's class overrides `load_state_dict`, loading the module that contains it does not call the
    override: an old checkpoint whose keys the override would rename raises `RuntimeError`.
    """
    alone, parent = RenamesInLoadStateDict(1, 1, bias=False), nn.Sequential(RenamesInLoadStateDict(1, 1, bias=False))
    alone.load_state_dict({"old": torch.full((1, 1), 7.0)})
    assert alone.weight.item() == 7
    with pytest.raises(RuntimeError, match=r'Missing key.*"0\.weight".*\s*Unexpected key.*"0\.old"'):
        parent.load_state_dict({"0.old": torch.full((1, 1), 7.0)})
    assert parent[0].weight.item() != 7


@claim("LOAD-91", source="torch.nn.Module.load_state_dict")
def test_a_submodule_that_overrides_load_from_state_dict_is_called_when_its_parent_loads():
    """Where a submodule's class overrides `_load_from_state_dict`, loading the module that contains it calls the
    override, which can rename the keys of an old checkpoint there as well.
    """
    alone, parent = (
        RenamesInLoadFromStateDict(1, 1, bias=False),
        nn.Sequential(RenamesInLoadFromStateDict(1, 1, bias=False)),
    )
    alone.load_state_dict({"old": torch.full((1, 1), 7.0)})
    parent.load_state_dict({"0.old": torch.full((1, 1), 7.0)})
    assert alone.weight.item() == 7
    assert parent[0].weight.item() == 7


class Caching(nn.Linear):
    """Computes with twice its weight, which it computes once: as a plain tensor and as a non-persistent buffer."""

    def __init__(self):
        super().__init__(1, 1, bias=False)
        nn.init.ones_(self.weight)
        self.cached = self.weight.detach() * 2
        self.register_buffer("folded", self.weight.detach() * 2, persistent=False)


@claim("LOAD-92", source="torch.nn.Module.load_state_dict")
def test_a_load_does_not_refresh_what_was_computed_from_the_old_state():
    """`load_state_dict()` leaves a plain tensor or non-persistent buffer that was computed from a parameter, and is no
    view of it, as it was: a cache or a folded weight is stale. A `register_load_state_dict_post_hook` hook can compute
    it anew.
    """
    stale, fresh, checkpoint = Caching(), Caching(), {"weight": torch.full((1, 1), 7.0)}
    fresh.register_load_state_dict_post_hook(lambda module, keys: setattr(module, "cached", module.weight.detach() * 2))
    stale.load_state_dict(checkpoint)
    fresh.load_state_dict(checkpoint)
    assert (stale.weight.item(), stale.cached.item(), stale.folded.item()) == (7, 2, 2)
    assert (fresh.weight.item(), fresh.cached.item()) == (7, 14)


@claim("OPT-70", source="torch.nn.Module.load_state_dict")
def test_a_load_does_not_refresh_the_copy_that_an_optimizer_steps():
    """`load_state_dict()` does not reach a float32 master copy that an optimizer steps for a half-precision module: the
    next step, copied back, brings the old values again."""
    model = nn.Linear(1, 1, bias=False).to(torch.bfloat16)
    nn.init.zeros_(model.weight)
    master = model.weight.detach().float().requires_grad_()
    optimizer = torch.optim.SGD([master], lr=1.0)
    model.load_state_dict({"weight": torch.full((1, 1), 8.0)})
    master.grad = torch.ones(1, 1)
    optimizer.step()
    assert model.weight.item() == 8
    assert master.item() == -1
    model.weight.data.copy_(master)
    assert model.weight.item() == -1


@claim("LOAD-97", source="torch.nn.utils.fusion.fuse_conv_bn_eval")
def test_a_load_leaves_a_layer_that_was_fused_before_as_it_was():
    """A layer that `torch.nn.utils.fusion.fuse_conv_bn_eval` made of a convolution and a BatchNorm has parameters of
    its own: `load_state_dict()` of the convolution and of the BatchNorm leaves it as it was."""
    layer, norm = nn.Conv1d(1, 1, 1).eval(), nn.BatchNorm1d(1).eval()
    y = torch.ones(1, 1, 1)
    fused = torch.nn.utils.fusion.fuse_conv_bn_eval(layer, norm)
    before = fused(y).item()
    layer.load_state_dict({"weight": torch.full((1, 1, 1), 5.0), "bias": torch.zeros(1)})
    norm.load_state_dict({**norm.state_dict(), "running_mean": torch.ones(1)})
    assert round(norm(layer(y)).item(), 3) == 4
    assert fused(y).item() == before
