"""
The trusted side of split mode: runs the tests against a stand-in for the candidate's function, and gives the verdict. What comes
from the candidate is decoded as data; no verdict but a failure can be made by it.
"""

import gc
import os
import socket
import sys
import types

import frames
import scripts
import values
import wire
from session import CandidateExit, CandidateGone, Relayed, RemoteIterator, Session, Unloaded


def _entry(session, name):
    def candidate(*args, **kwargs):
        return session.call(name, args, kwargs)

    candidate.__name__ = candidate.__qualname__ = name
    return candidate


class Suite:
    """A set of tests, prepared once. @raises SyntaxError, ValueError, values.Invalid"""

    def __init__(self, tests):
        self.tests = tests
        self.entry = tests.get("entry")
        if tests["type"] == "script":
            self.script = scripts.Script(tests["script"], tests.get("setup") or "", self.entry)
            self.leaves_nothing = self.script.only_computes
            return
        # Values are compared; nothing of the tests' own is run.
        self.leaves_nothing = True
        self.cases = [
            ([values.parse(arg) for arg in case["args"]], {k: values.parse(v) for k, v in case.get("kwargs", {}).items()},
             values.parse(case.get("expected")), case.get("throws"), case.get("tolerance"))
            for case in tests["cases"]
        ]

    def run(self, channel, applies):
        session = Session(channel, self.entry, applies)
        import random

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
                except Exception:
                    # It has none, or makes trouble when asked: the tests miss it if they need it.
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
        except (CandidateGone, CandidateExit, Unloaded):
            raise
        except BaseException as error:
            return self._failed("fail_exception", error)
        if session.calls == 0 and session.trouble is None:
            return "invalid", "the tests never call the candidate"
        return "pass", ""

    def _failed(self, status, error):
        try:
            text = getattr(error, "shown", None) or "%s: %s" % (type(error).__name__, str(error)[:200])
        except Exception:
            text = type(error).__name__
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


def rehearse():
    """Tests of our own, so that what Python sets up at first use is there before the forks."""
    modules = dict(sys.modules)
    tests = {"type": "script", "entry": "f", "script": "def check(candidate):\n    assert candidate([1], 2) == 1, 'Text'\n"}
    for _ in range(10):
        ours, theirs = socket.socketpair()
        for word in (["ready"], ["loaded"], ["v", 1]):
            frames.send(theirs, word)
        Suite(tests).run(ours, False)
        ours.close()
        theirs.close()
    for name in set(sys.modules) - set(modules):
        del sys.modules[name]
    sys.modules.update(modules)


def serve(orders):
    """Answers tests, and then each channel of a candidate by a verdict. Never returns."""
    suite = None
    try:
        while True:
            order, fds = frames.receive_with_fds(orders)
            if "tests" in order:
                suite = None
                suite = _take(orders, order["tests"])
                continue
            channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, fds[0])
            verdict = suite.run(channel, order["applies"])
            # First the verdict: whatever the candidate does when its channel closes comes too late.
            frames.send(orders, verdict)
            channel.close()
    except frames.Closed:
        pass
    finally:
        os._exit(0)


def _take(orders, tests):
    # What the last ones were in the middle of goes with their names.
    scripts.fresh_main()
    gc.collect()
    try:
        suite = Suite(tests)
    except (SyntaxError, ValueError, values.Invalid, RecursionError, MemoryError) as error:
        frames.send(orders, {"invalid": "%s: %s" % (type(error).__name__, error)})
        return None
    frames.send(orders, {"leavesNothing": suite.leaves_nothing})
    return suite
