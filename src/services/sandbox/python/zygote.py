"""
The warmed interpreter that candidates are forked from, one a run, and that watches over them: processor time by their clock,
output, the end. It was forked before any test arrived and never sees one.
"""

import base64
import gc
import os
import random
import select
import signal
import socket
import sys
import time

import candidate
import confine
import frames
import kernel
import reaper

_GRACE_MS = 3
# While nothing happens, how often the clock is looked at least.
_LOOK_MS = 1000
_CHANNEL = 3
_NOT_SET_UP = 120
_KEPT_TROUBLE = 300


class Zygote:
    def __init__(self, orders, own_processes):
        self.orders = orders
        # Its own process namespace, to come back to after each fork into a new one. There is no /proc any more to open it.
        self.own_processes = own_processes
        self.scratch = confine.Scratch() if confine.in_namespaces else None
        self.rlimits = {}

    def run(self, request, fds):
        """Forks a candidate, waits for its end, and says what that was."""
        limits = request["limits"]
        started = frames.monotonic_ms()
        out_read, out_write = os.pipe()
        stdin = _stdin(request.get("stdin"))
        rlimits = self._rlimits(limits)
        # Whatever can be done before the fork costs no copies of pages after it.
        random.seed()
        if confine.in_namespaces:
            self.scratch.prepare(limits)
            kernel.unshare(kernel.NEWPID)
        pid = kernel.bare_fork()
        if pid == 0:
            _become_candidate(request, rlimits, fds[0], out_write, stdin)
        if confine.in_namespaces:
            kernel.setns(self.own_processes, kernel.NEWPID)
        os.close(out_write)
        os.close(stdin)
        for fd in fds:
            os.close(fd)
        try:
            return self._watch(pid, out_read, limits, started, request.get("keepOutput", False))
        finally:
            os.close(out_read)

    def _rlimits(self, limits):
        seconds = 2 + int(limits["cpuMs"] / 1000)
        key = (seconds, *sorted(limits.items()))
        if key not in self.rlimits:
            self.rlimits = {key: kernel.rlimits(limits, seconds)}
        return self.rlimits[key]

    def _watch(self, pid, out_read, limits, started, keep_output):
        clock = (~pid << 3) | 2
        ended = kernel.pidfd_open(pid)
        poll = select.poll()
        for fd in (ended, out_read, self.orders.fileno()):
            poll.register(fd, select.POLLIN)
        cpu_limit, reason, output, written, used = limits["cpuMs"], None, [], 0, 0.0
        over, stopped, said = False, False, b""
        while not over:
            wait = min(_LOOK_MS, max(_GRACE_MS, cpu_limit - used + _GRACE_MS))
            for fd, event in poll.poll(wait):
                if fd == ended:
                    over = True
                elif fd == out_read:
                    piece = os.read(out_read, 1 << 16)
                    if not piece:
                        poll.unregister(out_read)
                    written += len(piece)
                    said = said or piece[:_KEPT_TROUBLE]
                    if keep_output and written <= limits["outputBytes"]:
                        output.append(piece)
                elif not over:
                    # The run is over for the broker, or the broker is gone.
                    if not self.orders.recv(1):
                        os._exit(0)
                    poll.unregister(self.orders.fileno())
                    stopped = True
                    reason = reason or "done"
                    os.kill(pid, signal.SIGKILL)
            if over:
                break
            used = _cpu_ms(clock, used)
            if used > cpu_limit:
                reason = reason or "timeout_cpu"
            elif written > limits["outputBytes"]:
                reason = reason or "output_limit"
            if reason is not None:
                os.kill(pid, signal.SIGKILL)
        _, status, usage = os.wait4(pid, 0)
        os.close(ended)
        if not confine.in_namespaces:
            reaper.kill_all()
        if keep_output and reason is None:
            while written <= limits["outputBytes"]:
                piece = os.read(out_read, 1 << 16) if select.select([out_read], [], [], 0)[0] else b""
                if not piece:
                    break
                written += len(piece)
                output.append(piece)
            if written > limits["outputBytes"]:
                reason = "output_limit"
        cpu = (usage.ru_utime + usage.ru_stime) * 1000.0
        report = {
            "reason": reason,
            "signal": status & 127,
            "code": (status >> 8) & 255,
            "cpuMs": max(cpu, used),
            "wallMs": frames.monotonic_ms() - started,
            "peakBytes": usage.ru_maxrss * 1024,
            "written": written,
            # The broker says once a run that it is over; who has not heard it yet waits for it after the report.
            "stopped": stopped,
        }
        if report["code"] == _NOT_SET_UP:
            # Only asked for where the candidate has said nothing yet.
            said = said or (os.read(out_read, _KEPT_TROUBLE) if select.select([out_read], [], [], 0)[0] else b"")
            report["said"] = said.decode("utf-8", "replace")
        if keep_output:
            report["output"] = base64.b64encode(b"".join(output)).decode()
        return report


