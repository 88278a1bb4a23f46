def delays(attempts, base, cap):
    """Waiting times before each retry."""
    return [base] * attempts
