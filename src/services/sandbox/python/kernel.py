"""System calls that Python's os module lacks, through ctypes: namespaces, mounts, capabilities, limits. Unaware of what is run."""

import ctypes
import os
import resource
import signal

NEWNS, NEWCGROUP, NEWUTS, NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
NEWUSER, NEWPID, NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_NOATIME = 1, 2, 4, 8, 1024
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 32, 4096, 16384, 1 << 18
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
MACHINE = os.uname().machine
# pivot_root, close_range, pidfd_open, mount_setattr
_NUMBERS = {
    "x86_64": (155, 436, 434, 442),
    "aarch64": (41, 436, 434, 442),
}
_PIVOT_ROOT, _CLOSE_RANGE, _PIDFD_OPEN, _MOUNT_SETATTR = _NUMBERS.get(MACHINE, (-1, -1, -1, -1))

libc = ctypes.CDLL(None, use_errno=True)
libc.mount.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p]
libc.prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
libc.syscall.restype = ctypes.c_long
_unshare, _setns, _prctl, _capset = libc.unshare, libc.setns, libc.prctl, libc.capset
_fork = ctypes.PyDLL(None, use_errno=True).fork


class Unsupported(Exception):
    """This machine cannot give what a strong sandbox needs; the text says what."""


def _check(result, what):
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, "%s: %s" % (what, os.strerror(number)))
    return result


def bare_fork():
    """
    A fork without Python's own housekeeping (locks of other threads, `random`, `threading`, `logging`), which dirties some 200
    pages, most of what a fork costs. Only for a process of one thread; `random`, where it is imported, goes on with the same numbers.
    """
    return _check(_fork(), "fork")


_WHY = {1: "user namespaces are not allowed here", 28: "no user namespaces are left here"}


def unshare(flags):
    try:
        _check(_unshare(flags), "unshare")
    except OSError as error:
        if flags & NEWUSER and error.errno in _WHY:
            raise Unsupported(_WHY[error.errno]) from None
        raise


def setns(fd, flags):
    _check(_setns(fd, flags), "setns")


def mount(source, target, kind=None, flags=0, data=None):
    encode = lambda text: None if text is None else os.fsencode(text)
    _check(libc.mount(encode(source), encode(target), encode(kind), flags, encode(data)), "mount %s" % target)


def umount(target):
    _check(libc.umount2(os.fsencode(target), MNT_DETACH), "umount")


def bind_read_only(source, target, devices=False):
    """Everything below `source`, also what is mounted there, as it is and read-only, without set-uid bits, and devices unless told."""
    no_devices = 0 if devices else MS_NODEV
    mount(source, target, None, MS_BIND | MS_REC)

    class Attr(ctypes.Structure):
        _fields_ = [("set", ctypes.c_uint64), ("clear", ctypes.c_uint64), ("propagation", ctypes.c_uint64), ("ns", ctypes.c_uint64)]

    attr = Attr(MS_RDONLY | MS_NOSUID | no_devices, 0, 0, 0)
    done = libc.syscall(_MOUNT_SETATTR, -100, os.fsencode(target), 0x8000, ctypes.byref(attr), ctypes.sizeof(attr))
    if done == 0:
        return
    # Before Linux 5.12: the top mount alone, with the flags that it already has, which a user namespace may not take off.
    kept = os.statvfs(target).f_flag & (MS_NOSUID | MS_NODEV | MS_NOEXEC | 1024 | 2048)
    mount(None, target, None, MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | no_devices | kept)


def pivot_root(root):
    """Makes `root` the root and lets go of the old one."""
    os.chdir(root)
    _check(libc.syscall(_PIVOT_ROOT, b".", b"."), "pivot_root")
    umount(".")
    os.chdir("/")


def close_from(lowest):
    if libc.syscall(_CLOSE_RANGE, lowest, 0xFFFFFFFF, 0) != 0:
        os.closerange(lowest, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


def pidfd_open(pid):
    return _check(libc.syscall(_PIDFD_OPEN, pid, 0), "pidfd_open")


def die_with_parent():
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def forbid_dumps():
    _prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)


def adopt_orphans():
    _prctl(36, 1, 0, 0, 0)


def drop_bounding_set():
    for capability in range(64):
        if _prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            return


class _CapHeader(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("pid", ctypes.c_int)]


_CAP_HEADER = _CapHeader(0x20080522, 0)
_NO_CAPABILITIES = (ctypes.c_uint32 * 6)()


def drop_capabilities():
    _check(_capset(ctypes.byref(_CAP_HEADER), _NO_CAPABILITIES), "capset")


def no_new_privileges():
    _check(_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")


def rlimits(limits, cpu_seconds):
    """What one process and its children are held to. Processor seconds are a backstop: the clock is read from outside."""
    wanted = (
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_AS, limits["memoryBytes"]),
        (resource.RLIMIT_FSIZE, limits["fileBytes"]),
        (resource.RLIMIT_NOFILE, limits["openFiles"]),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_MSGQUEUE, 0),
        (resource.RLIMIT_MEMLOCK, 0),
        (resource.RLIMIT_SIGPENDING, 1024),
    )
    held = []
    for name, value in wanted:
        hard = resource.getrlimit(name)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        held.append((name, (value, value)))
    return held


def enter_namespaces(flags):
    """
    Leaves the host's namespaces and becomes an ordinary user of a new user namespace; the mounts are still the host's, private.
    As root, that user is not root outside either. Call `become_user` when what only the outer user may read has been mounted.
    """
    uid, gid = os.geteuid(), os.getegid()
    outer_uid, outer_gid = (65534, 65534) if uid == 0 else (uid, gid)
    if uid != 0:
        unshare(NEWUSER | flags)
        _write("/proc/self/setgroups", "deny")
        _write("/proc/self/uid_map", "1000 %d 1" % outer_uid)
        _write("/proc/self/gid_map", "1000 %d 1" % outer_gid)
        return
    # Only somebody outside may map users other than the caller.
    ready_in, ready_out = os.pipe()
    target = os.getpid()
    helper = os.fork()
    if helper == 0:
        code = 1
        try:
            os.close(ready_out)
            if os.read(ready_in, 1) == b"1":
                _write("/proc/%d/uid_map" % target, "1000 %d 1" % outer_uid)
                _write("/proc/%d/gid_map" % target, "1000 %d 1" % outer_gid)
                code = 0
        finally:
            os._exit(code)
    os.close(ready_in)
    try:
        unshare(NEWUSER | flags)
        os.write(ready_out, b"1")
    finally:
        os.close(ready_out)
        _, status = os.waitpid(helper, 0)
    if status != 0:
        raise Unsupported("users cannot be mapped into a new user namespace")


def become_user():
    if os.getresuid() == (1000, 1000, 1000):
        return
    os.setgroups([])
    os.setresgid(1000, 1000, 1000)
    os.setresuid(1000, 1000, 1000)


def _write(path, text):
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)
