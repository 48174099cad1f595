"""reset_iter_state keeps gradients that were accumulated without synchronization.

The documentation says that the gradients of an iteration that failed are discarded, with those that were accumulated
while synchronization was off.

In fact, before torch 2.15 the accumulated ones stay, and the next backward adds to them.
"""

import tempfile

import torch
from torch import nn
from torch.distributed.fsdp import fully_shard


def run(rank, folder):
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    model = nn.Linear(1, 1, bias=False)
    fully_shard(model, mesh=torch.distributed.init_device_mesh("cpu", (2,)))
    model.set_requires_gradient_sync(False)
    model(torch.ones(1, 1)).sum().backward()
    model.set_requires_gradient_sync(True)
    output = model(torch.ones(1, 1))
    output.register_hook(lambda gradient: gradient.no_such_attribute)
    try:
        output.sum().backward()
    except AttributeError:
        model.reset_iter_state()
    model(torch.ones(1, 1)).sum().backward()
    assert model.weight.grad.full_tensor().item() == 2  # that of one iteration is 1
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.start_processes(run, (folder,), nprocs=2, start_method="fork")
