"""Bringing a module of your own: what holds for every module, whoever wrote it.

A class of ``torch.nn``, a model of a library, and yours (``--model package.module:factory``): registered
state is saved, restored, copied, moved and converted, and a tensor held in any other way is left behind.
"""
