"""DistributedDataParallel broadcasts parameters when it is built.

The documentation says that parameters are never broadcast between processes.

In fact, those of rank 0 are broadcast when the module is wrapped, and not later.
"""

import tempfile

import torch
from torch import nn
from torch.nn.parallel import DistributedDataParallel


def run(rank, folder):
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    model = nn.Linear(1, 1)
    nn.init.constant_(model.weight, rank)
    DistributedDataParallel(model)
    assert model.weight.item() == 0  # it was 1 on rank 1
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.start_processes(run, (folder,), nprocs=2, start_method="fork")
