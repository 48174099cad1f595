"""Moving: what follows a module to another device or dtype.

``.to()``, ``.cuda()``, ``.float()`` and their like walk over the parameters and buffers of a module and of its
submodules. A parameter stays the object that it was, a buffer is replaced by a new tensor, and a plain tensor is left
where it is.
"""
