"""Providers and models as data, read from YAML and checked; code that depends on a vendor stands elsewhere.

It stands apart so that a new provider is a file, not a change of the program.
"""

from harness.catalogue.claims import load_register
from harness.catalogue.load import Catalogues, catalogue_schema, load_catalogues, parse_provider

__all__ = ["Catalogues", "catalogue_schema", "load_catalogues", "load_register", "parse_provider"]
