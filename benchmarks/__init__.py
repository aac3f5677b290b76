"""Measurements against named peers, all in one run: `make bench`, or `python -m benchmarks calls decode`.

Each subject is a file with a function `rows`. What is compared takes turns in short rounds, so that a busy machine
slows both; the ratio is the median of the rounds' ratios. No test asserts a time: read ratios, not digits.
"""
