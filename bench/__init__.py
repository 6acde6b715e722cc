"""The benchmark: Cairn beside the smallest Flask application that does the same work.

    python -m bench [--quick] [--strict] [--database sqlite|postgresql] [--only WORK]

Absolute times mean nothing on shared cores, so every time is given as a ratio to the limit
application (`bench.baseline`), driven in turn with Cairn on the same machine and the same rows.
"""
