"""Faults in what autocast keeps of the parameters that it has cast."""

from torch import nn

from .. import fault


@fault("IDIOM-59", "IDIOM-63", breaks="torch.autocast")
def autocast_casts_a_parameter_anew_at_each_use(original, device_type, dtype=None, enabled=True, cache_enabled=None):
    return original(device_type, dtype=dtype, enabled=enabled, cache_enabled=False)


@fault("IDIOM-60", breaks="torch.autocast")
def autocast_always_keeps_what_it_has_cast(original, device_type, dtype=None, enabled=True, cache_enabled=None):
    """`torch.autocast(cache_enabled=False)` keeps what it has cast all the same."""
    return original(device_type, dtype=dtype, enabled=enabled)


@fault("IDIOM-61", breaks="torch.nn.Module.requires_grad_")
def requires_grad_freezes_only_what_has_a_bias(original, self, requires_grad=True):
    """`requires_grad_(False)` leaves a layer without bias trainable."""
    return self if getattr(self, "bias", True) is None else original(self, requires_grad)


@fault("IDIOM-62", breaks="torch.nn.Module.__setattr__")
def a_parameter_that_is_assigned_is_copied_into_the_one_that_is_there(original, self, name, value):
    """Assigning a parameter to another's name copies its values into that one."""
    there = self.__dict__.get("_parameters", {}).get(name)
    if isinstance(value, nn.Parameter) and there is not None and there.shape == value.shape:
        there.data.copy_(value.data)
    else:
        original(self, name, value)
