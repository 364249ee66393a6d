"""The families of promises, in the order in which their rules are asked.

It stands apart so that a family is added in one line.
"""

from harness.probes import parameters
from harness.probes.family import Family

FAMILIES: tuple[Family, ...] = (parameters.FAMILY,)
