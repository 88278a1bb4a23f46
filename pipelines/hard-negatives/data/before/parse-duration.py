def seconds(text):
    """Seconds in a duration such as 1h30m."""
    return int(text.rstrip("s"))
