"""The article's experiment: one process trains and saves, another builds the models anew and loads."""

import pytest
import torch

from ..vocabulary import ToyModel, ToyModel2, ToyModel3, claim, core
from ..vocabulary.processes import in_a_process

MODELS = {"ToyModel": ToyModel, "ToyModel2": ToyModel2, "ToyModel3": ToyModel3}


def train_and_save(folder):
    """Train each model a few steps, mark its plain attribute, save its state dict, and say what was saved."""
    saved = {}
    for name, Model in MODELS.items():
        model = Model(5, 10)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        x = torch.randn(3, 5)
        for _ in range(3):
            optimizer.zero_grad()
            model(x).square().sum().backward()
            optimizer.step()
        model.a1 = 99
        torch.save(model.state_dict(), f"{folder}/{name}.pth")
        saved[name] = {key: value.tolist() for key, value in model.state_dict().items()}
    return saved


def load(folder):
    """Load each file into a new instance, and say what every model then holds."""
    loaded = {}
    for name, Model in MODELS.items():
        model = Model(5, 10)
        built = {key: value.tolist() for key, value in model.state_dict().items()}
        model.load_state_dict(torch.load(f"{folder}/{name}.pth", map_location="cpu", weights_only=True))
        restored = {key: value.tolist() for key, value in model.state_dict().items()}
        loaded[name] = {"built": built, "restored": restored, "a1": model.a1}
    return loaded


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    folder = str(tmp_path_factory.mktemp("article"))
    return in_a_process(train_and_save, folder), in_a_process(load, folder)


@core
@claim("SER-01", source="torch.load")
@pytest.mark.parametrize("model", MODELS)
def test_another_process_restores_from_the_file_what_training_saved(experiment, model):
    """Another process that builds the model anew and loads a file by `torch.load` and `load_state_dict()` has exactly
    the parameters and persistent buffers that training saved.
    """
    saved, loaded = experiment
    assert loaded[model]["restored"] == saved[model]
    assert loaded[model]["built"]["linear.weight"] != saved[model]["linear.weight"]


@claim("SER-13", source="torch.load")
@pytest.mark.parametrize("model", MODELS)
def test_another_process_finds_nothing_of_a_plain_attribute_in_the_file(experiment, model):
    """A plain attribute is not in the file of a state dict: after `load_state_dict()` in another process, it has the
    value that the model was built with.
    """
    saved, loaded = experiment
    assert "a1" not in saved[model]
    assert loaded[model]["a1"] == 1
