UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}


def seconds(text):
    """Seconds in a duration such as 1h30m."""
    total = 0
    digits = ""
    for letter in text:
        if letter.isdigit():
            digits += letter
        elif letter in UNITS and digits:
            total += int(digits) * UNITS[letter]
            digits = ""
        else:
            raise ValueError("no duration: " + text)
    if digits or not text:
        raise ValueError("no duration: " + text)
    return total
