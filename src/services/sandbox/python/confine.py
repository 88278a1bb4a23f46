"""The walls around one process: scratch, limits, no privileges, the filter. What comes after cannot be undone."""

import fcntl
import os
import resource
import time

import callfilter
import kernel

# False where the walls around the whole unit are somebody else's, or nobody's.
in_namespaces = True

_SCRATCH = "/tmp"
_GET_FLAGS = 0x80086601
_CLOCK_REALTIME_COARSE = 5


class Scratch:
    """
    The empty folder of one run after another, of one file system as long as nothing shows that a run has touched it; else of a
    new one. That no file of a run without a name takes a number from it is the filter's doing.
    """

    def __init__(self):
        kernel.unshare(kernel.NEWNS)
        self.made = None

    def prepare(self, limits):
        """Call it before each run, while nobody of the run before is left."""
        options = _options(limits)
        if self.made is not None:
            if self.made == (options, _traces()):
                return
            kernel.umount(_SCRATCH)
        _mount_scratch(options, kernel.MS_NOATIME)
        _let_the_tick_pass()
        self.made = options, _traces()


def _let_the_tick_pass():
    """
    Until a change would move the times. Kernels before 6.13 take them from a clock that ticks every 1 to 10 ms, and a file that
    is made and removed within the tick of the mount would show in nothing but the number of the next.
    """
    seen = set()
    for _ in range(3):
        os.chmod(_SCRATCH, 0o700)
        seen.add(os.stat(_SCRATCH).st_ctime_ns)
    if len(seen) < 3:
        while time.clock_gettime_ns(_CLOCK_REALTIME_COARSE) <= max(seen):
            time.sleep(0.0005)


def _traces():
    """All that a run can change without being there any more: entries, mode, times, attributes and flags."""
    try:
        seen = os.stat(_SCRATCH)
        fd = os.open(_SCRATCH, os.O_RDONLY | os.O_DIRECTORY)
        try:
            flags = fcntl.ioctl(fd, _GET_FLAGS, bytes(8))
            entries = os.listdir(fd)
        finally:
            os.close(fd)
        times = seen.st_ctime_ns, seen.st_mtime_ns, seen.st_atime_ns
        return times, seen.st_mode, seen.st_uid, seen.st_gid, flags, entries, os.listxattr(_SCRATCH)
    except OSError:
        # Equal to nothing, not even itself: a file system that cannot tell is made anew each time.
        return object()


def _options(limits):
    return "mode=700,size=%d,nr_inodes=%d" % (limits["scratchBytes"], limits["scratchFiles"] + 1)


def _mount_scratch(options, flags=0):
    kernel.mount("scratch", _SCRATCH, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV | flags, options)


def confine(limits, rlimits):
    """With a scratch of its own: /tmp, empty, and the working folder."""
    if in_namespaces:
        kernel.unshare(kernel.NEWNS)
        _mount_scratch(_options(limits))
        os.chdir(_SCRATCH)
    else:
        import tempfile

        os.chdir(tempfile.mkdtemp(prefix="run-"))
        os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = os.getcwd()
    shed(rlimits)


def confine_in_scratch(rlimits):
    """In the scratch that was prepared for this run."""
    os.chdir(_SCRATCH)
    shed(rlimits)


def shed(rlimits):
    """Limits and privileges only: the mounts are as they should be."""
    for name, pair in rlimits:
        resource.setrlimit(name, pair)
    kernel.drop_capabilities()
    kernel.no_new_privileges()
    callfilter.install(None if in_namespaces else os.getpid())
