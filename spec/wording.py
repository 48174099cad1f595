"""How a test says its sentence; known without torch, so that reports can be made in an instant."""

import re

SPELLING = {
    "non persistent": "non-persistent",
    "nn Buffer": "nn.Buffer",
    "nn Parameter": "nn.Parameter",
    "nn Module": "nn.Module",
    "requires grad ": "requires_grad ",
    "load state dict": "load_state_dict()",
    "named parameters": "named_parameters()",
    "named buffers": "named_buffers()",
    "register buffer": "register_buffer()",
    "register parameter": "register_parameter()",
    "zero grad": "zero_grad()",
    "to empty": "to_empty()",
    "weights only": "weights_only",
}
"""What an underscore in a test's name stands for, where it is not a space."""


def sentence(test_name: str) -> str:
    """The sentence that the name of a test spells: ``test_a_buffer_moves`` is ``A buffer moves.``"""
    words = test_name.removeprefix("test_").replace("_", " ")
    for plain, spelled in SPELLING.items():
        words = re.sub(rf"\b{plain}\b" if plain[-1] != " " else rf"\b{plain}", spelled, words)
    is_code = any(sign in words.partition(" ")[0] for sign in "_(.")
    return f"{words if is_code else words[0].upper() + words[1:]}."


def first_paragraph(docstring: str | None) -> str:
    """The first paragraph of a docstring in one line; empty where there is none."""
    return " ".join((docstring or "").strip().partition("\n\n")[0].split())
