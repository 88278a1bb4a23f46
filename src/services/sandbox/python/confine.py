"""The walls around one process: namespaces, scratch, limits, no privileges, the filter. What comes after cannot be undone."""

import os
import tempfile

import callfilter
import kernel

# False where the walls around the whole unit are somebody else's, or nobody's.
in_namespaces = True


def confine(limits, cpu_seconds):
    """Scratch is /tmp, empty, and the working folder."""
    if not in_namespaces:
        os.chdir(tempfile.mkdtemp(prefix="run-"))
        os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = os.getcwd()
        return shed(limits, cpu_seconds)
    kernel.unshare(kernel.NEWNS | kernel.NEWIPC | kernel.NEWUTS)
    options = "mode=700,size=%d,nr_inodes=%d" % (limits["scratchBytes"], limits["scratchFiles"] + 1)
    kernel.mount("scratch", "/tmp", "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)
    os.chdir("/tmp")
    shed(limits, cpu_seconds)


def shed(limits, cpu_seconds):
    """Limits and privileges only: the mounts are as they should be."""
    kernel.limit(limits, cpu_seconds)
    kernel.drop_capabilities()
    kernel.no_new_privileges()
    callfilter.install(None if in_namespaces else os.getpid())
