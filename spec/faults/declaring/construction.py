"""Faults in what a module is before, during and after ``Module.__init__``."""

from torch import nn

from .. import fault

INIT = nn.Module.__init__
MODULE_GETATTR = nn.Module.__getattr__
MODULE_SETATTR = nn.Module.__setattr__
REGISTER_BUFFER = nn.Module.register_buffer
REGISTER_PARAMETER = nn.Module.register_parameter


def is_initialised(module):
    return "_parameters" in vars(module)


def plain_before_init(patch, kind):
    def setattr(self, name, value):
        if isinstance(value, kind) and not is_initialised(self):
            vars(self)[name] = value
        else:
            MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("SET-15")
def a_parameter_assigned_before_super_init_is_a_plain_attribute(patch):
    plain_before_init(patch, nn.Parameter)


@fault("SET-35")
def a_submodule_assigned_before_super_init_is_a_plain_attribute(patch):
    plain_before_init(patch, nn.Module)


@fault("SET-36", since="2.5")
def an_nn_Buffer_assigned_before_super_init_is_a_plain_attribute(patch):
    plain_before_init(patch, nn.Buffer)


@fault("SET-16")
def a_buffer_registered_before_super_init_is_ignored(patch):
    def register_buffer(self, *args, **kwargs):
        if is_initialised(self):
            REGISTER_BUFFER(self, *args, **kwargs)

    patch.setattr(nn.Module, "register_buffer", register_buffer)


@fault("SET-34")
def a_parameter_registered_before_super_init_is_ignored(patch):
    def register_parameter(self, name, param):
        if is_initialised(self):
            REGISTER_PARAMETER(self, name, param)

    patch.setattr(nn.Module, "register_parameter", register_parameter)


@fault("SET-37")
def nothing_can_be_assigned_before_super_init(patch):
    def setattr(self, name, value):
        if not is_initialised(self):
            raise AttributeError("cannot assign before Module.__init__() call")
        MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("SET-38")
def what_is_missing_before_super_init_is_None(patch):
    patch.setattr(
        nn.Module, "__getattr__", lambda self, name: MODULE_GETATTR(self, name) if is_initialised(self) else None
    )


@fault("SET-17")
def a_second_super_init_keeps_what_is_registered(patch):
    def init(self, *args, **kwargs):
        if not is_initialised(self):
            INIT(self, *args, **kwargs)

    patch.setattr(nn.Module, "__init__", init)


@fault("SET-17")
def a_second_super_init_wipes_plain_attributes_too(patch):
    def init(self, *args, **kwargs):
        if is_initialised(self):
            vars(self).clear()
        INIT(self, *args, **kwargs)

    patch.setattr(nn.Module, "__init__", init)


@fault("SET-39")
def a_second_super_init_remembers_persistence(patch):
    def init(self, *args, **kwargs):
        marks = vars(self).get("_non_persistent_buffers_set", ())
        INIT(self, *args, **kwargs)
        self._non_persistent_buffers_set.update(marks)

    patch.setattr(nn.Module, "__init__", init)


@fault("REG-21")
def a_new_module_is_in_evaluation_mode(patch):
    def init(self, *args, **kwargs):
        INIT(self, *args, **kwargs)
        vars(self)["training"] = False

    patch.setattr(nn.Module, "__init__", init)


@fault("REG-22", since="2.0")
def nn_Module_ignores_positional_arguments(patch):
    def init(self, *args, **kwargs):
        INIT(self, *(args if self.call_super_init else ()), **kwargs)

    patch.setattr(nn.Module, "__init__", init)


@fault("REG-23", since="2.0")
def nn_Module_ignores_keyword_arguments(patch):
    def init(self, *args, **kwargs):
        INIT(self, *args, **(kwargs if self.call_super_init else {}))

    patch.setattr(nn.Module, "__init__", init)


@fault("REG-24")
def the_classes_after_nn_Module_are_always_initialised(patch):
    def init(self, *args, **kwargs):
        INIT(self, *args, **kwargs)
        super(nn.Module, self).__init__()

    patch.setattr(nn.Module, "__init__", init)


@fault("REG-25", since="2.0")
def call_super_init_passes_no_arguments_on(patch):
    def init(self, *args, **kwargs):
        if self.call_super_init:
            INIT(self)
        else:
            INIT(self, *args, **kwargs)

    patch.setattr(nn.Module, "__init__", init)


@fault("SET-52")
def super_init_leaves_the_mode_that_was_set_before(patch):
    def init(self, *args, **kwargs):
        mode = vars(self).get("training", True)
        INIT(self, *args, **kwargs)
        vars(self)["training"] = mode

    patch.setattr(nn.Module, "__init__", init)
