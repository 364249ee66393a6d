"""The nouns of the harness as frozen types, with the standard library alone.

It stands below every other package so that a type can travel through all of them without carrying an import.
"""
