def delays(attempts, base, cap):
    """Waiting times before each retry."""
    waits = []
    wait = base
    while len(waits) < attempts - 1:
        waits.append(min(wait, cap))
        wait *= 2
    return waits
