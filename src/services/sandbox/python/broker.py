"""
One warm unit's trusted middle: takes orders from outside, holds tests, keeps a tester for them, has candidates forked by the zygote,
and makes of both reports what the run came to.
"""

import gc
import hashlib
import os
import select
import socket
from importlib import import_module

import confine
import frames
import kernel
import tester
import zygote
from outcome import Infrastructure, add, equal_text, measured, settle
from run import GONE, NO_END, NOT_OURS, Deserted, Run
from session import of_load

# Runs by one tester; what was left in the interpreter ends with it.
RUNS_A_TESTER = 64
# The limits that a tester is held to with its candidates.
_SHARED_LIMITS = ("memoryBytes", "fileBytes", "scratchBytes", "scratchFiles")
# What the tests have beside twice what a candidate has: its answers, and what is expected.
_TESTER_MEMORY = 512 << 20
# A candidate whose channel has closed is on its way out; how long that may take.
_ENDING_MS = 2000
_NO_VERDICT = {"passed": 0, "total": 0, "behaviour": "", "taken": [], "ready": True, "mutated": False}


def _imports(tests):
    """What costs more than all else to import, where these tests need it."""
    return ["unittest"] if "unittest" in tests.get("script", "") + (tests.get("setup") or "") else []


def _not_set_up(report):
    why = report["said"] or "it ended with signal %d, exit code %d" % (report["signal"], report["code"])
    return Infrastructure("the candidate's process could not be set up: %s" % why)


class Invalid(Exception):
    """The tests themselves cannot run."""


class Child:
    """A fork that has nothing of ours but its end of a channel, which is descriptor 3, and what `kept` names, from 4 on."""

    def __init__(self, serve, *args, kept=()):
        ours, theirs = socket.socketpair()
        self.pid = kernel.bare_fork()
        if self.pid == 0:
            try:
                kernel.die_with_parent()
                high = [os.dup2(fd, 200 + nth) for nth, fd in enumerate((theirs.detach(), *kept))]
                low = [os.dup2(fd, 3 + nth) for nth, fd in enumerate(high)]
                kernel.close_from(3 + len(low))
                serve(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, 3), *args, *low[1:])
            finally:
                os._exit(1)
        theirs.close()
        self.orders = ours

    def end(self):
        self.orders.close()
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)


def _serve_tests(orders, limits, rlimits):
    if not confine.in_namespaces:
        kernel.forbid_dumps()
    confine.confine(limits, rlimits)
    tester.serve(orders)


