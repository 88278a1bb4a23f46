def wrap(text, width):
    """Lines of at most `width` characters."""
    return [text[at:at + width] for at in range(0, len(text), width)]
