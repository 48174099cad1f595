"""What of a module collects a gradient."""

from ..vocabulary import claim


@claim("ANY-10", source="torch.nn.Module.buffers")
def test_no_buffer_of_a_module_requires_grad(factory):
    """No buffer of a newly built `torch.nn` module requires grad, where it would collect a gradient that no optimizer
    of `parameters()` uses; this specification's option `--model` tests a module of yours.
    """
    model = factory()
    parameters, buffers = dict(model.named_parameters()), dict(model.named_buffers())
    assert {**parameters, **buffers} != {}
    assert [name for name, buffer in buffers.items() if buffer.requires_grad] == []