class Broker:
    def __init__(self, outside, own_processes):
        self.outside = outside
        kept = () if own_processes is None else (own_processes,)
        self.zygote = Child(zygote.serve, kept=kept)
        for fd in kept:
            os.close(fd)
        # Not before: candidates are forked from an interpreter without it.
        import random  # noqa: F401

        tester.rehearse()
        gc.collect()
        gc.freeze()
        self.tester = None
        self.suite = self.held = None
        self.leaves_nothing = True
        self.runs = 0

    def serve(self):
        frames.send(self.outside, {"ready": True})
        while True:
            try:
                answer = self.perform(frames.receive(self.outside))
            except frames.Malformed as error:
                # Whole all the same: what we were told cannot be read, and the next can.
                answer = {"invalid": "they cannot be read: %s" % error}
            except Infrastructure as error:
                answer = {"infrastructure": str(error)}
            except Invalid as error:
                answer = {"invalid": str(error)}
            except Deserted:
                return
            frames.send(self.outside, answer)

    def perform(self, request):
        if request["op"] == "split":
            return self.split(request)
        if request["op"] == "script":
            return self.beside(request)
        if request["op"] == "stdio":
            return self.stdio(request)
        if request["op"] == "bytecode":
            return self.bytecode(request)
        raise Infrastructure("an unknown order")

    # ---- split: the verdict is the tester's ----------------------------------------------------------------------

    def split(self, request):
        """
        The tests keep their arguments whatever the candidate does to its copies. Where it does something to them, the tests must
        also pass as they would in one process, with the arguments changed: only both together are a pass.
        """
        self.prepare(request["tests"], request["limits"])
        verdict = self.split_once(request, False)
        if verdict["status"] == "memory" and self.runs > 1:
            # It may be what earlier runs have left in the tester.
            self.drop_tester()
            verdict = self.split_once(request, False)
        if verdict["status"] != "pass" or not verdict["mutated"] or request["tests"]["type"] == "cases":
            return verdict
        applied = self.split_once(request, True)
        return verdict if applied["status"] == "pass" else applied

    def split_once(self, request, applies):
        if self.tester is None:
            self.prepare(request["tests"], request["limits"])
        verdict = None
        try:
            with self.start(request) as run:
                verdict = self.tested(run, applies)
                if verdict is not None and verdict["status"] == "gone":
                    # Its end of the channel closed as it ended: how it ended is seen a moment later.
                    run.has_ended_within(_ENDING_MS)
                report = run.end()
        finally:
            if verdict is None:
                # What the tester was in the middle of must not be met by the next candidate.
                self.drop_tester()
        verdict = verdict or {**_NO_VERDICT, "status": "timeout_wall", "detail": NO_END}
        if verdict["status"] == "gone" and not verdict["ready"]:
            raise _not_set_up(report)
        return {**verdict, **settle(verdict, report), **measured(report)}

    def tested(self, run, applies):
        """The tester's verdict, or None where there is none in time."""
        orders = self.tester.orders
        try:
            frames.send(orders, {"applies": applies}, [run.channel.fileno()])
            return frames.receive(orders) if run.wait(orders.fileno()) else None
        except (frames.Closed, frames.Malformed):
            raise Infrastructure("the tester died") from None

    def prepare(self, tests, limits):
        """A tester that knows these tests, and others before only where neither they nor these can tell."""
        suite = hashlib.sha256(repr(tests).encode("utf-8", "surrogatepass")).digest()
        held = [limits[name] for name in _SHARED_LIMITS]
        self.runs += 1
        # What was left behind is met by neither other tests nor the same ones.
        is_used = not self.leaves_nothing and self.runs > 1
        if is_used or held != self.held or self.runs > RUNS_A_TESTER:
            self.drop_tester()
        if self.tester is not None and suite == self.suite:
            return
        for name in _imports(tests):
            # Once for all the testers to come.
            import_module(name)
        is_new = self.tester is None
        if is_new:
            self.start_tester(limits)
            self.held, self.runs = held, 1
        self.suite, self.leaves_nothing = suite, self.teach(tests, limits)
        if not is_new and not self.leaves_nothing:
            # Nothing of theirs was run yet.
            self.drop_tester()
            self.prepare(tests, limits)

    def teach(self, tests, limits):
        """Whether these tests can leave anything behind. @raises Invalid"""
        orders = self.tester.orders
        poll = select.poll()
        poll.register(self.outside, select.POLLIN | select.POLLRDHUP)
        poll.register(orders, select.POLLIN)
        try:
            frames.send(orders, {"tests": tests})
            ready = [fd for fd, _ in poll.poll(limits["wallMs"])]
            if self.outside.fileno() in ready:
                raise Deserted
            answer = frames.receive(orders) if ready else {"invalid": "they cannot be read within the wall limit"}
        except (frames.Closed, frames.Malformed):
            self.drop_tester()
            raise Infrastructure("the tester could not be started") from None
        if "invalid" in answer:
            self.drop_tester()
            raise Invalid(answer["invalid"])
        return answer["leavesNothing"]

    def start_tester(self, limits):
        limits = {**limits, "memoryBytes": 2 * limits["memoryBytes"] + _TESTER_MEMORY, "processes": 64, "openFiles": 128}
        self.tester = Child(_serve_tests, limits, kernel.rlimits(limits, 3600))

    def drop_tester(self):
        if self.tester is not None:
            self.tester.end()
            self.tester = None

    # ---- the candidate -------------------------------------------------------------------------------------------

    def start(self, request, order=None, **more):
        order = {"op": "serve", "name": "solution", "source": request.get("source"), "files": request.get("files"), **(order or {})}
        return Run(self.zygote.orders, self.outside, request["limits"], order, **more)

    # ---- script: beside the candidate ----------------------------------------------------------------------------

    def beside(self, request):
        tests = request["tests"]
        token = os.urandom(16).hex()
        order = ["script", tests["script"], tests.get("setup") or "", tests.get("entry"), token]
        with self.start(request, keeps_output=True) as run:
            words, trouble = run.words(2)
            if trouble is None and words[1] == ["loaded"]:
                more, trouble = run.answer_to(order)
                words += more
            if trouble == GONE:
                run.has_ended_within(_ENDING_MS)
            report = run.end()
        if trouble == GONE and not words:
            raise _not_set_up(report)
        status, detail = trouble or self.judge(words, token)
        if status == "invalid":
            raise Invalid(detail)
        verdict = {"status": status, "detail": detail, "passed": int(status == "pass"), "total": 1, "taken": []}
        verdict["behaviour"] = hashlib.sha256(repr((status, report["output"])).encode()).hexdigest()
        return {**verdict, **settle(verdict, report), **measured(report)}

    @staticmethod
    def judge(words, token):
        last = words[-1]
        try:
            if last == ["done", token]:
                return "pass", ""
            if len(words) == 3 and last[0] == "vacuous" and last[2] == token:
                return "invalid", str(last[1])
            if len(words) == 3 and last[0] == "x":
                status = {"AssertionError": "fail_assert", "Failed": "fail_assert", "MemoryError": "memory"}.get(last[1], "fail_exception")
                return status, "%s: %s" % (str(last[1])[:100], str(last[3])[:200])
            return of_load(last)
        except (TypeError, IndexError, KeyError):
            return NOT_OURS

    # ---- stdin and stdout ----------------------------------------------------------------------------------------

    def stdio(self, request):
        tests = request["tests"]
        exact = tests.get("compare") == "exact"
        try:
            wanted = [case["stdout"].encode("utf-8", "surrogateescape") for case in tests["cases"]]
            given = [case["stdin"].encode("utf-8", "surrogateescape") for case in tests["cases"]]
        except UnicodeEncodeError as error:
            raise Invalid(str(error)) from None
        passed, first, behaviour, sums = 0, None, hashlib.sha256(), None
        for nth, case in enumerate(tests["cases"]):
            status, detail, report = self.run_main(request, given[nth], case.get("args", []))
            sums = add(sums, report)
            behaviour.update(repr((status, report["output"])).encode())
            if status == "pass" and not equal_text(report["output"], wanted[nth], exact):
                status, detail = "fail_assert", "another output than expected"
            if status == "pass":
                passed += 1
            elif first is None:
                first = status, detail if status in ("syntax_error",) else "case %d: %s" % (nth + 1, detail)
                if status == "syntax_error":
                    break
        status, detail = first or ("pass", "")
        verdict = {"status": status, "detail": detail, "passed": passed, "total": len(tests["cases"]), "taken": []}
        return {**verdict, "behaviour": behaviour.hexdigest(), **measured(sums)}

    def run_main(self, request, stdin, args):
        with self.start(request, {"op": "main", "args": args}, stdin=stdin, keeps_output=True) as run:
            words, trouble = run.words(2)
            # It ends by itself now; only then is its output whole.
            if words and trouble in (None, GONE) and not run.has_ended():
                trouble = "timeout_wall", NO_END
            report = run.end()
            if trouble is None and run.has_more_words():
                trouble = NOT_OURS
        if not words:
            raise _not_set_up(report)
        if trouble is None:
            status, detail = self.exit_of(words[1])
        elif trouble == GONE and report["reason"] is None and report["signal"] == 0 and report["code"] == 0:
            # By os._exit or an exec of nothing: its output counts all the same, there is nothing else to forge.
            status, detail = "pass", ""
        else:
            status, detail = trouble
        settled = settle({"status": status, "detail": detail}, report)
        return settled["status"], settled["detail"], report

    @staticmethod
    def exit_of(word):
        if word in (["loaded"], ["exit", 0], ["exit", None]):
            return "pass", ""
        if type(word) is list and word[:1] == ["exit"]:
            return "fail_exception", "exit code %s" % (word[1:],)
        return of_load(word if type(word) is list else [])

    # ---- bytecode ------------------------------------------------------------------------------------------------

    def bytecode(self, request):
        with self.start(request, {"op": "bytecode", "sources": request["sources"]}) as run:
            words, trouble = run.words(2, 64 << 20)
            report = run.end()
        return {"digests": None if trouble else words[1][1], **measured(report)}
