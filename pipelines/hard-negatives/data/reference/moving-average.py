def moving_average(values, window):
    """Means of every run of `window` neighbouring values."""
    if window < 1:
        raise ValueError("window must be at least 1")
    if len(values) < window:
        return []
    total = sum(values[:window])
    means = [total / window]
    for at in range(window, len(values)):
        total += values[at] - values[at - window]
        means.append(total / window)
    return means
