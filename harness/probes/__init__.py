"""Claims -> requests, and what came back -> verdicts.

It stands apart from the runner, which asks what a suite says: here the question itself is chosen by what would decide.
"""
