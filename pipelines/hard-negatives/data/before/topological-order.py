def order(needs):
    """Tasks, each after those that it needs."""
    return sorted(needs)
