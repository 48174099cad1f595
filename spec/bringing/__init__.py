"""Bringing a module of your own: what holds for every module, whoever wrote it.

A class of ``torch.nn``, a model of a library, and yours (``--model package.module:factory``): what is registered is
saved, restored, copied, moved and converted, and what is held in any other way is left behind.
"""
