"""Benchmark Cairn against the smallest Flask application that does the same work.

    python -m bench [--quick] [--strict] [--database sqlite|postgresql] [--only WORD]

Absolute times mean little on shared cores, so each time is a ratio to the baseline application
(`bench.baseline`), measured alternately with Cairn on the same machine and the same rows.
"""
