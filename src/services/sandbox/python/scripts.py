"""What a test script means: which names it needs, and how it is run to its end. Trusted code; unaware of where the candidate is."""

import ast
import builtins
import sys
import types

_ACTS = (ast.Assert, ast.Expr, ast.For, ast.While, ast.If, ast.With, ast.Try, ast.Raise, ast.AsyncFor, ast.AsyncWith)
_NAMING = tuple(getattr(ast, name) for name in ("ExceptHandler", "MatchAs", "MatchStar") if hasattr(ast, name))
_KINDS = (ast.operator, ast.unaryop, ast.boolop, ast.cmpop, ast.expr_context)
# What only computes: no imports but those below, no classes, decorators of anybody's, attributes but the methods of values, nothing written but names and items.
_COMPUTING = {kind for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, _KINDS)} | {
    ast.Module, ast.alias, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Pass, ast.Expr, ast.Assert, ast.Raise,
    ast.Assign, ast.AugAssign, ast.For, ast.While, ast.Break, ast.Continue, ast.If, ast.Try, ast.ExceptHandler,
    ast.Constant, ast.Name, ast.Attribute, ast.Subscript, ast.Slice, ast.Starred, ast.List, ast.Tuple, ast.Set, ast.Dict,
    ast.Compare, ast.Call, ast.keyword, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.IfExp, ast.Lambda, ast.JoinedStr, ast.FormattedValue,
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.comprehension,
}
_VALUES = (str, bytes, bytearray, int, float, complex, bool, list, tuple, dict, set, frozenset, range)
# `format` reads attributes of any name.
_METHODS = {name for kind in _VALUES for name in dir(kind) if not name.startswith("_")} - {"format", "format_map"}
_PURE = {kind.__name__ for kind in _VALUES} | {
    "abs", "all", "any", "bin", "callable", "chr", "divmod", "enumerate", "filter", "hash", "hex", "isinstance", "issubclass", "iter",
    "len", "map", "max", "min", "next", "oct", "ord", "pow", "repr", "reversed", "round", "slice", "sorted", "sum", "zip",
}
_PURE |= {name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, Exception)}
# Functions of values alone, and no other module in sight.
_PURE_MODULES = ("math", "cmath", "itertools")
_METHODS |= {name for module in _PURE_MODULES for name in dir(__import__(module)) if not name.startswith("_")}
# Under these names scripts import the candidate.
CANDIDATE_MODULES = ("solution", "candidate", "submission")


class Script:
    """Compiled once for a set of tests. @raises SyntaxError, ValueError"""

    def __init__(self, text, setup, entry):
        tree = ast.parse(text)
        self.lines = text.split("\n")
        self.entry = entry
        self.code = compile(text, "<tests>", "exec", dont_inherit=True)
        self.setup = compile(setup, "<setup>", "exec", dont_inherit=True) if setup else None
        body = [node for node in tree.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
        self.acts = any(isinstance(node, _ACTS) for node in body)
        used, bound = set(), set()
        for code in (self.code, self.setup):
            if code is not None:
                _names(code, used)
        # Whether it can leave anything behind in the interpreter that runs it.
        self.only_computes = True
        loaded = set()
        for part in (tree, ast.parse(setup or "")):
            compared = _compared_types(part)
            for node in ast.walk(part):
                _bindings(node, bound)
                if isinstance(node, ast.Name):
                    loaded.add(node.id)
                self.only_computes = self.only_computes and _computes(node, compared)
        self.names = sorted((used & loaded) - bound - set(dir(builtins)) - {"__name__", "__file__", "__doc__"})
        # What else it takes from the candidate may be a module, which is imported.
        self.only_computes = self.only_computes and set(self.names) <= {entry}

    def run(self, namespace):
        """To the end, or an exception. Without a statement that does something: its test classes, test functions or `check`."""
        if self.setup is not None:
            # It may be a prompt with an empty body for the entry: the candidate's stays.
            under_test = namespace.get(self.entry)
            exec(self.setup, namespace)
            if under_test is not None:
                namespace[self.entry] = under_test
        exec(self.code, namespace)
        if self.acts:
            return
        cases = _cases(namespace)
        functions = [v for k, v in namespace.items() if k.startswith("test") and isinstance(v, types.FunctionType)]
        if cases:
            _run_cases(cases)
        elif functions:
            for function in functions:
                function()
        elif isinstance(namespace.get("check"), types.FunctionType) and self.entry in namespace:
            namespace["check"](namespace[self.entry])
        else:
            raise Vacuous("the script defines no tests and does nothing")

    def line_of(self, error):
        """The last line of the script that an exception passed through."""
        found = None
        trace = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == "<tests>":
                found = trace.tb_lineno
            trace = trace.tb_next
        if found is None or not 0 < found <= len(self.lines):
            return ""
        return "line %d: %s" % (found, self.lines[found - 1].strip()[:200])


class Vacuous(Exception):
    """Tests that test nothing."""


class Failed(AssertionError):
    """A unittest case failed."""


class Errored(Exception):
    """A unittest case met an exception."""


def _cases(namespace):
    """Classes of unittest's, which costs more than all else that is imported here: there are none where nobody has imported it."""
    unittest = sys.modules.get("unittest")
    if unittest is None:
        return []
    return [v for v in namespace.values() if isinstance(v, type) and issubclass(v, unittest.TestCase) and v is not unittest.TestCase]


def _run_cases(cases):
    import unittest

    result = unittest.TestResult()
    result.failfast = True
    for case in cases:
        unittest.defaultTestLoader.loadTestsFromTestCase(case).run(result)
    if result.testsRun == 0:
        raise Vacuous("the test classes hold no tests")
    if result.errors:
        raise Errored(_last_line(result.errors[0][1]))
    if not result.wasSuccessful():
        raise Failed(_last_line(result.failures[0][1]) if result.failures else "unexpected success")


def _last_line(text):
    return text.strip().split("\n")[-1][:300]


def _names(code, used):
    used.update(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            _names(constant, used)


def _bindings(node, bound):
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        bound.add(node.id)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        bound.add(node.name)
    elif isinstance(node, ast.alias):
        bound.add((node.asname or node.name).split(".")[0])
    elif isinstance(node, ast.arg):
        bound.add(node.arg)
    elif isinstance(node, _NAMING) and node.name is not None:
        bound.add(node.name)


def _compared_types(tree):
    """The `type` of each `type(x) == …`: a class that goes nowhere."""
    sides = [side for node in ast.walk(tree) if isinstance(node, ast.Compare) for side in (node.left, *node.comparators)]
    calls = [side for side in sides if isinstance(side, ast.Call) and len(side.args) == 1 and not side.keywords]
    return {call.func for call in calls if isinstance(call.func, ast.Name) and call.func.id == "type" and type(call.args[0]) is not ast.Starred}


def _computes(node, compared):
    kind = type(node)
    if kind is ast.Import:
        return all(alias.name in _PURE_MODULES for alias in node.names)
    if kind is ast.ImportFrom:
        return node.module in _PURE_MODULES and node.level == 0 and all(alias.name in _METHODS for alias in node.names)
    if node in compared:
        return True
    if kind is ast.Name:
        return not node.id.startswith("__") and (node.id in _PURE or not hasattr(builtins, node.id))
    if kind is ast.Attribute:
        return node.attr in _METHODS and type(node.ctx) is ast.Load
    if kind is ast.FunctionDef:
        return not node.name.startswith("__") and not node.decorator_list
    return kind in _COMPUTING


def fresh_main():
    """A new `__main__` whose namespace a script runs in."""
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    sys.argv = ["tests"]
    return module.__dict__
