"""`python -m harness`: the command line, for where the script `harness` is not on the path.

It stands apart because Python asks for this name.
"""

from harness.cli.main import main

if __name__ == "__main__":
    main()
