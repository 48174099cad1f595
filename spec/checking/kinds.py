"""The kinds of findings: what each means, in which uses it counts, and the claims that it stands on.

With each claim goes the part of its sentence that supports the finding, so that a test notices when they part.
Kinds without uses are *always* findings: lost or wrong in ordinary saving, loading, moving, copying or training. The
order is that of the report, worst first.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    """What a kind of finding means, in a line; ``uses`` in which it counts (none: always); ``claims`` with proof."""

    means: str
    uses: tuple[str, ...] = ()
    claims: dict[str, str] = field(default_factory=dict)


KINDS = {
    "unhashable": Kind(
        "a module that can't be hashed: parameters(), zero_grad() and every module around it raise TypeError",
        claims={
            "ENUM-51": "raises `TypeError` for a module whose class defines `__eq__` without `__hash__`",
            "ENUM-53": "raise `TypeError` on a module that contains it",
        },
    ),
    "counts-as-one": Kind(
        "a module that equals another one and hashes like it: not listed, so not trained, frozen or put into eval()",
        claims={
            "ENUM-55": "list only the first",
            "ENUM-56": "reach only the first",
            "OPT-69": "trains only the first",
        },
    ),
    "not-saved": Kind(
        "a parameter or persistent buffer is not in state_dict()",
        claims={"ANY-01": "Every parameter", "SD-02": "By default a buffer is in `state_dict()`"},
    ),
    "not-loaded": Kind(
        "the module doesn't load its own state dict, or loads other values from it",
        claims={"ANY-03": "restores a saved state dict", "LOAD-06": "`missing_keys` and `unexpected_keys`"},
    ),
    "other-keys": Kind(
        "another instance has other keys or shapes in its state dict",
        claims={"ANY-04": "keys in the same order and tensors of the same shapes"},
    ),
    "shared-instances": Kind(
        "two models of one factory share a tensor, its memory, a submodule or a registry",
        claims={"BUF-11": "same buffer object in both", "TIE-08": "change together in place"},
    ),
    "hidden-module": Kind(
        "a module in a plain attribute: its state is neither saved nor moved nor trained, and eval() doesn't reach it",
        claims={"REG-07": "held in a plain list or dict is not registered", "IDIOM-17": "held in a plain Python list"},
    ),
    "hidden-parameter": Kind(
        "a parameter that nobody registers: not in parameters(), so not trained, saved or moved",
        claims={
            "REG-07": "held in a plain list or dict is not registered",
            "ATTR-04": "neither listed nor in the state dict",
        },
    ),
    "class-attribute": Kind(
        "a tensor in a class body, which all instances share: not saved, not moved",
        claims={"REG-16": "instances read it, but neither list nor save it"},
    ),
    "untrained": Kind(
        "a tensor that requires grad and is no parameter: it collects a gradient that no optimizer uses or resets",
        claims={"GRAD-04": "leaves it unchanged", "GRAD-05": "`module.zero_grad()` doesn't reset"},
    ),
    "graph": Kind(
        "a tensor with a graph: deepcopy raises, and the second backward() may",
        claims={"SER-19": "raises `RuntimeError` where a buffer has a `grad_fn`", "GRAD-11": "gets a `grad_fn`"},
    ),
    "inference": Kind(
        "a tensor made under torch.inference_mode(): it never gets a gradient and autograd can't save it",
        claims={
            "GRAD-49": "its weight",
            "GRAD-20": "made under `torch.inference_mode()` raises `RuntimeError`",
            "SER-62": "made outside of `torch.inference_mode()` can be trained",
        },
    ),
    "not-restored": Kind(
        "a non-persistent buffer that each instance draws anew: a loaded model computes with other values",
        claims={"LOAD-03": "leaves the fresh module's buffer as it was built", "SD-03": "is not in `state_dict()`"},
    ),
    "left-behind": Kind(
        "a plain tensor: moves and conversions leave it, a file doesn't have it",
        claims={"MOVE-04": "leaves a plain tensor or number", "SD-04": "is not in `state_dict()`"},
    ),
    "unsaved": Kind(
        "a plain tensor that the module itself moves, but that no file has",
        claims={"SD-04": "is not in `state_dict()`", "MOVE-25": "without putting it into the state dict"},
    ),
    "unmoved": Kind(
        "a registered tensor that the module's own _apply doesn't reach",
        claims={"ANY-07": "moves every parameter and buffer"},
    ),
    "stale": Kind(
        "a second reference to a buffer: a move or conversion rebinds the buffer, and the reference keeps the old one",
        claims={"MOVE-07": "an alias, as in a list, keeps the old tensor", "ATTR-03": "plain list of its buffers"},
    ),
    "tied-buffer": Kind(
        "one buffer under several names: the first move or conversion makes several of it",
        claims={"TIE-04": "gives each of these attributes a tensor of its own"},
    ),
    "two-parameters": Kind(
        "two parameters in one memory: both are trained, until a conversion gives each its own",
        claims={"TIE-08": "are listed as two parameters and change together in place"},
    ),
    "one-memory": Kind(
        "a buffer in the memory of a tensor that changes: it changes along, until a conversion gives each its own",
        claims={
            "REG-10": "an in-place change of the tensor that it is a view of shows in the buffer",
            "MOVE-33": "no longer shares memory with an alias",
        },
    ),
    "expanded": Kind(
        "elements that share memory, as expand() makes them: loading into it raises",
        claims={"LOAD-24": "raises `RuntimeError` and leaves the buffer unchanged"},
    ),
    "copy-refused": Kind(
        "copy.deepcopy raises, so no average, no replica, no snapshot",
        claims={"ANY-05": "copies every parameter and buffer"},
    ),
    "miscopied": Kind(
        "a module whose own way of being copied gives the module itself, or leaves out what it holds",
        claims={"ANY-05": "copies every parameter and buffer", "SER-06": "same values, type, dtype"},
    ),
    "bound": Kind(
        "a function or weak reference kept on the module leads to a part of it: a deep copy computes with the original",
        claims={"SER-63": "still computes with the original", "ANY-05": "no object is the original's"},
    ),
    "gradient-hook": Kind(
        "a hook on the gradient of a parameter: a copy and an unpickled module are trained without it",
        claims={"SER-24": "none of the hooks that were registered on the original"},
    ),
    "counter": Kind(
        "a plain number beside the tensor that it belongs to: the tensor is restored from a file, the number isn't",
        claims={"IDIOM-10": "held as a plain int it doesn't"},
    ),
    "uninitialized": Kind(
        "a non-persistent buffer: after a meta build no checkpoint fills it",
        ("meta", "assign"),
        {"META-04": "non-persistent buffers stay uninitialized", "LOAD-16": "non-persistent buffers stay on meta"},
    ),
    "meta-plain": Kind(
        "a plain tensor: built on meta it stays there, to_empty() and loading don't reach it",
        ("meta",),
        {"MOVE-29": "a plain tensor", "LOAD-02": "is not restored by `load_state_dict()`"},
    ),
    "no-recurse": Kind(
        "an _apply that takes no recurse: to_empty() raises TypeError",
        ("meta",),
        {"MOVE-86": "`module._apply(fn, recurse=False)`", "META-03": "gives each parameter and buffer"},
    ),
    "no-assign": Kind(
        "a load_state_dict() that takes no assign: an assigning load raises TypeError",
        ("meta", "assign"),
        {"LOAD-16": "brings parameters and persistent buffers from meta"},
    ),
    "digits": Kind(
        "a buffer that loses what matters in half precision",
        ("half",),
        {"MOVE-01": "converts every floating-point parameter and buffer", "MOVE-23": "rounded"},
    ),
    "overflow": Kind(
        "a buffer with values that half precision doesn't have",
        ("half",),
        {"MOVE-24": "into minus infinity", "MOVE-01": "converts every floating-point parameter and buffer"},
    ),
    "imaginary": Kind(
        "a complex tensor: to(dtype) makes it real, where half() and float() leave it",
        ("half",),
        {"MOVE-15": "drop the imaginary part", "MOVE-14": "leave complex parameters and buffers complex"},
    ),
    "float-counter": Kind(
        "whole numbers in a floating buffer: beyond 256 in bfloat16 and 2,048 in float16 they are rounded",
        ("half",),
        {"IDIOM-11": "stops at 256 after `.bfloat16()` and at 2048 after `.half()`"},
    ),
    "tied": Kind(
        "one parameter under several names: what makes new parameters unties them",
        ("meta", "assign", "shard", "accelerate"),
        {
            "LOAD-20": "each attribute gets a tensor of its own",
            "TIE-05": "unties tied parameters",
            "TIE-24": "unties it: the other name keeps the old one",
        },
    ),
    "alias": Kind(
        "a second reference to a parameter: what replaces parameters leaves it with the old one",
        ("meta", "assign", "shard"),
        {"MOVE-09": "the old ones stay unchanged", "LOAD-65": "wraps a plain tensor of the checkpoint in a new"},
    ),
    "own-values": Kind(
        "a tensor with other values in each process: neither DDP nor fully_shard copies it",
        ("shard",),
        {"DIST-02": "plain tensors stay each rank's own", "DIST-20": "copies nothing between ranks"},
    ),
    "scalar": Kind(
        "a parameter without a dimension along which fully_shard could cut it: it raises",
        ("shard",),
        {"DIST-19": "a 0-d parameter raises `ValueError`"},
    ),
    "all-frozen": Kind(
        "no parameter requires grad: DistributedDataParallel refuses the module",
        ("shard",),
        {"DIST-13": "raises `RuntimeError` where every parameter of the module is frozen"},
    ),
    "pickle-refused": Kind(
        "pickle raises for the whole module; its state dict can still be saved",
        ("pickle",),
        {"ANY-06": "`pickle` restores all parameters and buffers"},
    ),
    "same-memory": Kind(
        "tensors of the state dict share memory: save_file refuses them, save_model keeps one name",
        ("safetensors",),
        {"SD-10": "with the same memory", "SD-18": "shares its memory"},
    ),
    "view": Kind(
        "a view of a longer tensor: a file gets the whole of it, and safetensors may refuse it",
        ("safetensors",),
        {"SER-10": "writes the large one's values to the file too"},
    ),
    "not-plain": Kind(
        "a value of the state dict that safetensors has no form for",
        ("safetensors",),
        {"SD-18": "has the dtype, shape, strides and storage offset", "LOAD-43": "no tensor"},
    ),
    "conjugated": Kind(
        "a lazily conjugated or negated tensor: who reads its memory gets other values, without an error",
        ("safetensors", "export", "onnx", "pickle"),
        {"ROAD-18": "with the other sign of the imaginary part", "ROAD-49": "writes the memory", "ROAD-55": "raises"},
    ),
    "version": Kind(
        "a class that loads data by its _version: a road that loses it may change data that is right",
        ("safetensors", "dcp"),
        {"SD-25": "without the `_metadata`", "LOAD-60": "gets an empty dict as `local_metadata`"},
    ),
    "attributes": Kind(
        "Python attributes on a parameter: a deep copy drops them",
        ("average", "accelerate"),
        {"SER-25": "drops Python attributes that were set on a parameter"},
    ),
    "lazy": Kind(
        "uninitialized tensors: this road needs shapes",
        ("safetensors", "accelerate", "export", "shard"),
        {"META-06": "uninitialized parameters"},
    ),
    "constant": Kind(
        "a plain tensor that a method changes, or a parameter in a list: in the graph it is a constant",
        ("export", "onnx"),
        {"GRAPH-02": "a plain tensor that `forward` uses is a constant"},
    ),
    "one-initializer": Kind(
        "a tied parameter: the graph has one initializer, under one of the names",
        ("onnx",),
        {"TIE-01": "listed once"},
    ),
    "stands-still": Kind(
        "a buffer that forward changes: in the graph it has one value",
        ("onnx",),
        {"ROAD-54": "has the value that it had at export"},
    ),
    "complex": Kind(
        "a complex tensor, for which ONNX has few operators",
        ("onnx",),
        {"MOVE-14": "leave complex parameters and buffers complex"},
    ),
    "listed-twice": Kind(
        "a tied parameter: a program that was saved and read has a parameter for each name",
        ("export",),
        {"ROAD-48": "lists a tied parameter twice", "TIE-08": "are listed as two parameters"},
    ),
    "extra": Kind(
        "extra state: an empty build isn't filled from a checkpoint that has it",
        ("accelerate",),
        {"ROAD-38": "raises `ValueError` for a checkpoint with extra state"},
    ),
    "quantized-apart": Kind(
        "a weight that several linear layers or paths have: a quantizer makes a new one for each, or raises",
        ("quantize",),
        {"TIE-24": "unties it: the other name keeps the old one", "ROAD-69": "once for each"},
    ),
    "prefix": Kind(
        "the wrapper puts `_orig_mod.` before every key",
        ("compile",),
        {"GRAPH-05": '`"_orig_mod."`', "GRAPH-34": "raises `RuntimeError` for the state dict of its `torch.compile`"},
    ),
    "truncated": Kind(
        "an integer buffer that changes: an average copies it, truncates it or leaves it at its first value",
        ("average",),
        {"UTIL-15": "truncates the average of an integer buffer", "UTIL-11": "copies the buffers"},
    ),
    "not-averaged": Kind(
        "a plain tensor that changes: the average keeps that of the day when it was made",
        ("average",),
        {"UTIL-11": "averages the parameters and copies the buffers", "SER-06": "plain tensors"},
    ),
    "statistics": Kind(
        "statistics that a forward changes though every parameter is frozen: a file of adapters lacks them",
        ("adapter",),
        {"IDIOM-04": "doesn't stop its running statistics"},
    ),
    "tied-adapter": Kind(
        "a tied weight: an adapter merged into one name changes the other, a copy kept for training unties them",
        ("adapter",),
        {"TIE-22": "keeps it tied", "TIE-24": "unties it"},
    ),
}
RANK = {kind: rank for rank, kind in enumerate(KINDS)}
