"""
The small process that every sandbox comes from: started early, it forks one warm unit (or one program's guard) a connection, so
that none is ever forked from a large process. It ends, with everything below it, when its standard input does.
"""

import gc
import json
import os
import select
import signal
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# What solutions commonly import, so that it is there already. Each fork pays for what is here; the rest is imported when asked for.
import abc, bisect, builtins, cmath, collections, collections.abc, copy, datetime, decimal, enum, fractions, functools, hashlib  # noqa: E401,F401
import heapq, io, itertools, math, numbers, operator, re, string, time, types, typing  # noqa: E401,F401

import broker
import frames
import jail
import kernel
import program
import scripts

sys.path.pop(0)


def main():
    address = sys.argv[1]
    os.environ.pop("LD_BIND_NOW", None)
    os.setsid() if os.getpgrp() != os.getpid() else None
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _be_first_to_die()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(b"\0" + address.encode())
    listener.listen(64)
    gc.collect()
    gc.freeze()
    version = "%s %d.%d.%d" % (sys.implementation.name, *sys.version_info[:3])
    os.write(1, (json.dumps({"interpreter": version, "machine": kernel.MACHINE}) + "\n").encode())
    poll = select.poll()
    poll.register(0, select.POLLIN | select.POLLHUP)
    poll.register(listener, select.POLLIN)
    while True:
        for fd, _ in poll.poll():
            if fd == 0:
                if not os.read(0, 4096):
                    os._exit(0)
            else:
                _accept(listener)


def _accept(listener):
    connection, _ = listener.accept()
    # Whoever is not the same user (or root) has no business here.
    pid, uid, _ = __import__("struct").unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    if uid in (os.getuid(), 0):
        if os.fork() == 0:
            try:
                listener.close()
                _guard(connection)
            finally:
                os._exit(1)
    connection.close()


def _guard(connection):
    """Enters the namespaces, forks their first process, and waits for it."""
    kernel.die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.close(0)
    os.open("/dev/null", os.O_RDWR)
    os.dup2(0, 1)
    try:
        first = frames.receive(connection)
        flags = kernel.NEWNS | kernel.NEWPID | kernel.NEWNET | kernel.NEWIPC | kernel.NEWUTS | kernel.NEWCGROUP
        kernel.enter_namespaces(flags)
    except frames.Closed:
        return
    except (OSError, kernel.Unsupported) as error:
        frames.send(connection, {"unsupported": "%s" % error})
        return
    pid = os.fork()
    if pid != 0:
        connection.close()
        _, status = os.waitpid(pid, 0)
        os._exit(status >> 8)
    kernel.die_with_parent()
    socket.sethostname("sandbox")
    try:
        if first["role"] == "program":
            program.guard(connection, first)
        else:
            _unit(connection)
    except frames.Closed:
        pass
    except (OSError, kernel.Unsupported) as error:
        try:
            frames.send(connection, {"unsupported": "%s: %s" % (type(error).__name__, error)})
        except frames.Closed:
            pass
    os._exit(0)


def _unit(connection):
    own_processes = os.open("/proc/self/ns/pid", os.O_RDONLY)
    # How and where we were started is nobody's business inside.
    sys.argv[:] = [""]
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = [""]
    scripts.fresh_main()
    tree, hidden = jail.interpreter_tree()
    jail.enter(tree, hidden)
    kernel.become_user()
    # Lost when users changed.
    kernel.die_with_parent()
    gc.freeze()
    broker.Broker(connection, own_processes).serve()


def _be_first_to_die():
    """Where memory runs out, the system takes a sandbox and not the run."""
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
    except OSError:
        pass


main()
