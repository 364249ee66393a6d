"""Plan, execute, grade: suites and targets in, one record a trial out.

It stands apart from the layers below, which it puts together, and from the pages above, which only read records.
All waiting happens in `execute`, and `forecast` reads cassettes; everything else here is pure.
"""
