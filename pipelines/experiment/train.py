"""Trains a small network on drawn digits, plain Python: does momentum help, and does a hidden layer?"""

import csv
import json
import math
import os
import random
import time

STARTED = time.monotonic()
BUDGET = float(os.environ.get("TIME_BUDGET_S", "60"))
FOLDER = os.path.join(os.environ["DATASET_CACHE_ROOT"], "digits")
PARAMS = json.load(open("params.json", encoding="utf-8")) if os.path.exists("params.json") else {}
EPOCHS = int(PARAMS.get("epochs", 4))
RATE = float(PARAMS.get("rate", 0.06))
CONDITIONS = {"linear": (0, 0.0), "hidden": (14, 0.0), "hidden_momentum": (14, 0.7)}
SEEDS = (0, 1)


def load(name):
    with open(os.path.join(FOLDER, name), encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    return [([float(value) for value in row[1:]], int(row[0])) for row in rows]


def layer(chance, inputs, outputs):
    scale = 1 / math.sqrt(inputs)
    return [[chance.uniform(-scale, scale) for _ in range(inputs + 1)] for _ in range(outputs)]


def forward(weights, values):
    return [row[-1] + sum(w * v for w, v in zip(row, values)) for row in weights]


def softmax(scores):
    top = max(scores)
    raised = [math.exp(score - top) for score in scores]
    total = sum(raised)
    return [value / total for value in raised]


def run(train, hidden, momentum, seed):
    """Layers after EPOCHS of stochastic gradient descent, or as far as the time allows."""
    chance = random.Random(seed)
    layers = [layer(chance, 35, hidden), layer(chance, hidden, 10)] if hidden else [layer(chance, 35, 10)]
    speed = [[[0.0] * len(row) for row in weights] for weights in layers]
    order = list(range(len(train)))
    for _ in range(EPOCHS):
        chance.shuffle(order)
        for at in order:
            values, digit = train[at]
            steps = [values]
            for weights in layers[:-1]:
                steps.append([math.tanh(score) for score in forward(weights, steps[-1])])
            chances = softmax(forward(layers[-1], steps[-1]))
            slope = [p - (k == digit) for k, p in enumerate(chances)]
            for depth in range(len(layers) - 1, -1, -1):
                weights, below = layers[depth], steps[depth]
                back = [sum(slope[k] * weights[k][j] for k in range(len(weights))) for j in range(len(below))] if depth else []
                for k, row in enumerate(weights):
                    own = speed[depth][k]
                    for j in range(len(row)):
                        own[j] = momentum * own[j] - RATE * slope[k] * (below[j] if j < len(below) else 1.0)
                        row[j] += own[j]
                slope = [g * (1 - h * h) for g, h in zip(back, below)]
    return layers


def measure(layers, rows):
    right, loss = 0, 0.0
    for values, digit in rows:
        for weights in layers[:-1]:
            values = [math.tanh(score) for score in forward(weights, values)]
        chances = softmax(forward(layers[-1], values))
        right += chances.index(max(chances)) == digit
        loss -= math.log(max(chances[digit], 1e-12))
    return {"accuracy": right / len(rows), "loss": loss / len(rows)}


def main():
    train, test = load("train.csv"), load("test.csv")
    print("DATASET_USED: digits")
    results = {"conditions": {}}
    for name, (hidden, momentum) in CONDITIONS.items():
        for seed in SEEDS:
            if os.path.exists(os.environ.get("STOP_FILE", "STOP")) or time.monotonic() - STARTED > 0.85 * BUDGET:
                break
            found = measure(run(train, hidden, momentum, seed), test)
            results["conditions"].setdefault(name, {})[str(seed)] = found
            print(f"PER_SEED: cond={name} seed={seed} accuracy: {found['accuracy']:.4f} loss: {found['loss']:.17g}", flush=True)
    for name, seeds in results["conditions"].items():
        print(f"CONDITION_SUMMARY: cond={name} mean_accuracy: {sum(s['accuracy'] for s in seeds.values()) / len(seeds):.4f}")
    with open("results.json", "w", encoding="utf-8") as file:
        json.dump(results, file, indent=2)


main()
