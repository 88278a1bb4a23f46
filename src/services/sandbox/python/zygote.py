"""
The warmed interpreter that candidates are forked from, one a run. It was forked before any test arrived and sees neither tests nor
candidates: what a candidate is to do comes over its own channel.
"""

import _sitebuiltins
import atexit
import binascii
import builtins
import gc
import os
import socket
import struct
import sys

import candidate
import confine
import frames
import kernel
import reaper

# The number of the fork, or 0 and a frame with why there is none.
FORKED = struct.Struct("=i")
# How it ended (as `wait` has it), its processor seconds, its largest size in bytes.
ENDED = struct.Struct("=idq")
# Exit code of a candidate that could not be set up.
NOT_SET_UP = 120
_CHANNEL = 3
_READY = frames.pack(["ready"])


class Zygote:
    def __init__(self, orders, own_processes):
        self.orders = orders
        # Its own process namespace, to come back to after each fork into a new one. There is no /proc any more to open it.
        self.own_processes = own_processes
        self.scratch = confine.Scratch() if confine.in_namespaces else None
        self.raw = self.limits = self.rlimits = None

    def fork(self, raw, fds):
        """A candidate under the limits of `raw`, with its channel, its two outputs and perhaps its input for descriptors. @raises OSError"""
        if raw != self.raw:
            self.limits = frames.decode(raw)
            self.rlimits = kernel.rlimits(self.limits, 2 + int(self.limits["cpuMs"] / 1000))
            self.raw = raw
        # Whatever can be done before the fork costs no copies of pages after it.
        if confine.in_namespaces:
            self.scratch.prepare(self.limits)
            kernel.unshare(kernel.NEWPID)
        pid = None
        try:
            pid = kernel.bare_fork()
        finally:
            # Also after a fork that failed: the next one needs a namespace of its own.
            if pid != 0 and confine.in_namespaces:
                kernel.setns(self.own_processes, kernel.NEWPID)
        if pid == 0:
            _become_candidate(self.limits, self.rlimits, *fds)
        return pid

    def wait(self, pid):
        self.orders.send(FORKED.pack(pid))
        _, status, usage = os.wait4(pid, 0)
        if not confine.in_namespaces:
            reaper.kill_all()
        self.orders.send(ENDED.pack(status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024))


def _become_candidate(limits, rlimits, channel_fd, out_write, error_write, stdin=None):
    """In the fork. Never returns."""
    try:
        channel_fd = os.dup2(channel_fd, 63) if channel_fd < 3 else channel_fd
        # One of its own: what it sets on it must not be met by the next.
        os.dup2(os.open("/dev/null", os.O_RDONLY) if stdin is None else stdin, 0)
        os.dup2(out_write, 1)
        os.dup2(error_write, 2)
        if channel_fd != _CHANNEL:
            os.dup2(channel_fd, _CHANNEL)
        kernel.close_from(_CHANNEL + 1)
        os.setsid()
        if confine.in_namespaces:
            confine.confine_in_scratch(rlimits)
        else:
            confine.confine(limits, rlimits)
        channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, _CHANNEL)
        order = frames.receive(channel)
        _lay(order.get("files"))
        channel.send(_READY)
    except BaseException as error:
        # Before anything of the candidate's has run: this is our trouble. Exit code and words are only believed with it.
        os.write(2, ("sandbox: %r" % (error,)).encode())
        os._exit(NOT_SET_UP)
    try:
        if order["op"] == "bytecode":
            frames.send(channel, _digests(order["sources"]))
        elif order["op"] == "main":
            _run_main(channel, order)
        else:
            candidate.serve(channel, order)
    finally:
        os._exit(0)


def _lay(files):
    for path, content in (files or {}).items():
        folder = os.path.dirname(path)
        if folder:
            os.makedirs(folder, exist_ok=True)
        with open(path, "wb") as file:
            file.write(binascii.a2b_base64(content))


def _run_main(channel, request):
    """As a program of its own: the end is its exit code, its words are its output."""
    sys.argv = ["main.py"] + request.get("args", [])
    served = candidate.Served(channel)
    first = os.getpid()
    builtins.exit, builtins.quit = (_sitebuiltins.Quitter(name, "the end of the input") for name in ("exit", "quit"))
    reply = served.load(request["source"], "__main__")
    try:
        # As an interpreter ends: its threads, then what it has registered.
        if "threading" in sys.modules:
            sys.modules["threading"]._shutdown()
        atexit._run_exitfuncs()
    except BaseException:
        pass
    try:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None and not stream.closed:
                stream.flush()
    except BaseException:
        reply = reply if reply[0] == "x" else ["x", "OSError", ["OSError"], "its output cannot be written"]
    code = 0 if reply == ["loaded"] else reply[1] & 255 if reply[0] == "exit" else 1
    try:
        # A fork of it has nothing to report.
        if os.getpid() == first:
            frames.send(channel, reply)
            code = 0
    except frames.Closed:
        pass
    os._exit(code)


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
        # Whoever wants it gets one with a seed of its own.
        sys.modules.pop("random", None)
        _rehearse()
        gc.collect()
        gc.freeze()
        while True:
            raw, fds = frames.receive_raw_with_fds(orders, 4)
            pid, trouble = 0, ""
            try:
                pid = zygote.fork(raw, fds)
            except OSError as error:
                trouble = "%s" % error
            for fd in fds:
                os.close(fd)
            if pid != 0:
                zygote.wait(pid)
            else:
                orders.send(FORKED.pack(0))
                frames.send(orders, trouble)
    except (frames.Closed, OSError):
        pass
    finally:
        os._exit(0)