def _cpu_ms(clock, last):
    try:
        return time.clock_gettime(clock) * 1000.0
    except OSError:
        return last


def _stdin(text):
    """A descriptor to read it from; nothing is left on any disk."""
    if not text:
        return os.open("/dev/null", os.O_RDONLY)
    fd = os.memfd_create("stdin") if hasattr(os, "memfd_create") else kernel.libc.memfd_create(b"stdin", 0)
    data = text.encode("utf-8", "surrogateescape")
    while data:
        data = data[os.write(fd, data):]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _become_candidate(request, rlimits, channel_fd, out_write, stdin):
    """In the fork. Never returns."""
    try:
        channel_fd = os.dup2(channel_fd, 63) if channel_fd < 3 else channel_fd
        os.dup2(stdin, 0)
        os.dup2(out_write, 1)
        os.dup2(out_write, 2)
        if channel_fd != _CHANNEL:
            os.dup2(channel_fd, _CHANNEL)
        kernel.close_from(_CHANNEL + 1)
        os.setsid()
        if confine.in_namespaces:
            confine.confine_in_scratch(rlimits)
        else:
            confine.confine(request["limits"], 2 + int(request["limits"]["cpuMs"] / 1000))
        _lay(request.get("files"))
        channel = socket.socket(fileno=_CHANNEL)
        gc.enable()
        frames.send(channel, ["ready"])
    except BaseException as error:
        # Before anything of the candidate's has run: this is our trouble. Exit code and words are only believed with it.
        os.write(2, ("sandbox: %r" % (error,)).encode())
        os._exit(_NOT_SET_UP)
    try:
        if request["op"] == "bytecode":
            frames.send(channel, _digests(request["sources"]))
        elif request["op"] == "main":
            _run_main(channel, request)
        else:
            candidate.serve(channel, request)
    finally:
        os._exit(0)


def _lay(files):
    for path, content in (files or {}).items():
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        with open(path, "wb") as file:
            file.write(base64.b64decode(content))


def _run_main(channel, request):
    """As a program of its own: the end is its exit code, its words are its output."""
    sys.argv = ["main.py"] + request.get("args", [])
    served = candidate.Served(channel)
    reply = served.load(request["source"], "__main__")
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        reply = reply if reply[0] == "x" else ["x", "OSError", ["OSError"], "its output cannot be written"]
    frames.send(channel, reply)
    os._exit(0)


def _digests(sources):
    import hashlib
    import marshal

    def strip(code):
        constants = tuple(strip(part) if hasattr(part, "co_code") else part for part in code.co_consts)
        fixed = {"co_filename": "", "co_firstlineno": 1, "co_consts": constants}
        table = "co_linetable" if hasattr(code, "co_linetable") else "co_lnotab"
        fixed[table] = b""
        return code.replace(**fixed)

    digests = []
    for source in sources:
        try:
            code = compile(source, "", "exec", dont_inherit=True, optimize=0)
            digests.append(hashlib.sha256(marshal.dumps(strip(code), 2)).hexdigest())
        except (SyntaxError, ValueError, OverflowError, RecursionError, MemoryError):
            digests.append(None)
    return ["v", digests]


def _rehearse():
    """Our own words once through the candidate's side, so that what Python sets up at first use is there before the forks."""
    modules = dict(sys.modules)
    ours, theirs = socket.socketpair()
    served = candidate.Served(theirs)
    source = "from typing import List\nimport math\ndef f(x: List[int]) -> int:\n    \"\"\"Text.\"\"\"\n    return sorted(x)[0] + 1\n"
    for _ in range(10):
        sys.modules.update(modules)
        frames.send(theirs, served.load(source, "solution"))
        frames.receive(ours)
        frames.send(ours, ["call", "f", [["l", 3, 1]], {}])
        frames.send(theirs, served.answer(frames.receive(theirs)))
        frames.receive(ours)
    del sys.modules["solution"]
    ours.close()
    theirs.close()


def serve(orders, own_processes=None):
    """Candidates, one after another, until the broker is gone. Never returns."""
    try:
        zygote = Zygote(orders, own_processes)
        kernel.drop_bounding_set()
        if not confine.in_namespaces:
            kernel.forbid_dumps()
            kernel.adopt_orphans()
        _rehearse()
        gc.collect()
        gc.freeze()
        while True:
            request, fds = frames.receive_with_fds(orders)
            try:
                report = zygote.run(request, fds)
            except OSError as error:
                report = {"infrastructure": "%s" % error}
            frames.send(orders, report)
            if not report.get("stopped", False):
                frames._exactly(orders, 1)
    except frames.Closed:
        pass
    finally:
        os._exit(0)
