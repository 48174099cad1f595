"""Where PyTorch's documentation explains a symbol."""

DOCUMENTATION = "https://docs.pytorch.org/docs/stable/"
MODULES = {
    "torch.__future__": "future_mod.html",
    "torch.export": "user_guide/torch_compiler/export/api_reference.html",
    "torch.distributed.fsdp": "fsdp.html",
    "torch.distributed.checkpoint": "distributed.checkpoint.html",
    "torch.distributed": "distributed.html",
    "torch.fx": "fx.html",
    "torch.serialization": "notes/serialization.html",
    "torch.utils.checkpoint": "checkpoint.html",
}
"""Modules that are documented on one page, longest names first where one is part of another."""
ELSEWHERE = {
    "torch.nn.Buffer": "torch.nn.parameter.Buffer",
    "torch.nn.Parameter": "torch.nn.parameter.Parameter",
    "torch.nn.UninitializedBuffer": "torch.nn.parameter.UninitializedBuffer",
    "torch.nn.UninitializedParameter": "torch.nn.parameter.UninitializedParameter",
}
"""Symbols that are documented under another name than the one that people import."""
OWN_PAGES = ("torch.Tensor", "torch.optim.Optimizer")
"""Classes whose methods have a page each."""


def address(source: str) -> str:
    """The page and the place on it that explain ``source``, such as ``torch.nn.Module.to``."""
    for name, elsewhere in ELSEWHERE.items():
        if source == name or source.startswith(f"{name}."):
            source = elsewhere + source.removeprefix(name)
    if source == "torch.nn":
        return f"{DOCUMENTATION}nn.html"
    for module, page in MODULES.items():
        if source.startswith(f"{module}."):
            return f"{DOCUMENTATION}{page}#{source}"
    words = source.split(".")
    named = next((index for index, word in enumerate(words) if word[0].isupper()), len(words) - 1)
    owner = ".".join(words[: named + 1])
    if owner == source or owner in OWN_PAGES:
        return f"{DOCUMENTATION}generated/{source}.html"
    return f"{DOCUMENTATION}generated/{owner}.html#{source}"
