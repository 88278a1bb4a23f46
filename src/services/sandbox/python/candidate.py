"""
The side of the candidate: loads the source and answers calls, in a process that is already confined. Everything here may be
patched, read and lied about by the candidate; nothing that the tester believes depends on it.
"""

import builtins
import os
import sys
import types

import frames
import scripts
import wire

LARGEST_REPLY = 16 << 20
_OURS = (
    "broker", "callfilter", "candidate", "confine", "frames", "jail", "keeper", "kernel", "once", "outcome", "program", "reaper", "run",
    "scripts", "session", "tester", "values", "wire", "zygote",
)


def _exception_form(error):
    """The builtin classes of an exception, nearest first, and its text."""
    names = [kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins"]
    try:
        text = str(error)[:500]
    except BaseException:
        text = "(no text)"
    return ["x", type(error).__name__[:100], names, text]


def _no_form(value):
    return None


class Served:
    def __init__(self, channel):
        self.channel = channel
        self.handles = []
        self.module = None

    def keep(self, value):
        self.handles.append(value)
        kind = "it" if wire.is_iterator(value) else "fn" if callable(value) else "ob"
        try:
            truth = bool(value)
        except Exception:
            truth = True
        return ["h", len(self.handles) - 1, kind, type(value).__name__[:100], truth]

    def load(self, source, name):
        for ours in _OURS:
            sys.modules.pop(ours, None)
        module = types.ModuleType(name)
        module.__builtins__ = builtins
        self.module = module
        sys.modules[name] = module
        try:
            code = compile(source, "<candidate>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError) as error:
            place = " at line %s" % error.lineno if isinstance(error, SyntaxError) else ""
            return ["syntax", type(error).__name__, "%s%s" % (getattr(error, "msg", error), place)]
        try:
            exec(code, module.__dict__)
        except BaseException as error:
            if type(error) is SystemExit and name == "__main__":
                return ["exit", int(error.code or 0) if type(error.code) in (int, bool, type(None)) else 1]
            return _exception_form(error)
        return ["loaded"]

    def answer(self, order):
        """`["v", value]`, with the arguments as they are afterwards where they are no longer what they were."""
        try:
            if order[0] != "call":
                return ["v", wire.encode(self.perform(order), self.keep)]
            args = [wire.decode(form, self.revive) for form in order[2]]
            kwargs = {name: wire.decode(form, self.revive) for name, form in order[3].items()}
            value = self.find(order[1])(*args, **kwargs)
            reply = ["v", wire.encode(value, self.keep)]
            if not all(type(form) is not list for form in order[2]):
                after = [wire.encode(arg, _no_form) for arg in args]
                if after != order[2]:
                    reply.append(after)
            return reply
        except StopIteration as error:
            return ["stop"] if order[0] == "next" else _exception_form(error)
        except MemoryError as error:
            # Room for the answer.
            self.module = None
            return _exception_form(error)
        except BaseException as error:
            return _exception_form(error)

    def perform(self, order):
        act = order[0]
        if act == "next":
            return next(self.handles[order[1]])
        if act == "get":
            return getattr(self.handles[order[1]], order[2])
        if act == "kind":
            return self.kind_of(order[1])
        if act == "data":
            return self.module.__dict__.get(order[1])
        raise ValueError(act)

    def revive(self, parts):
        return self.handles[parts[0]]

    def find(self, name):
        if type(name) is int:
            return self.handles[name]
        found = self.module
        for part in name.split("."):
            if isinstance(found, type):
                found = found()
            found = getattr(found, part)
        return found

    def kind_of(self, name):
        found = self.module.__dict__.get(name, self)
        if found is self:
            return "absent"
        if isinstance(found, types.ModuleType):
            return "module:" + found.__name__
        return "callable" if callable(found) else "data"


def serve(channel, request):
    """Answers until the other end is closed. Never returns."""
    served = Served(channel)
    state = served.load(request["source"], request["name"])
    frames.send(channel, state)
    try:
        while True:
            order = frames.receive(channel)
            if order[0] == "script":
                reply = _run_beside(served, order)
            else:
                reply = served.answer(order)
            try:
                data = frames.pack(reply)
                channel.sendall(data if len(data) <= LARGEST_REPLY else frames.pack(["big"]))
            except OSError:
                os._exit(0)
            except (MemoryError, RecursionError, ValueError) as error:
                frames.send(channel, _exception_form(error))
    finally:
        os._exit(0)


def _run_beside(served, order):
    """Script mode: the tests run in this very process. The token comes after the candidate was loaded, which is not much."""
    _, text, setup, entry, token = order
    namespace = served.module.__dict__
    try:
        sys.modules["__main__"] = served.module
        for name in scripts.CANDIDATE_MODULES:
            sys.modules.setdefault(name, served.module)
        sys.argv = ["tests"]
        namespace["__name__"] = "__main__"
        scripts.Script(text, setup, entry).run(namespace)
    except SystemExit as error:
        if error.code not in (None, 0, False):
            return ["x", "AssertionError", ["AssertionError"], "the tests exit with %s" % (error.code,)]
    except scripts.Vacuous as error:
        return ["vacuous", str(error), token]
    except BaseException as error:
        return _exception_form(error)
    return ["done", token]
