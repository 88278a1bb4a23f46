def rotate(matrix, turns):
    """Turned clockwise by quarter turns."""
    turned = [list(row) for row in matrix]
    for _ in range(turns % 4):
        turned = [list(row) for row in zip(*turned[::-1])]
    return turned
