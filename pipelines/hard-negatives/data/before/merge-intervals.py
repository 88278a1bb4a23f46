def merge_intervals(intervals):
    """Disjoint [start, end] pairs that cover the same numbers, sorted by start."""
    return sorted(intervals)
