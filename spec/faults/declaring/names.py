"""Faults in which names state can have, and which are taken."""

from torch import nn

from .. import fault

ADD_MODULE = nn.Module.add_module
MODULE_SETATTR = nn.Module.__setattr__
REGISTER_BUFFER = nn.Module.register_buffer
REGISTER_PARAMETER = nn.Module.register_parameter


def registering_buffers(patch, change):
    """Let ``change(module, name, tensor)`` come before the registration of a buffer, or do the job itself."""

    def register_buffer(self, name, tensor, persistent=True):
        if not change(self, name, tensor):
            REGISTER_BUFFER(self, name, tensor, persistent)

    patch.setattr(nn.Module, "register_buffer", register_buffer)


@fault("SET-18")
def a_name_that_is_not_a_string_is_made_one(patch):
    def register_parameter(self, name, param):
        REGISTER_PARAMETER(self, str(name), param)

    patch.setattr(nn.Module, "register_parameter", register_parameter)


@fault("SET-40")
def a_buffer_may_have_a_name_with_a_dot(patch):
    def change(module, name, tensor):
        if isinstance(name, str) and "." in name:
            module._buffers[name] = tensor
            return True

    registering_buffers(patch, change)


@fault("SET-41")
def a_buffer_may_have_an_empty_name(patch):
    def change(module, name, tensor):
        if name == "":
            module._buffers[name] = tensor
            return True

    registering_buffers(patch, change)


@fault("SET-42")
def a_parameter_assigned_to_a_name_with_a_dot_is_registered(patch):
    def setattr(self, name, value):
        if isinstance(value, nn.Parameter) and "." in name:
            self._parameters[name] = value
        else:
            MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("SET-43")
def a_module_cannot_be_assigned_to_a_name_with_a_dot(patch):
    def setattr(self, name, value):
        if isinstance(value, nn.Module) and "." in name:
            raise KeyError(f'module name can\'t contain ".", got: {name}')
        MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("SET-09", "SET-22")
def register_buffer_takes_the_name_of_a_plain_attribute(patch):
    def change(module, name, tensor):
        if "_buffers" in vars(module):
            vars(module).pop(name, None)

    registering_buffers(patch, change)


@fault("SET-10", "SET-22")
def register_parameter_takes_the_name_of_a_buffer(patch):
    def register_parameter(self, name, param):
        vars(self).get("_buffers", {}).pop(name, None)
        REGISTER_PARAMETER(self, name, param)

    patch.setattr(nn.Module, "register_parameter", register_parameter)


@fault("SET-44", "SET-22")
def add_module_takes_the_name_of_a_parameter(patch):
    def add_module(self, name, module):
        self._parameters.pop(name, None)
        ADD_MODULE(self, name, module)

    patch.setattr(nn.Module, "add_module", add_module)


@fault("SET-22")
def register_parameter_refuses_the_name_of_a_parameter(patch):
    def register_parameter(self, name, param):
        if name in vars(self).get("_parameters", {}):
            raise KeyError(f"attribute '{name}' already exists")
        REGISTER_PARAMETER(self, name, param)

    patch.setattr(nn.Module, "register_parameter", register_parameter)


@fault("SET-45")
def a_buffer_may_have_the_name_of_a_method(patch):
    def change(module, name, tensor):
        if isinstance(name, str) and hasattr(type(module), name):
            module._buffers[name] = tensor
            return True

    registering_buffers(patch, change)


@fault("SET-46")
def a_parameter_assigned_to_the_name_of_a_method_is_registered(patch):
    def setattr(self, name, value):
        if isinstance(value, nn.Parameter) and hasattr(type(self), name):
            self._parameters[name] = value
        else:
            MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("SET-47")
def a_module_cannot_be_assigned_to_the_name_of_a_method(patch):
    def setattr(self, name, value):
        if isinstance(value, nn.Module) and hasattr(type(self), name):
            raise KeyError(f"attribute '{name}' already exists")
        MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("SET-48")
def register_module_puts_a_module_where_it_is_not_registered(patch):
    patch.setattr(nn.Module, "register_module", lambda self, name, module: vars(self).update({name: module}))


@fault("SET-49")
def add_module_takes_what_is_no_module(patch):
    def add_module(self, name, module):
        if module is None or isinstance(module, nn.Module):
            ADD_MODULE(self, name, module)
        else:
            vars(self)[name] = module

    patch.setattr(nn.Module, "add_module", add_module)


@fault("SET-50")
def a_submodule_registered_as_None_takes_a_tensor(patch):
    def setattr(self, name, value):
        modules = vars(self).get("_modules", {})
        if name in modules and modules[name] is None and not isinstance(value, nn.Module):
            del modules[name]
        MODULE_SETATTR(self, name, value)

    patch.setattr(nn.Module, "__setattr__", setattr)


@fault("SET-51")
def a_name_has_to_be_a_str_itself(patch):
    def refuse(method):
        def register(self, name, *args, **kwargs):
            if isinstance(name, str) and type(name) is not str:
                raise TypeError(f"name should be a string. Got {type(name).__name__}")
            return method(self, name, *args, **kwargs)

        return register

    for method in (REGISTER_PARAMETER, REGISTER_BUFFER, ADD_MODULE):
        patch.setattr(nn.Module, method.__name__, refuse(method))


@fault("SET-40")
def the_name_of_a_buffer_may_begin_or_end_with_a_dot(patch):
    def change(module, name, tensor):
        if isinstance(name, str) and "." in name and "." not in name.strip("."):
            module._buffers[name] = tensor
            return True

    registering_buffers(patch, change)


@fault("SET-49")
def add_module_takes_the_class_of_a_module(patch):
    def add_module(self, name, module):
        if isinstance(module, type) and issubclass(module, nn.Module):
            module = module()
        ADD_MODULE(self, name, module)

    patch.setattr(nn.Module, "add_module", add_module)
