"""What becomes of a name that is taken, kind by kind."""

import pytest
import torch
from torch import nn

from ..vocabulary import (
    BUFFER,
    NN_BUFFER,
    NON_PERSISTENT_BUFFER,
    PARAMETER,
    PLAIN_TENSOR,
    PLAIN_VALUE,
    Kind,
    claim,
    contrast,
)
from .registries import EMPTY_BUFFER, EMPTY_MODULE, EMPTY_PARAMETER, MODULE, NONE, NOTHING, outcome

VALUES = (PARAMETER, NN_BUFFER, PLAIN_TENSOR, PLAIN_VALUE, MODULE, NONE)

ASSIGNMENT = {
    # held:                assigned parameter, nn.Buffer, plain tensor, plain value, module, None
    NOTHING: ("parameter", "buffer", "plain attribute", "plain attribute", "module", "plain attribute (None)"),
    PARAMETER: ("parameter", "TypeError", "TypeError", "TypeError", "TypeError", "parameter (None)"),
    BUFFER: ("parameter", "buffer", "buffer", "TypeError", "module", "buffer (None)"),
    NON_PERSISTENT_BUFFER: (
        *("parameter", "buffer", "non-persistent buffer", "TypeError", "module"),
        "non-persistent buffer (None)",
    ),
    PLAIN_TENSOR: ("parameter", "KeyError", "plain attribute", "plain attribute", "module", "plain attribute (None)"),
    PLAIN_VALUE: ("parameter", "KeyError", "plain attribute", "plain attribute", "module", "plain attribute (None)"),
    MODULE: ("parameter", "TypeError", "TypeError", "TypeError", "module", "module (None)"),
    EMPTY_PARAMETER: ("parameter", "TypeError", "TypeError", "TypeError", "TypeError", "parameter (None)"),
    EMPTY_BUFFER: ("parameter", "buffer", "buffer", "TypeError", "module", "buffer (None)"),
    EMPTY_MODULE: ("parameter", "TypeError", "TypeError", "TypeError", "module", "module (None)"),
}


@claim("SET-21", source="torch.nn.Module")
@contrast("what assignment does", rows="held", columns="assigned", cell="expected")
@pytest.mark.parametrize(
    ("held", "assigned", "expected"),
    [(held, *case) for held, row in ASSIGNMENT.items() for case in zip(VALUES, row, strict=True)],
)
def test_assignment_depends_on_the_kind_that_holds_the_name_and_on_the_kind_assigned(held, assigned, expected):
    """What `module.x = value` does depends on the kind that holds `x` and the kind assigned: it registers, replaces, or
    raises `TypeError` or `KeyError` and leaves `x`.
    """
    model = held.on(nn.Module(), "x", torch.ones(3))
    assert outcome(assigned.put, model) == expected


REGISTER_PARAMETER = Kind("register_parameter()", lambda m, name, t: m.register_parameter(name, nn.Parameter(t)))
REGISTER_BUFFER = Kind("register_buffer()", lambda m, name, t: m.register_buffer(name, t))
REGISTER_NON_PERSISTENT = Kind(
    "register_buffer(persistent=False)", lambda m, name, t: m.register_buffer(name, t, persistent=False)
)
ADD_MODULE = Kind("add_module()", lambda m, name, t: m.add_module(name, nn.Identity()))
CALLS = (REGISTER_PARAMETER, REGISTER_BUFFER, REGISTER_NON_PERSISTENT, ADD_MODULE)

REGISTRATION = {
    NOTHING: ("parameter", "buffer", "non-persistent buffer", "module"),
    PARAMETER: ("parameter", "KeyError", "KeyError", "KeyError"),
    BUFFER: ("KeyError", "buffer", "non-persistent buffer", "KeyError"),
    NON_PERSISTENT_BUFFER: ("KeyError", "buffer", "non-persistent buffer", "KeyError"),
    PLAIN_TENSOR: ("KeyError", "KeyError", "KeyError", "KeyError"),
    PLAIN_VALUE: ("KeyError", "KeyError", "KeyError", "KeyError"),
    MODULE: ("KeyError", "KeyError", "KeyError", "module"),
    EMPTY_PARAMETER: ("parameter", "KeyError", "KeyError", "KeyError"),
    EMPTY_BUFFER: ("KeyError", "buffer", "non-persistent buffer", "KeyError"),
    EMPTY_MODULE: ("KeyError", "KeyError", "KeyError", "module"),
}


@claim("SET-22", source="torch.nn.Module.register_parameter")
@contrast("what registration does to a name", rows="held", columns="call", cell="expected")
@pytest.mark.parametrize(
    ("held", "call", "expected"),
    [(held, *case) for held, row in REGISTRATION.items() for case in zip(CALLS, row, strict=True)],
)
def test_registration_replaces_its_own_kind_and_raises_KeyError_for_every_other(held, call, expected):
    """`register_parameter`, `register_buffer` and `add_module` replace a value or None of their own kind; for a name
    that another kind holds they raise `KeyError` and change nothing.
    """
    model = held.on(nn.Module(), "x", torch.ones(3))
    assert outcome(call.put, model) == expected
