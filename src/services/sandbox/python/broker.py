"""
One warm unit's trusted middle: takes orders from outside, holds tests, keeps a tester for them, has candidates forked by the zygote,
and makes of both reports what the run came to.
"""

import base64
import gc
import hashlib
import os
import secrets
import select
import socket

import confine
import frames
import kernel
import tester
import zygote
from outcome import Infrastructure, add, equal_text, measured, settle
from session import of_load

# Runs by one tester; what its tests did to the interpreter ends with it.
RUNS_A_TESTER = 64
# What the tests have beside twice what a candidate has: its answers, and what is expected.
_TESTER_MEMORY = 512 << 20


_ENDING_SECONDS = 2
_NO_VERDICT = {"passed": 0, "total": 0, "behaviour": "", "taken": [], "ready": True, "mutated": False}


class Invalid(Exception):
    """The tests themselves cannot run."""


class Child:
    """A fork that has nothing of ours but its end of a channel, which is descriptor 3, and what `kept` names, from 4 on."""

    def __init__(self, serve, *args, kept=()):
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            try:
                kernel.die_with_parent()
                high = [os.dup2(fd, 200 + nth) for nth, fd in enumerate((theirs.detach(), *kept))]
                low = [os.dup2(fd, 3 + nth) for nth, fd in enumerate(high)]
                kernel.close_from(3 + len(low))
                serve(socket.socket(fileno=3), *args, *low[1:])
            finally:
                os._exit(1)
        theirs.close()
        self.orders = ours

    def end(self):
        self.orders.close()
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)


def _serve_tests(orders, tests, limits):
    if not confine.in_namespaces:
        kernel.forbid_dumps()
    confine.confine({**limits, "memoryBytes": 2 * limits["memoryBytes"] + _TESTER_MEMORY, "processes": 64, "openFiles": 128}, 3600)
    gc.unfreeze()
    tester.serve(orders, tests)


