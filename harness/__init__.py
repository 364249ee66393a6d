"""model-harness: evaluate models behind HTTP APIs and hold their documents to account.

This top module holds the version alone; `harness/README.md` draws the layers.
"""

__version__ = "0.1.0"
