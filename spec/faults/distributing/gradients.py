"""Faults in whose gradients DistributedDataParallel averages, and in which memory."""

import torch

from .. import fault

DDP = "torch.nn.parallel.DistributedDataParallel."


@fault("DIST-83", "DIST-84", breaks=DDP + "forward")
def DDP_averages_every_gradient(original, self, *args):
    """DDP averages the gradients of parameters that it did not know."""
    for parameter in self.module.parameters():
        if parameter.requires_grad and not parameter._backward_hooks:
            parameter.register_hook(averaged)
    return original(self, *args)


@fault("DIST-85", breaks="torch.autograd.grad")
def autograd_grad_averages_over_the_ranks(original, *args, **options):
    """`torch.autograd.grad` averages gradients over the ranks."""
    return tuple(map(averaged, original(*args, **options)))


def averaged(gradient):
    gradient = gradient.clone()
    torch.distributed.all_reduce(gradient)
    return gradient / torch.distributed.get_world_size()


@fault("DIST-86", breaks=DDP + "no_sync")
def no_sync_counts_for_nothing(original, self):
    """`no_sync()` of DDP has no effect."""
    return torch.enable_grad()


@fault("DIST-87", breaks=DDP + "__init__")
def DDP_makes_no_gradient_a_view(original, self, *args, gradient_as_bucket_view=False, **options):
    """DDP ignores `gradient_as_bucket_view=True`."""
    original(self, *args, **options)


@fault("DIST-88", breaks="torch.optim.Optimizer.zero_grad")
def zero_grad_detaches_in_place(original, self, set_to_none=True):
    """`zero_grad()` of an optimizer rebinds gradients to new zeros."""
    original(self, set_to_none)
    for group in self.param_groups:
        for parameter in group["params"]:
            if parameter.grad is not None:
                parameter.grad = parameter.grad.clone()


@fault("DIST-89", breaks=DDP + "_sync_final_model")
def a_join_leaves_the_buffers_of_each_rank(original, self, is_last_joiner):
    """A join of DDP leaves each rank its own state."""
