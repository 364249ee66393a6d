"""The command line: arguments, exit codes, terminal, file writing.

It stands at the top and holds no rules of its own: what it prints, the layers below decided.
"""
