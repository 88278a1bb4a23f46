"""Writes digits/train.csv and digits/test.csv: seven-row glyphs of ten digits, shifted and with flipped pixels. Same seed, same bytes."""

import pathlib
import random

GLYPHS = [
    "01110 10001 10011 10101 11001 10001 01110",
    "00100 01100 00100 00100 00100 00100 01110",
    "01110 10001 00001 00110 01000 10000 11111",
    "11111 00010 00100 00010 00001 10001 01110",
    "00010 00110 01010 10010 11111 00010 00010",
    "11111 10000 11110 00001 00001 10001 01110",
    "00110 01000 10000 11110 10001 10001 01110",
    "11111 00001 00010 00100 01000 01000 01000",
    "01110 10001 10001 01110 10001 10001 01110",
    "01110 10001 10001 01111 00001 00010 01100",
]
FLIPPED = 0.09


def draw(chance, digit):
    rows = [[int(pixel) for pixel in row] for row in GLYPHS[digit].split()]
    if chance.random() < 0.5:
        shift = chance.choice((-1, 1))
        rows = [[row[column - shift] if 0 <= column - shift < 5 else 0 for column in range(5)] for row in rows]
    return [pixel ^ (chance.random() < FLIPPED) for row in rows for pixel in row]


def write(path, count, seed):
    chance = random.Random(seed)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        file.write("digit," + ",".join(f"p{at}" for at in range(35)) + "\n")
        for at in range(count):
            digit = at % 10
            file.write(f"{digit}," + ",".join(str(int(pixel)) for pixel in draw(chance, digit)) + "\n")


folder = pathlib.Path(__file__).parent / "digits"
folder.mkdir(exist_ok=True)
write(folder / "train.csv", 400, 1)
write(folder / "test.csv", 200, 2)
