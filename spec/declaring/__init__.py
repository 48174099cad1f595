"""Declaring: what makes a value a parameter, a buffer or neither.

A module sorts what is put on it by type and by the way it is put there. ``nn.Parameter`` objects and what goes through
``register_parameter`` become parameters; ``nn.Buffer`` objects and what goes through ``register_buffer`` become
buffers; everything else, a bare tensor too, is a plain attribute that the module knows nothing about.
"""
