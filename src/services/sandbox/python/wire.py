"""
Values between tester and candidate, as data: JSON with a tag for every container. Decoding builds exact built-in types and runs
nothing of the sender's. What has no data form is passed as a handle, which equals nothing but itself.
"""

import collections
import datetime
import decimal
import fractions
import types

DEEPEST = 400

_PLAIN = frozenset((type(None), bool, str, float))
_BIG = 1 << 63
_VIEWS = {type({}.keys()): "dk", type({}.values()): "dv", type({}.items()): "di"}
_ITERATORS = (
    types.GeneratorType, map, filter, zip, enumerate, reversed, type(iter([])), type(iter(())), type(iter({})),
    type(iter({}.values())), type(iter({}.items())), type(iter(set())), type(iter("")), type(iter(range(0))), type(reversed([])),
)
_DATES = {
    datetime.datetime: lambda v: [v.year, v.month, v.day, v.hour, v.minute, v.second, v.microsecond, v.fold],
    datetime.date: lambda v: [v.year, v.month, v.day],
    datetime.time: lambda v: [v.hour, v.minute, v.second, v.microsecond, v.fold],
    datetime.timedelta: lambda v: [v.days, v.seconds, v.microseconds],
}


class NotData(Exception):
    """A value without a form on the wire, in the direction where that is the tests' doing."""


def encode(value, keep, depth=0):
    """`keep(value)` gives the form of what is no data: a handle, or NotData."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is int:
        return value if -_BIG < value < _BIG else ["i", hex(value)]
    if depth > DEEPEST:
        return keep(value)
    tag = _TAGS.get(kind)
    if tag is not None:
        # A copy first: what encodes may run code of the candidate's (an element's own hash) that changes it.
        return [tag] + [item if type(item) in _PLAIN else encode(item, keep, depth + 1) for item in tuple(value)]
    if kind in (set, frozenset):
        items = [encode(item, keep, depth + 1) for item in tuple(value)]
        # In no order of hashes, so that equal sets are equal bytes.
        return ["s" if kind is set else "f"] + sorted(items, key=repr)
    if kind in _MAPPINGS:
        pairs = [[encode(k, keep, depth + 1), encode(v, keep, depth + 1)] for k, v in tuple(dict.items(value))]
        return [_MAPPINGS[kind]] + pairs
    if kind is bytes or kind is bytearray:
        return ["b" if kind is bytes else "B", value.hex()]
    if kind is complex:
        return ["c", value.real, value.imag]
    if kind is range:
        return ["r", *[encode(part, keep, depth + 1) for part in (value.start, value.stop, value.step)]]
    if kind is decimal.Decimal:
        return ["D", str(value)]
    if kind is fractions.Fraction:
        return ["F", encode(value.numerator, keep), encode(value.denominator, keep)]
    if kind in _DATES and getattr(value, "tzinfo", None) is None:
        return [kind.__name__, *_DATES[kind](value)]
    if kind in _VIEWS:
        return [_VIEWS[kind]] + [encode(item, keep, depth + 1) for item in tuple(value)]
    if value is Ellipsis or value is NotImplemented:
        return ["e" if value is Ellipsis else "n"]
    if kind.__base__ is tuple and "_fields" in kind.__dict__ and "__eq__" not in kind.__dict__:
        return ["t"] + [encode(item, keep, depth + 1) for item in tuple.__iter__(value)]
    return keep(value)


_TAGS = {list: "l", tuple: "t", collections.deque: "q"}
_MAPPINGS = {dict: "d", collections.OrderedDict: "O", collections.defaultdict: "G", collections.Counter: "C"}


def is_iterator(value):
    return isinstance(value, _ITERATORS)


def decode(form, revive, depth=0):
    """`revive(parts)` turns the form of a handle into a stand-in. @raises ValueError for what is not of this encoding"""
    if type(form) is not list:
        if type(form) in _PLAIN or type(form) is int:
            return form
        raise ValueError("an object")
    if depth > DEEPEST + 1 or not form:
        raise ValueError("too deep or empty")
    tag, rest = form[0], form[1:]
    each = lambda: [item if type(item) in _PLAIN or type(item) is int else decode(item, revive, depth + 1) for item in rest]
    if tag == "l":
        return each()
    if tag == "t":
        return tuple(each())
    if tag in ("d", "O", "G", "C"):
        pairs = [(decode(k, revive, depth + 1), decode(v, revive, depth + 1)) for k, v in rest]
        return _MAKE[tag](pairs)
    if tag == "i":
        return int(_text(rest), 16)
    if tag == "h":
        return revive(rest)
    try:
        return _OTHERS[tag](each())
    except (KeyError, TypeError, ArithmeticError) as error:
        raise ValueError(str(error)) from None


def _text(parts):
    if len(parts) != 1 or type(parts[0]) is not str:
        raise ValueError("no text")
    return parts[0]


def _counter(pairs):
    counter = collections.Counter()
    for key, value in pairs:
        dict.__setitem__(counter, key, value)
    return counter


_MAKE = {
    "d": dict,
    "O": collections.OrderedDict,
    "G": lambda pairs: collections.defaultdict(None, pairs),
    "C": _counter,
}
_OTHERS = {
    "s": set,
    "f": frozenset,
    "q": collections.deque,
    "b": lambda parts: bytes.fromhex(_text(parts)),
    "B": lambda parts: bytearray.fromhex(_text(parts)),
    "c": lambda parts: complex(float(parts[0]), float(parts[1])),
    "r": lambda parts: range(*parts),
    "D": lambda parts: decimal.Decimal(_text(parts)),
    "F": lambda parts: fractions.Fraction(*parts),
    "dk": lambda parts: dict.fromkeys(parts).keys(),
    "dv": lambda parts: dict(enumerate(parts)).values(),
    "di": lambda parts: dict(parts).items(),
    "e": lambda parts: Ellipsis,
    "n": lambda parts: NotImplemented,
    "datetime": lambda parts: datetime.datetime(*parts[:7], fold=parts[7]),
    "date": lambda parts: datetime.date(*parts),
    "time": lambda parts: datetime.time(*parts[:4], fold=parts[4]),
    "timedelta": lambda parts: datetime.timedelta(*parts),
}
