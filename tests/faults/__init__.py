"""Faults for tests and benchmarks: a proxy that delays and cuts, servers that are killed.

`tests` is on the path of pytest; a benchmark puts it there itself. Nothing here is installed.
"""
