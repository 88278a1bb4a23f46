"""
The trusted side of split mode: runs the tests against a stand-in for the candidate's function, and gives the verdict. What comes
from the candidate is decoded as data; no verdict but a failure can be made by it.
"""

import builtins
import hashlib
import random
import sys
import types

import candidate
import frames
import scripts
import values
import wire

LARGEST_REPLY = candidate.LARGEST_REPLY
_EXITS = ("SystemExit", "KeyboardInterrupt", "GeneratorExit")


class CandidateGone(BaseException):
    """Its process, or its end of the channel, is closed."""


class CandidateExit(BaseException):
    """It raised what would end the program; no test may swallow that into a pass."""


class Unloaded(BaseException):
    """It could not be loaded."""


# An exception of these is not made of a text alone.
_WITH_PARTS = getattr(builtins, "BaseExceptionGroup", ())


class Relayed:
    """Marks exceptions that were raised by the candidate."""


_relayed_classes = {}


def _relayed_class(name):
    found = _relayed_classes.get(name)
    if found is None:
        base = getattr(builtins, name, Exception)
        if not (isinstance(base, type) and issubclass(base, Exception)) or issubclass(base, _WITH_PARTS):
            base = Exception
        found = _relayed_classes[name] = type(base.__name__, (base, Relayed), {"__init__": Exception.__init__, "__str__": lambda self: " ".join(map(str, self.args))})
    return found


class Session:
    """One candidate on the other end of a channel."""

    def __init__(self, channel, entry, applies):
        self.channel = channel
        self.applies = applies
        self.after = None
        self.mutated = False
        self.entry = entry
        self.trouble = None
        self.ready = False
        self.calls = 0
        self.answered = 0
        self.taken = set()
        self.behaviour = hashlib.sha256()

    def ask(self, order):
        if self.trouble is not None:
            raise CandidateGone
        try:
            frames.send(self.channel, order)
            raw = frames.receive_raw(self.channel, LARGEST_REPLY)
            reply = frames.decode(raw)
        except frames.Closed:
            self.trouble = ("gone", "")
            raise CandidateGone from None
        except frames.Malformed as error:
            self.trouble = ("forged", "its answer is %s" % error)
            raise CandidateGone from None
        return self.read(reply, raw)

    def first(self):
        """How it was loaded. @raises Unloaded"""
        try:
            self.ready = frames.receive(self.channel, 1 << 20) == ["ready"]
            reply = frames.receive(self.channel, 1 << 20)
            if type(reply) is not list:
                raise frames.Malformed("no list")
        except frames.Closed:
            self.trouble = ("gone", "")
            raise CandidateGone from None
        except frames.Malformed:
            self.trouble = ("forged", "its first words are none of ours")
            raise CandidateGone from None
        if reply == ["loaded"]:
            return
        self.trouble = of_load(reply)
        self.behaviour.update(repr(reply[:2]).encode("utf-8", "replace"))
        raise Unloaded

    def read(self, reply, raw):
        try:
            if reply[0] == "v" and len(reply) in (2, 3):
                value = wire.decode(reply[1], self.revive)
                self.after = reply[2] if len(reply) == 3 else None
                self.behaviour.update(b"%d:" % len(raw) + raw)
                return value
            if reply == ["big"]:
                self.trouble = ("output_limit", "an answer of more than %d bytes" % LARGEST_REPLY)
                raise CandidateGone
            if reply == ["stop"]:
                self.behaviour.update(b"stop")
                error = StopIteration()
            elif reply[0] == "x":
                _, name, bases, text = reply
                # Not the text, which may hold an address.
                self.behaviour.update(b"x:" + str(name).encode("utf-8", "replace"))
                error = self.relay(str(name), [str(base) for base in bases], str(text))
            else:
                raise ValueError(reply[0])
        except (ValueError, TypeError, KeyError, IndexError, RecursionError):
            self.trouble = ("forged", "its answer is not of the protocol")
            raise CandidateGone from None
        raise error

    def relay(self, name, bases, text):
        if any(base in _EXITS for base in bases) or "Exception" not in bases:
            self.trouble = ("fail_exception", "%s: %s" % (name, text[:200]))
            return CandidateExit(name)
        error = _relayed_class(bases[0])(text)
        error.shown = "%s: %s" % (name, text[:200])
        return error

    def revive(self, parts):
        handle, kind, name, truth = parts
        if type(handle) is not int or type(name) is not str:
            raise ValueError("handle")
        stand_in = {"it": RemoteIterator, "fn": RemoteFunction, "ob": RemoteObject}[kind]
        return stand_in(self, handle, name, truth is True)

    def encode(self, value):
        return wire.encode(value, self.refuse)

    def refuse(self, value):
        if isinstance(value, RemoteObject) and object.__getattribute__(value, "_session") is self:
            return ["h", object.__getattribute__(value, "_handle")]
        raise wire.NotData("a %s cannot be handed to a candidate in another process" % type(value).__name__)

    def call(self, target, args, kwargs):
        order = ["call", target, [self.encode(arg) for arg in args], {name: self.encode(arg) for name, arg in kwargs.items()}]
        self.calls += 1
        self.after = None
        value = self.ask(order)
        self.answered += 1
        if self.after is not None:
            self.mutated = True
            if self.applies:
                self.apply(args)
        return value

    def apply(self, args):
        """What the candidate did to its copies is done to the tests' own arguments, as it would be in one process."""
        try:
            for ours, form in zip(args, self.after):
                theirs = None if form is None else wire.decode(form, self.revive)
                if theirs is None or type(theirs) is not type(ours):
                    continue
                if isinstance(ours, (list, bytearray)):
                    ours[:] = theirs
                elif isinstance(ours, (dict, set)):
                    ours.clear()
                    ours.update(theirs)
        except (ValueError, TypeError, KeyError, IndexError, RecursionError):
            self.trouble = ("forged", "its answer is not of the protocol")
            raise CandidateGone from None

    def resolve(self, name):
        """A global of the candidate's, for a script that needs more than the entry."""
        kind = str(self.ask(["kind", name]))
        if kind == "absent":
            raise AttributeError(name)
        if kind.startswith("module:"):
            return __import__(kind[7:], fromlist=["*"])
        if name != self.entry.split(".")[0]:
            self.taken.add(name)
        return self.ask(["data", name])


