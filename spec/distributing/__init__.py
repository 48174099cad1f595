"""Distributing: what DataParallel, DDP and FSDP make of parameters and buffers.

Replicas share what is trained and must agree on what is not: parameters are sharded or kept equal by their gradients,
buffers are broadcast, and plain tensors stay what each process made of them.
"""
