NUMERALS = [("M", 1000), ("D", 500), ("C", 100), ("L", 50), ("X", 10), ("V", 5), ("I", 1)]


def to_roman(number):
    """The Roman numeral of a number."""
    text = ""
    for numeral, value in NUMERALS:
        text += numeral * (number // value)
        number %= value
    return text