class RemoteObject:
    """An object of the candidate's that has no data form. It equals itself alone; its attributes are asked for over the wire."""

    def __init__(self, session, handle, name, truth):
        object.__setattr__(self, "_session", session)
        object.__setattr__(self, "_handle", handle)
        object.__setattr__(self, "_name", name)
        object.__setattr__(self, "_truth", truth)

    def __bool__(self):
        return self._truth

    def __repr__(self):
        return "<%s of the candidate>" % self._name

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self._session.ask(["get", self._handle, name])


class RemoteFunction(RemoteObject):
    def __call__(self, *args, **kwargs):
        return self._session.call(self._handle, args, kwargs)


class RemoteIterator(RemoteObject):
    def __iter__(self):
        return self

    def __next__(self):
        return self._session.ask(["next", self._handle])


def _entry(session, name):
    def candidate(*args, **kwargs):
        return session.call(name, args, kwargs)

    candidate.__name__ = candidate.__qualname__ = name
    return candidate


def of_load(reply):
    """Status and detail of what a candidate says instead of `loaded`."""
    tag, name, *rest = [str(part) for part in reply[:4]] + [""] * 4
    if tag == "syntax":
        return "syntax_error", "%s: %s" % (name[:100], rest[0][:200])
    if tag != "x":
        return "forged", "its first words are none of ours"
    return "memory" if name == "MemoryError" else "fail_exception", "%s: %s" % (name[:100], rest[1][:200])


