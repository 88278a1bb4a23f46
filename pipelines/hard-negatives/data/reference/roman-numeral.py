NUMERALS = [
    ("M", 1000), ("CM", 900), ("D", 500), ("CD", 400), ("C", 100), ("XC", 90),
    ("L", 50), ("XL", 40), ("X", 10), ("IX", 9), ("V", 5), ("IV", 4), ("I", 1),
]


def to_roman(number):
    """The Roman numeral of a number."""
    if number < 1 or number > 3999:
        raise ValueError("only 1 to 3999 have a numeral")
    text = ""
    for numeral, value in NUMERALS:
        while number >= value:
            text += numeral
            number -= value
    return text
