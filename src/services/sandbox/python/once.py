"""
A unit for one run inside walls that somebody else has built (bubblewrap, a container) or that are not there (the weak backend): talks
over its standard input and output, makes no namespaces, and ends after its answer.
"""

import os
import shutil
import sys
import tempfile

import broker
import confine
import frames
import kernel
import program
import reaper
import scripts


# The walls set some of their own.
_VARIABLES = {"PATH", "HOME", "TMPDIR", "LANG", "TZ", "PYTHONHASHSEED"}


class Pipes:
    """Standard input and output as the one connection that everything else expects; nobody else gets to hold them."""

    def __init__(self):
        self.input, self.output = os.dup(0), os.dup(1)
        nothing = os.open("/dev/null", os.O_RDWR)
        os.dup2(nothing, 0)
        os.dup2(nothing, 1)

    def recv(self, size):
        return os.read(self.input, size)

    def sendall(self, data):
        view = memoryview(data)
        while view:
            view = view[os.write(self.output, view):]

    def fileno(self):
        return self.input


def main():
    connection = Pipes()
    sys.argv[:] = [""]
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = [""]
    scripts.fresh_main()
    confine.in_namespaces = False
    for name in set(os.environ) - _VARIABLES:
        del os.environ[name]
    # Its memory is closed to other processes of the same user.
    kernel.forbid_dumps()
    kernel.adopt_orphans()
    top = tempfile.tempdir = tempfile.mkdtemp(prefix="sluice-")
    try:
        order = frames.receive(connection)
        if order["role"] == "program":
            work = order.get("work") or tempfile.mkdtemp(prefix="work-")
            program.Program(connection, order, work, None).run()
        else:
            broker.Broker(connection, None).serve()
    except frames.Closed:
        pass
    except OSError as error:
        frames.send(connection, {"infrastructure": "%s: %s" % (type(error).__name__, error)})
    finally:
        reaper.kill_all()
        shutil.rmtree(top, ignore_errors=True)
        os._exit(0)
