"""The root that sandboxed processes see: a read-only tree of what the interpreter needs, or of what programs need. No home, no /proc of the host."""

import os
import sys

import kernel

_DEVICES = ("null", "zero", "full", "random", "urandom")
_LIBRARIES = ("/lib/%s-linux-gnu", "/usr/lib/%s-linux-gnu", "/lib64", "/usr/lib64")
_HIDDEN = ("site-packages", "dist-packages", "test")


def interpreter_tree():
    """Standard library, shared libraries and time zones of this interpreter, by place."""
    stdlib = os.path.dirname(os.__file__)
    folders = [stdlib] + [path for path in sys.path if path.endswith("lib-dynload") and not path.startswith(stdlib + "/")]
    folders += [pattern.replace("%s", kernel.MACHINE) for pattern in _LIBRARIES]
    folders += ["/etc/ld.so.cache", "/usr/share/zoneinfo"]
    return {folder: folder for folder in folders if os.path.exists(folder)}, [os.path.join(stdlib, name) for name in _HIDDEN]


def system_tree():
    """What programs of the machine need: its software, not its data."""
    folders = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ld.so.cache", "/etc/alternatives", "/etc/ssl/certs", "/opt/hostedtoolcache"]
    return {folder: folder for folder in folders if os.path.exists(folder)}, []


def enter(tree, hidden, proc=False, writable=(), after=None):
    """
    Mounts `tree` (place inside -> source outside) below a new root and moves there. Call it in fresh namespaces, before
    `become_user`. `writable`: folders with a tmpfs, with its options. `after(root)` may mount more.
    """
    kernel.mount(None, "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    # As whoever we are outside: afterwards a home of root's is closed to us.
    places = dict(tree)
    for device in _DEVICES:
        places["/dev/" + device] = "/dev/" + device
    links = {}
    opened = []
    for inside in sorted(places):
        source = places[inside]
        if os.path.islink(source) and inside == source:
            links[inside] = os.readlink(source)
        else:
            opened.append((inside, os.open(source, os.O_PATH | os.O_CLOEXEC), os.path.isdir(source)))
    kernel.become_user()
    root = "/tmp"
    kernel.mount("root", root, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755,size=1m")
    for inside, target in links.items():
        os.makedirs(os.path.dirname(root + inside), exist_ok=True)
        if not os.path.lexists(root + inside):
            os.symlink(target, root + inside)
    for inside, fd, is_folder in opened:
        _make_place(root + inside, is_folder)
        if inside.startswith("/dev/"):
            # Devices can be written to all the same; their times cannot.
            kernel.bind_read_only("/proc/self/fd/%d" % fd, root + inside, devices=True)
        else:
            kernel.bind_read_only("/proc/self/fd/%d" % fd, root + inside)
        os.close(fd)
    for folder in hidden:
        if os.path.isdir(root + folder):
            kernel.mount("hidden", root + folder, "tmpfs", kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV, "size=4k")
    for folder, options in writable:
        os.makedirs(root + folder, exist_ok=True)
        kernel.mount("scratch", root + folder, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)
    os.makedirs(root + "/tmp", exist_ok=True)
    if after is not None:
        after(root)
    if proc:
        os.makedirs(root + "/proc", exist_ok=True)
        try:
            kernel.mount("proc", root + "/proc", "proc", kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC)
        except OSError:
            # Inside containers with parts of /proc masked. Programs do without.
            pass
    kernel.mount(None, root, None, kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV)
    kernel.pivot_root(root)


def _make_place(path, is_folder):
    if os.path.lexists(path):
        return
    os.makedirs(path if is_folder else os.path.dirname(path), exist_ok=True)
    if not is_folder:
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))
