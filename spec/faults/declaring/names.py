"""Faults in which names state can have, and which are taken."""

from torch import nn

from .. import fault


@fault("SET-18", breaks="torch.nn.Module.register_parameter")
def a_name_that_is_not_a_string_is_made_one(original, self, name, param):
    """`register_parameter` makes a string of a name that is not one."""
    original(self, str(name), param)


@fault("SET-40", breaks="torch.nn.Module.register_buffer")
def a_buffer_may_have_a_name_with_a_dot(original, self, name, tensor, persistent=True):
    if isinstance(name, str) and "." in name:
        self._buffers[name] = tensor
    else:
        original(self, name, tensor, persistent)


@fault("SET-41", breaks="torch.nn.Module.register_buffer")
def a_buffer_may_have_an_empty_name(original, self, name, tensor, persistent=True):
    if name == "":
        self._buffers[name] = tensor
    else:
        original(self, name, tensor, persistent)


@fault("SET-42", breaks="torch.nn.Module.__setattr__")
def a_parameter_assigned_to_a_name_with_a_dot_is_registered(original, self, name, value):
    if isinstance(value, nn.Parameter) and "." in name:
        self._parameters[name] = value
    else:
        original(self, name, value)


@fault("SET-43", breaks="torch.nn.Module.__setattr__")
def a_module_cannot_be_assigned_to_a_name_with_a_dot(original, self, name, value):
    """Assigning a module to a name with a dot raises `KeyError`."""
    if isinstance(value, nn.Module) and "." in name:
        raise KeyError(f'module name can\'t contain ".", got: {name}')
    original(self, name, value)


@fault("SET-09", "SET-22", breaks="torch.nn.Module.register_buffer")
def register_buffer_takes_the_name_of_a_plain_attribute(original, self, name, tensor, persistent=True):
    """`register_buffer` of a name that a plain attribute has removes the attribute and raises nothing."""
    if "_buffers" in vars(self):
        vars(self).pop(name, None)
    original(self, name, tensor, persistent)


@fault("SET-10", "SET-22", breaks="torch.nn.Module.register_parameter")
def register_parameter_takes_the_name_of_a_buffer(original, self, name, param):
    """`register_parameter` of a buffer's name removes the buffer and raises nothing."""
    vars(self).get("_buffers", {}).pop(name, None)
    original(self, name, param)


@fault("SET-44", "SET-22", breaks="torch.nn.Module.add_module")
def add_module_takes_the_name_of_a_parameter(original, self, name, module):
    """`add_module()` of a parameter's name removes the parameter and raises nothing."""
    self._parameters.pop(name, None)
    original(self, name, module)


@fault("SET-22", breaks="torch.nn.Module.register_parameter")
def register_parameter_refuses_the_name_of_a_parameter(original, self, name, param):
    """`register_parameter` of a parameter's name raises `KeyError`."""
    if name in vars(self).get("_parameters", {}):
        raise KeyError(f"attribute '{name}' already exists")
    original(self, name, param)


@fault("SET-45", breaks="torch.nn.Module.register_buffer")
def a_buffer_may_have_the_name_of_a_method(original, self, name, tensor, persistent=True):
    if isinstance(name, str) and hasattr(type(self), name):
        self._buffers[name] = tensor
    else:
        original(self, name, tensor, persistent)


@fault("SET-46", breaks="torch.nn.Module.__setattr__")
def a_parameter_assigned_to_the_name_of_a_method_is_registered(original, self, name, value):
    if isinstance(value, nn.Parameter) and hasattr(type(self), name):
        self._parameters[name] = value
    else:
        original(self, name, value)


@fault("SET-47", breaks="torch.nn.Module.__setattr__")
def a_module_cannot_be_assigned_to_the_name_of_a_method(original, self, name, value):
    """Assigning a module to the name of a method raises `KeyError`."""
    if isinstance(value, nn.Module) and hasattr(type(self), name):
        raise KeyError(f"attribute '{name}' already exists")
    original(self, name, value)


@fault("SET-48", breaks="torch.nn.Module.register_module")
def register_module_puts_a_module_where_it_is_not_registered(original, self, name, module):
    """`register_module()` makes the module a plain attribute."""
    vars(self)[name] = module


@fault("SET-49", breaks="torch.nn.Module.add_module")
def add_module_takes_what_is_no_module(original, self, name, module):
    """`add_module()` makes a plain attribute of anything but a module."""
    if module is None or isinstance(module, nn.Module):
        original(self, name, module)
    else:
        vars(self)[name] = module


@fault("SET-50", breaks="torch.nn.Module.__setattr__")
def a_submodule_registered_as_None_takes_a_tensor(original, self, name, value):
    modules = vars(self).get("_modules", {})
    if name in modules and modules[name] is None and not isinstance(value, nn.Module):
        del modules[name]
    original(self, name, value)


@fault(
    "SET-51",
    breaks=("torch.nn.Module.register_parameter", "torch.nn.Module.register_buffer", "torch.nn.Module.add_module"),
)
def a_name_has_to_be_a_str_itself(original, self, name, *args, **kwargs):
    """A name that is an instance of a subclass of `str` raises `TypeError`."""
    if isinstance(name, str) and type(name) is not str:
        raise TypeError(f"name should be a string. Got {type(name).__name__}")
    return original(self, name, *args, **kwargs)


@fault("SET-40", breaks="torch.nn.Module.register_buffer")
def the_name_of_a_buffer_may_begin_or_end_with_a_dot(original, self, name, tensor, persistent=True):
    if isinstance(name, str) and "." in name and "." not in name.strip("."):
        self._buffers[name] = tensor
    else:
        original(self, name, tensor, persistent)


@fault("SET-49", breaks="torch.nn.Module.add_module")
def add_module_takes_the_class_of_a_module(original, self, name, module):
    """`add_module()` makes an instance of a class of modules."""
    if isinstance(module, type) and issubclass(module, nn.Module):
        module = module()
    original(self, name, module)