class Suite:
    """A set of tests, prepared once. @raises SyntaxError, ValueError, values.Invalid"""

    def __init__(self, tests):
        self.tests = tests
        self.entry = tests.get("entry")
        if tests["type"] == "script":
            self.script = scripts.Script(tests["script"], tests.get("setup") or "", self.entry)
            return
        self.cases = [
            ([values.parse(arg) for arg in case["args"]], {k: values.parse(v) for k, v in case.get("kwargs", {}).items()},
             values.parse(case.get("expected")), case.get("throws"), case.get("tolerance"))
            for case in tests["cases"]
        ]

    def run(self, channel, applies):
        session = Session(channel, self.entry, applies)
        random.seed(0)
        sys.setrecursionlimit(1000)
        status, detail, passed, total = self._verdict(session)
        if session.trouble is not None:
            status, detail = session.trouble
        return {
            "status": status,
            "detail": detail[:500],
            "passed": passed,
            "total": total,
            "behaviour": session.behaviour.hexdigest(),
            "taken": sorted(session.taken),
            "ready": session.ready,
            "mutated": session.mutated,
        }

    def _verdict(self, session):
        try:
            session.first()
            if self.tests["type"] == "cases":
                return self._run_cases(session)
            status, detail = self._run_script(session)
        except (CandidateGone, CandidateExit, Unloaded):
            status, detail = "gone", ""
        # The call that failed was answered too; what was wrong with it only the tests know.
        wrong = 1 if status == "fail_assert" else 0
        return status, detail, max(0, session.answered - wrong), max(session.calls, 1)

    def _run_script(self, session):
        namespace = scripts.fresh_main()
        namespace[self.entry] = _entry(session, self.entry)
        for name in self.script.names:
            if name != self.entry and name not in scripts.CANDIDATE_MODULES:
                try:
                    namespace[name] = session.resolve(name)
                except (AttributeError, ImportError, ValueError):
                    continue
        for name in scripts.CANDIDATE_MODULES:
            sys.modules[name] = _CandidateModule(name, session, self.entry)
        try:
            self.script.run(namespace)
        except SystemExit as error:
            if error.code not in (None, 0, False):
                return "fail_assert", "the tests exit with %s" % (error.code,)
        except scripts.Errored as error:
            return "fail_exception", str(error)
        except wire.NotData as error:
            return "unsplittable", str(error)
        except scripts.Vacuous as error:
            return "invalid", str(error)
        except AssertionError as error:
            return self._failed("fail_exception" if isinstance(error, Relayed) else "fail_assert", error)
        except MemoryError as error:
            # Its own, or that of the tests, which its answers have filled.
            return self._failed("memory", error)
        except Exception as error:
            return self._failed("fail_exception", error)
        if session.calls == 0 and session.trouble is None:
            return "invalid", "the tests never call the candidate"
        return "pass", ""

    def _failed(self, status, error):
        text = getattr(error, "shown", None) or "%s: %s" % (type(error).__name__, str(error)[:200])
        return status, " ".join(part for part in (text, self.script.line_of(error)) if part)

    def _run_cases(self, session):
        passed, first = 0, None
        for nth, (args, kwargs, expected, throws, tolerance) in enumerate(self.cases):
            try:
                trouble = self._run_case(session, args, kwargs, expected, throws, tolerance)
            except wire.NotData as error:
                return "unsplittable", str(error), passed, len(self.cases)
            except (CandidateGone, CandidateExit):
                return "gone", "", passed, len(self.cases)
            if trouble is None:
                passed += 1
            elif first is None:
                first = (trouble[0], "case %d: %s" % (nth + 1, trouble[1]))
        return (*(first or ("pass", "")), passed, len(self.cases))

    def _run_case(self, session, args, kwargs, expected, throws, tolerance):
        try:
            given = session.call(self.entry, args, kwargs)
            if isinstance(given, RemoteIterator) and isinstance(expected, (list, tuple)):
                return ("fail_assert", "it returns an iterator")
        except StopIteration:
            given = None
        except wire.NotData:
            raise
        except Exception as error:
            if not isinstance(error, Relayed):
                return ("memory" if isinstance(error, MemoryError) else "fail_exception", "its answer cannot be read: %s" % type(error).__name__)
            if throws is not None and throws in [kind.__name__ for kind in type(error).__mro__] + [error.shown.split(":")[0]]:
                return None
            return ("memory" if isinstance(error, MemoryError) else "fail_exception", error.shown)
        if throws is not None:
            return ("fail_assert", "it does not throw %s" % throws)
        try:
            return None if values.same(given, expected, tolerance) else ("fail_assert", "another result than expected")
        except (ArithmeticError, TypeError, ValueError, RecursionError, MemoryError) as error:
            return ("fail_assert", "its answer cannot be compared: %s" % type(error).__name__)


class _CandidateModule(types.ModuleType):
    """What `import solution` gives a script."""

    def __init__(self, name, session, entry):
        super().__init__(name)
        self.__dict__["_session"] = session
        self.__dict__["_entry"] = entry

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        if name == self.__dict__["_entry"]:
            return _entry(self.__dict__["_session"], name)
        return self.__dict__["_session"].resolve(name)


def serve(orders, tests):
    """Answers each order (with the channel of a candidate) by a verdict. Never returns."""
    import os
    import socket

    try:
        try:
            suite = Suite(tests)
        except (SyntaxError, ValueError, values.Invalid, RecursionError, MemoryError) as error:
            frames.send(orders, {"invalid": "%s: %s" % (type(error).__name__, error)})
            return
        frames.send(orders, {"ready": True})
        while True:
            order, fds = frames.receive_with_fds(orders)
            channel = socket.socket(fileno=fds[0])
            verdict = suite.run(channel, order["applies"])
            # First the verdict: whatever the candidate does when its channel closes comes too late.
            frames.send(orders, verdict)
            channel.close()
    except frames.Closed:
        pass
    finally:
        os._exit(0)
