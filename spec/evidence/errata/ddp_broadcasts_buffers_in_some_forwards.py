"""DistributedDataParallel does not broadcast buffers in every iteration.

The documentation says that buffers are broadcast from rank 0 in every iteration.

In fact, there is no broadcast in the forward that follows one without gradients.
"""

import tempfile

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel


def run(rank, folder):
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    model = nn.Linear(1, 1)
    model.register_buffer("x", torch.zeros(1))
    ddp = DistributedDataParallel(model)
    seen = []
    for enabled in (False, True):
        model.x.fill_(rank)
        with torch.set_grad_enabled(enabled):
            ddp(torch.ones(1, 1))
        seen.append(model.x.item())
    assert seen == [0, rank]
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.start_processes(run, (folder,), nprocs=2, start_method="fork")
