def rotate(matrix, turns):
    """Turned clockwise by quarter turns."""
    return [list(row) for row in zip(*matrix[::-1])]
