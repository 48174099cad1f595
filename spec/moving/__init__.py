"""Moving: what follows a module to another device or dtype.

``.to()``, ``.cuda()``, ``.float()`` and their like walk over the parameters and buffers of a module and of its
submodules. In a conversion a parameter stays the object that it was and a buffer is replaced by a new tensor; a plain
tensor is left as it is.
"""
