"""Which inputs a BatchNorm takes, and how a lazy one and one whose statistics are switched off later behave."""

import pytest
import torch
from torch import nn

from ..vocabulary import claim


@claim("IDIOM-56", source="torch.nn.BatchNorm1d")
@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize(("dimensions", "taken"), [(1, {2, 3}), (2, {4}), (3, {5})])
def test_a_BatchNorm_raises_for_an_input_with_other_dimensions_and_counts_no_batch(dimensions, taken, lazy):
    """`nn.BatchNorm1d` takes inputs of 2 and 3 dimensions, `nn.BatchNorm2d` of 4 and `nn.BatchNorm3d` of 5, as do their
    lazy variants. Another number of dimensions, at least 2, raises `ValueError` and leaves `num_batches_tracked`
    unchanged.
    """
    model = getattr(nn, f"LazyBatchNorm{dimensions}d")() if lazy else getattr(nn, f"BatchNorm{dimensions}d")(2)
    for number in {2, 3, 4, 5} - taken:
        model = getattr(nn, f"LazyBatchNorm{dimensions}d")() if lazy else model
        with pytest.raises(ValueError, match=rf"expected .*input \(got {number}D input\)"):
            model(torch.ones(2, 2, *[1] * (number - 2)))
        assert model.num_batches_tracked.item() == 0
    for count, number in enumerate(sorted(taken), start=1):
        model(torch.ones(2, 2, *[1] * (number - 2)))
        assert model.num_batches_tracked.item() == count


@claim("IDIOM-57", source="torch.nn.LazyBatchNorm1d")
@pytest.mark.parametrize(("affine", "track"), [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_lazy_BatchNorm_takes_the_number_of_channels_from_its_first_input(affine, track, channels):
    """An `nn.LazyBatchNorm1d` with parameters or statistics has `num_features` 0 until its first forward makes it an
    `nn.BatchNorm1d` for the channels of the input, with the same options and the usual initial state.
    """
    options = {"eps": 0.5, "momentum": 0.25, "affine": affine, "track_running_stats": track}
    model, whole = nn.LazyBatchNorm1d(**options), nn.BatchNorm1d(channels, **options)
    assert model.num_features == 0
    model.reset_parameters()
    x = torch.tensor([[1.0, 2.0, 3.0], [5.0, 7.0, 9.0]])[:, :channels]
    assert model(x).tolist() == whole(x).tolist()
    assert type(model) is nn.BatchNorm1d
    assert str(model) == str(whole)
    assert {name: value.tolist() for name, value in model.state_dict().items()} == {
        name: value.tolist() for name, value in whole.state_dict().items()
    }


@claim("IDIOM-58", source="torch.nn.BatchNorm1d")
def test_statistics_switched_off_later_are_kept_and_used_in_eval_mode():
    """After `track_running_stats` of a built BatchNorm is set to False, training mode no longer updates its buffers,
    but the buffers stay, and eval mode still normalizes by them.
    """
    model = nn.BatchNorm1d(1, affine=False, eps=3.0)
    model.track_running_stats = False
    x = torch.tensor([[2.0], [4.0]])
    assert model(x).flatten().tolist() == [-0.5, 0.5]
    assert [buffer.tolist() for buffer in model.buffers()] == [[0], [1], 0]
    assert model.eval()(x).flatten().tolist() == [1, 2]
    model.reset_running_stats()
    assert list(model.state_dict()) == ["running_mean", "running_var", "num_batches_tracked"]


@claim("IDIOM-64", source="torch.nn.BatchNorm1d")
@pytest.mark.parametrize(("name", "other"), [("running_mean", "running_var"), ("running_var", "running_mean")])
def test_a_BatchNorm_with_one_statistic_None_raises_in_evaluation(name, other):
    """In eval mode, a BatchNorm raises `RuntimeError` where just one of `running_mean` and `running_var` is None. Where
    both are None it normalizes by the batch and leaves `num_batches_tracked` unchanged.
    """
    x = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
    model = nn.BatchNorm1d(2).eval()
    setattr(model, name, None)
    with pytest.raises(RuntimeError, match=f"{name} must be defined in evaluation mode"):
        model(x)
    setattr(model, other, None)
    assert model(x).round().tolist() == [[-1, -1], [1, 1]]
    assert model.num_batches_tracked.item() == 0


@claim("IDIOM-65", source="torch.nn.BatchNorm1d", since="2.8")
@pytest.mark.parametrize("name", ["running_mean", "running_var"])
def test_a_BatchNorm_with_one_statistic_None_raises_in_training(name):
    """In training mode, a BatchNorm raises `ValueError` where just one of `running_mean` and `running_var` is None."""
    model = nn.BatchNorm1d(2)
    setattr(model, name, None)
    with pytest.raises(ValueError, match="must either both be None or neither be None"):
        model(torch.tensor([[1.0, 2.0], [3.0, 6.0]]))


@claim("IDIOM-66", source="torch.nn.BatchNorm1d")
def test_a_BatchNorm_without_its_counter_updates_its_statistics():
    """A BatchNorm whose `momentum` is a number and whose `num_batches_tracked` is None updates `running_mean` in
    training mode as one with a counter. With `momentum=None`, `running_mean` stays unchanged.
    """
    model, counting = nn.BatchNorm1d(2), nn.BatchNorm1d(2)
    model.num_batches_tracked = None
    for norm in (model, counting):
        norm(torch.tensor([[1.0, 2.0], [3.0, 6.0]]))
    assert model.running_mean.tolist() == counting.running_mean.tolist() != [0, 0]
    assert model.num_batches_tracked is None
    assert counting.num_batches_tracked.item() == 1
    cumulative = nn.BatchNorm1d(2, momentum=None)
    cumulative.num_batches_tracked = None
    cumulative(torch.tensor([[1.0, 2.0], [3.0, 6.0]]))
    assert cumulative.running_mean.tolist() == [0, 0]
