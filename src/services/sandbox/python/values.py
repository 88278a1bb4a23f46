"""Cases as they are written (JSON and literals) and the comparison of results: exact types, all the way down. Trusted side only."""

import ast
import math

import wire

_FLOATS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


class Invalid(Exception):
    """A test value that is none."""


def parse(value):
    if isinstance(value, list):
        return [parse(item) for item in value]
    if isinstance(value, dict):
        if list(value) == ["$literal"]:
            text = value["$literal"]
            try:
                return _FLOATS[text] if text in _FLOATS else ast.literal_eval(text)
            except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
                raise Invalid("'%s' is no Python literal: %s" % (str(text)[:80], error)) from None
        return {key: parse(item) for key, item in value.items()}
    return value


def same(given, wanted, tolerance=None):
    if tolerance is not None and type(given) in (int, float) and type(wanted) in (int, float):
        if isinstance(given, int) and isinstance(wanted, int):
            return given == wanted or abs(given - wanted) <= tolerance
        return given == wanted or math.isclose(given, wanted, rel_tol=tolerance, abs_tol=tolerance)
    if type(given) is not type(wanted):
        return False
    if isinstance(wanted, float):
        return given == wanted or (given != given and wanted != wanted)
    if isinstance(wanted, (list, tuple)):
        return len(given) == len(wanted) and all(same(a, b, tolerance) for a, b in zip(given, wanted))
    if isinstance(wanted, dict):
        if len(given) != len(wanted):
            return False
        if tolerance is None and any(type(k) is not str for k in wanted):
            return _form(list(given.items()), True) == _form(list(wanted.items()), True)
        return all(key in given and same(given[key], item, tolerance) for key, item in wanted.items())
    if isinstance(wanted, (set, frozenset)):
        return _form(given) == _form(wanted)
    return given == wanted


def _form(value, in_any_order=False):
    def refuse(_):
        return ["h", object()]

    form = wire.encode(value, refuse)
    return repr(sorted(form[1:], key=repr) if in_any_order else form)
