"""Interoperating: what other tools keep of a module's state.

A model rarely ends in ``torch.save``: it is shipped in safetensors, averaged, exported, quantized, wrapped. Each tool
keeps something else, mostly without a word. A claim about a library is run where that library is installed.
"""
