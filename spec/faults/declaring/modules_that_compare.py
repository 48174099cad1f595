"""Faults in how modules that compare equal are told apart."""

from .. import fault


@fault("ENUM-51", "ENUM-54", "ENUM-55", "OPT-69", breaks="torch.nn.Module.named_modules")
def modules_are_listed_by_identity(original, self, memo=None, prefix="", remove_duplicate=True):
    """`named_modules()` tells modules apart by identity."""
    memo = [] if memo is None else memo
    if any(module is self for module in memo):
        return
    if remove_duplicate:
        memo.append(self)
    yield prefix, self
    for name, module in self._modules.items():
        if module is not None:
            yield from module.named_modules(memo, f"{prefix}.{name}" if prefix else name, remove_duplicate)


@fault("ENUM-53", "ENUM-55", "ENUM-56", breaks="torch.nn.Module.named_children")
def children_are_listed_by_identity(original, self):
    """`named_children()` tells modules apart by identity."""
    seen = set()
    for name, module in self._modules.items():
        if module is not None and id(module) not in seen:
            seen.add(id(module))
            yield name, module


@fault("ENUM-52", breaks="torch.nn.Module.state_dict")
def the_state_dict_needs_a_hash_of_each_module(original, self, *args, **options):
    """`state_dict()` needs the hash of each module."""
    for module in self._modules.values():
        hash(module)
    return original(self, *args, **options)