class Broker:
    def __init__(self, outside, own_processes):
        self.outside = outside
        kept = () if own_processes is None else (own_processes,)
        self.zygote = Child(zygote.serve, kept=kept)
        for fd in kept:
            os.close(fd)
        self.tester = None
        self.suite = None
        self.runs = 0

    def serve(self):
        frames.send(self.outside, {"ready": True})
        while True:
            request = frames.receive(self.outside)
            try:
                answer = self.perform(request)
            except Infrastructure as error:
                answer = {"infrastructure": str(error)}
            except Invalid as error:
                answer = {"invalid": str(error)}
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
        verdict = self.split_once(request, request.get("applies", False))
        if verdict["status"] != "pass" or not verdict["mutated"] or request["tests"]["type"] == "cases":
            return verdict
        applied = self.split_once(request, True)
        return verdict if applied["status"] == "pass" else applied

    def split_once(self, request, applies):
        if self.tester is None:
            self.prepare(request["tests"], request["limits"])
        ours, theirs = socket.socketpair()
        self.start(request, theirs)
        try:
            frames.send(self.tester.orders, {"applies": applies}, [ours.fileno()])
        except frames.Closed:
            self.drop_tester()
        ours.close()
        verdict = self.wait_for_tester(request["limits"]["wallMs"])
        if verdict is not None and verdict["status"] == "gone":
            # Its end of the channel closed as it ended: how it ended is seen a moment later.
            select.select([self.zygote.orders], [], [], _ENDING_SECONDS)
        report = self.stop()
        if verdict is None:
            # What the tester was in the middle of must not be met by the next candidate.
            self.drop_tester()
            verdict = {**_NO_VERDICT, "status": "timeout_wall", "detail": "no end within the wall limit"}
        if verdict["status"] == "dead":
            self.drop_tester()
            raise Infrastructure("the tester died")
        if not verdict["ready"] and verdict["status"] == "gone":
            raise Infrastructure("the candidate's process could not be set up: %s" % report.get("said", report))
        return {**verdict, **settle(verdict, report), **measured(report)}

    def prepare(self, tests, limits):
        suite = hashlib.sha256(repr((tests, limits["scratchBytes"])).encode("utf-8", "surrogatepass")).digest()
        self.runs += 1
        if self.tester is not None and (suite != self.suite or self.runs > RUNS_A_TESTER):
            self.drop_tester()
        if self.tester is not None:
            return
        self.tester, self.suite, self.runs = Child(_serve_tests, tests, limits), suite, 1
        try:
            first = frames.receive(self.tester.orders)
        except (frames.Closed, frames.Malformed):
            self.drop_tester()
            raise Infrastructure("the tester could not be started") from None
        if "invalid" in first:
            self.drop_tester()
            raise Invalid(first["invalid"])

    def drop_tester(self):
        if self.tester is not None:
            self.tester.end()
            self.tester = None

    def wait_for_tester(self, wall_ms):
        if self.tester is None:
            return {"status": "dead"}
        poll = select.poll()
        poll.register(self.tester.orders, select.POLLIN)
        poll.register(self.outside, select.POLLIN | select.POLLRDHUP)
        events = poll.poll(wall_ms)
        if any(fd == self.outside.fileno() for fd, _ in events):
            # Nobody waits for this run any more.
            raise frames.Closed
        if not events:
            return None
        try:
            return frames.receive(self.tester.orders)
        except (frames.Closed, frames.Malformed):
            return {"status": "dead"}

    # ---- the zygote ----------------------------------------------------------------------------------------------

    def start(self, request, channel):
        order = {"op": "serve", "name": "solution", "source": request.get("source"), "limits": request["limits"]}
        for name in ("op_inside", "files", "args", "stdin", "sources", "keepOutput"):
            if name in request:
                order["op" if name == "op_inside" else name] = request[name]
        frames.send(self.zygote.orders, order, [channel.fileno()])
        channel.close()

    def stop(self):
        """The candidate's end, whether or not it has come by itself."""
        try:
            self.zygote.orders.sendall(b"x")
            report = frames.receive(self.zygote.orders)
        except (OSError, frames.Closed, frames.Malformed):
            # Without a zygote this unit is of no use; who asked gets a new one.
            raise frames.Closed from None
        if "infrastructure" in report:
            raise Infrastructure(report["infrastructure"])
        return report

    # ---- script: beside the candidate ----------------------------------------------------------------------------

    def beside(self, request):
        tests = request["tests"]
        token = secrets.token_hex(16)
        ours, theirs = socket.socketpair()
        self.start({**request, "keepOutput": True}, theirs)
        deadline = frames.monotonic_ms() + request["limits"]["wallMs"]
        words, trouble = [], None
        order = ["script", tests["script"], tests.get("setup") or "", tests.get("entry"), token]
        try:
            for nth in range(3):
                if not frames.has_frame_within(ours, (deadline - frames.monotonic_ms()) / 1000):
                    trouble = "timeout_wall", "no end within the wall limit"
                    break
                words.append(frames.receive(ours, 1 << 20))
                if nth == 1 and words[1] != ["loaded"]:
                    break
                if nth == 1:
                    frames.send(ours, order)
        except frames.Closed:
            trouble = "gone", ""
            select.select([self.zygote.orders], [], [], _ENDING_SECONDS)
        except frames.Malformed:
            trouble = "forged", "its words are none of ours"
        report = self.stop()
        ours.close()
        if trouble == ("gone", "") and not words:
            raise Infrastructure("the candidate's process could not be set up: %s" % report.get("said", report))
        status, detail = trouble or self.judge(words, token)
        if status == "invalid":
            raise Invalid(detail)
        verdict = {"status": status, "detail": detail, "passed": int(status == "pass"), "total": 1, "taken": []}
        verdict["behaviour"] = hashlib.sha256(repr((status, report.get("output"))).encode()).hexdigest()
        return {**verdict, **settle(verdict, report), **measured(report)}

    @staticmethod
    def judge(words, token):
        last = words[-1]
        try:
            if last == ["done", token]:
                return "pass", ""
            if last[0] == "vacuous":
                return "invalid", str(last[1])
            if len(words) == 3 and last[0] == "x":
                status = {"AssertionError": "fail_assert", "Failed": "fail_assert", "MemoryError": "memory"}.get(last[1], "fail_exception")
                return status, "%s: %s" % (str(last[1])[:100], str(last[3])[:200])
            return of_load(last)
        except (TypeError, IndexError, KeyError):
            return "forged", "its words are none of ours"

    # ---- stdin and stdout ----------------------------------------------------------------------------------------

    def stdio(self, request):
        tests = request["tests"]
        exact = tests.get("compare") == "exact"
        passed, first, behaviour, sums = 0, None, hashlib.sha256(), None
        for nth, case in enumerate(tests["cases"]):
            order = {**request, "op_inside": "main", "stdin": case["stdin"], "args": case.get("args", []), "keepOutput": True}
            status, detail, output, report = self.run_main(order)
            sums = add(sums, report)
            behaviour.update(repr((status, output)).encode())
            if status == "pass" and not equal_text(output, case["stdout"].encode("utf-8", "surrogateescape"), exact):
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

    def run_main(self, order):
        ours, theirs = socket.socketpair()
        self.start(order, theirs)
        deadline = frames.monotonic_ms() + order["limits"]["wallMs"]
        words, status, detail = [], "gone", ""
        try:
            for _ in range(2):
                if not frames.has_frame_within(ours, (deadline - frames.monotonic_ms()) / 1000):
                    status, detail = "timeout_wall", "no end within the wall limit"
                    break
                words.append(frames.receive(ours, 1 << 20))
        except frames.Closed:
            pass
        except frames.Malformed:
            status, detail = "forged", "its words are none of ours"
        # It ends by itself now; only then is its output whole.
        if len(words) == 2 or (status == "gone" and words):
            select.select([self.zygote.orders], [], [], max(0, (deadline - frames.monotonic_ms()) / 1000))
        report = self.stop()
        ours.close()
        if not words:
            raise Infrastructure("the candidate's process could not be set up: %s" % report.get("said", report))
        output = base64.b64decode(report.get("output", ""))
        if len(words) == 2 and status == "gone":
            if words[1] in (["loaded"], ["exit", 0], ["exit", None]):
                status = "pass"
            elif type(words[1]) is list and words[1][:1] == ["exit"]:
                status, detail = "fail_exception", "exit code %s" % (words[1][1:],)
            else:
                status, detail = of_load(words[1] if type(words[1]) is list else [])
        elif status == "gone" and report["reason"] is None and report["signal"] == 0 and report["code"] == 0:
            # By os._exit or an exec of nothing: its output counts all the same, there is nothing else to forge.
            status = "pass"
        verdict = {"status": status, "detail": detail}
        settled = settle(verdict, report)
        return settled["status"], settled["detail"], output, report

    # ---- bytecode ------------------------------------------------------------------------------------------------

    def bytecode(self, request):
        ours, theirs = socket.socketpair()
        self.start({**request, "op_inside": "bytecode"}, theirs)
        try:
            if not frames.has_frame_within(ours, request["limits"]["wallMs"] / 1000):
                raise frames.Closed
            frames.receive(ours, 1 << 20)
            answer = frames.receive(ours, 64 << 20)
        except (frames.Closed, frames.Malformed):
            answer = None
        report = self.stop()
        ours.close()
        if answer is None:
            return {"digests": None, **measured(report)}
        return {"digests": answer[1], **measured(report)}
