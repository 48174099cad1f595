"""Faults in what a module is before, during and after ``Module.__init__``."""

from torch import nn

from .. import fault


def is_initialised(module):
    return "_parameters" in vars(module)


@fault("SET-15", breaks="torch.nn.Module.__setattr__")
def a_parameter_assigned_before_super_init_is_a_plain_attribute(original, self, name, value):
    """A parameter assigned before `super().__init__()` is a plain attribute."""
    if isinstance(value, nn.Parameter) and not is_initialised(self):
        vars(self)[name] = value
    else:
        original(self, name, value)


@fault("SET-35", breaks="torch.nn.Module.__setattr__")
def a_submodule_assigned_before_super_init_is_a_plain_attribute(original, self, name, value):
    """A submodule assigned before `super().__init__()` is a plain attribute."""
    if isinstance(value, nn.Module) and not is_initialised(self):
        vars(self)[name] = value
    else:
        original(self, name, value)


@fault("SET-36", breaks="torch.nn.Module.__setattr__")
def an_nn_Buffer_assigned_before_super_init_is_a_plain_attribute(original, self, name, value):
    """An `nn.Buffer` assigned before `super().__init__()` is a plain attribute."""
    if isinstance(value, nn.Buffer) and not is_initialised(self):
        vars(self)[name] = value
    else:
        original(self, name, value)


@fault("SET-16", breaks="torch.nn.Module.register_buffer")
def a_buffer_registered_before_super_init_is_ignored(original, self, *args, **kwargs):
    """`register_buffer` before `super().__init__()` does nothing."""
    if is_initialised(self):
        original(self, *args, **kwargs)


@fault("SET-34", breaks="torch.nn.Module.register_parameter")
def a_parameter_registered_before_super_init_is_ignored(original, self, name, param):
    """`register_parameter` before `super().__init__()` does nothing."""
    if is_initialised(self):
        original(self, name, param)


@fault("SET-37", breaks="torch.nn.Module.__setattr__")
def nothing_can_be_assigned_before_super_init(original, self, name, value):
    """Assigning a plain attribute before `super().__init__()` raises `AttributeError`."""
    if not is_initialised(self):
        raise AttributeError("cannot assign before Module.__init__() call")
    original(self, name, value)


@fault("SET-38", breaks="torch.nn.Module.__getattr__")
def what_is_missing_before_super_init_is_None(original, self, name):
    """An attribute that a module lacks before `super().__init__()` is None."""
    return original(self, name) if is_initialised(self) else None


@fault("SET-17", breaks="torch.nn.Module.__init__")
def a_second_super_init_keeps_what_is_registered(original, self, *args, **kwargs):
    """A second `super().__init__()` keeps parameters, buffers and submodules."""
    if not is_initialised(self):
        original(self, *args, **kwargs)


@fault("SET-17", breaks="torch.nn.Module.__init__")
def a_second_super_init_wipes_plain_attributes_too(original, self, *args, **kwargs):
    """A second `super().__init__()` removes plain attributes too."""
    if is_initialised(self):
        vars(self).clear()
    original(self, *args, **kwargs)


@fault("SET-39", breaks="torch.nn.Module.__init__")
def a_second_super_init_remembers_persistence(original, self, *args, **kwargs):
    """A second `super().__init__()` keeps which names were of non-persistent buffers."""
    marks = vars(self).get("_non_persistent_buffers_set", ())
    original(self, *args, **kwargs)
    self._non_persistent_buffers_set.update(marks)


@fault("REG-21", breaks="torch.nn.Module.__init__")
def a_new_module_is_in_evaluation_mode(original, self, *args, **kwargs):
    original(self, *args, **kwargs)
    vars(self)["training"] = False


@fault("REG-22", breaks="torch.nn.Module.__init__")
def nn_Module_ignores_positional_arguments(original, self, *args, **kwargs):
    """`nn.Module.__init__` ignores positional arguments."""
    original(self, *(args if self.call_super_init else ()), **kwargs)


@fault("REG-23", breaks="torch.nn.Module.__init__")
def nn_Module_ignores_keyword_arguments(original, self, *args, **kwargs):
    """`nn.Module.__init__` ignores keyword arguments."""
    original(self, *args, **(kwargs if self.call_super_init else {}))


@fault("REG-24", breaks="torch.nn.Module.__init__")
def the_classes_after_nn_Module_are_always_initialised(original, self, *args, **kwargs):
    """`nn.Module.__init__` always calls the `__init__` of the class after it."""
    original(self, *args, **kwargs)
    super(nn.Module, self).__init__()


@fault("REG-25", breaks="torch.nn.Module.__init__")
def call_super_init_passes_no_arguments_on(original, self, *args, **kwargs):
    """With `call_super_init`, `nn.Module.__init__` passes no arguments on."""
    if self.call_super_init:
        original(self)
    else:
        original(self, *args, **kwargs)


@fault("SET-52", breaks="torch.nn.Module.__init__")
def super_init_leaves_the_mode_that_was_set_before(original, self, *args, **kwargs):
    """`super().__init__()` keeps a `training` that was set before."""
    mode = vars(self).get("training", True)
    original(self, *args, **kwargs)
    vars(self)["training"] = mode
