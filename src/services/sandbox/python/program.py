"""The guard of one program: first process of its namespace, watches output, time and what is opened, and brings back the files."""

import base64
import os
import re
import select
import signal
import stat
import struct
import time
# `os.execvpe` asks for it, in some versions when the library is out of sight.
import warnings  # noqa: F401

import confine
import frames
import jail
import kernel
import reaper

_WORK = "/work"
_IN_OPEN, _IN_ISDIR, _IN_Q_OVERFLOW = 0x20, 0x40000000, 0x4000
_MOST_WATCHES = 20000


def guard(connection, order):
    """Inside fresh namespaces, with the host's mounts still there. Sends the result, then each file, then the end."""
    limits = order["limits"]
    size = "mode=700,size=%d,nr_inodes=%d" % (limits["scratchBytes"], limits["scratchFiles"] + 1)
    tree, hidden = jail.system_tree()
    for prefix in order["prefixes"]:
        tree[prefix] = prefix
    mounts = []
    for source, target in order["mounts"]:
        try:
            mounts.append((target, os.open(source, os.O_PATH | os.O_CLOEXEC), os.path.isdir(source)))
        except OSError as error:
            frames.send(connection, {"unreadable": "%s cannot be mounted: %s" % (source, error.strerror)})
            return
    jail.enter(tree, hidden, proc=True, writable=((_WORK, size), ("/tmp", size), ("/dev/shm", size)), after=lambda root: _mount(root, mounts))
    kernel.become_user()
    kernel.die_with_parent()
    kernel.drop_bounding_set()
    for (source, target), _ in zip(order["mounts"], mounts):
        closed = _first_unreadable(target)
        if closed is not None:
            frames.send(connection, {"unreadable": "%s of the mount %s cannot be read by the sandbox's user" % (closed, source)})
            return
    watch = Watch([target for target, _, _ in mounts]) if mounts else None
    Program(connection, order, _WORK, watch).run()


def _mount(root, mounts):
    """Read-only, and where the kernel can, as an overlay: then what is opened here is told apart from what others open."""
    os.makedirs(root + "/.empty", exist_ok=True)
    for target, fd, is_folder in mounts:
        jail._make_place(root + target, is_folder)
        source = "/proc/self/fd/%d" % fd
        try:
            if not is_folder:
                raise OSError
            kernel.mount("mount", root + target, "overlay", kernel.MS_RDONLY | kernel.MS_NOSUID | kernel.MS_NODEV, "lowerdir=%s:%s,userxattr" % (source, root + "/.empty"))
        except OSError:
            kernel.bind_read_only(source, root + target)
        os.close(fd)


def _first_unreadable(target):
    """As root, sandboxes belong to nobody: what only root may read would look like missing data."""
    if not os.path.isdir(target):
        return None if os.access(target, os.R_OK) else target
    if not os.access(target, os.R_OK | os.X_OK):
        return target
    for folder, folders, names in os.walk(target):
        for name in folders:
            if not os.access(os.path.join(folder, name), os.R_OK | os.X_OK):
                return os.path.join(folder, name)
        for name in names:
            path = os.path.join(folder, name)
            if os.path.isfile(path) and not os.access(path, os.R_OK):
                return path
    return None


class Watch:
    """Which files below the mounts are opened, by inotify."""

    def __init__(self, targets):
        self.fd = kernel.libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        self.places = {}
        self.opened = set()
        self.is_whole = self.fd >= 0
        for target in targets:
            if not os.path.isdir(target):
                self._add(target)
            for folder, _, _ in os.walk(target):
                self._add(folder)

    def _add(self, path):
        number = -1
        if self.fd >= 0 and len(self.places) < _MOST_WATCHES:
            number = kernel.libc.inotify_add_watch(self.fd, os.fsencode(path), _IN_OPEN)
        if number < 0:
            self.is_whole = False
        else:
            self.places[number] = path

    def read(self):
        try:
            data = os.read(self.fd, 1 << 16)
        except OSError:
            return
        at = 0
        while at < len(data):
            number, mask, _, length = struct.unpack_from("iIII", data, at)
            name = data[at + 16 : at + 16 + length].rstrip(b"\0")
            at += 16 + length
            if mask & _IN_Q_OVERFLOW:
                self.is_whole = False
            elif not mask & _IN_ISDIR:
                folder = self.places.get(number, "")
                self.opened.add(os.path.join(folder, os.fsdecode(name)) if name else folder)

    def result(self):
        self.read()
        return sorted(self.opened) if self.is_whole or self.opened else None


class Program:
    def __init__(self, connection, order, work, watch):
        self.connection, self.order, self.work, self.watch = connection, order, work, watch
        self.limits = order["limits"]
        self.output = {"stdout": bytearray(), "stderr": bytearray()}
        self.reason = None

    def run(self):
        os.chdir(self.work)
        for path, content in self.order["files"].items():
            place = os.path.normpath(os.path.join(self.work, path))
            if not place.startswith(self.work + "/"):
                frames.send(self.connection, {"infrastructure": "the file %s lies outside of the working folder" % path})
                return
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "wb") as file:
                file.write(base64.b64decode(content))
        self.before = dict(_files(self.work))
        started = time.monotonic()
        status, usage = self._watch_over(self._start(), started)
        reaper.kill_all()
        frames.send(self.connection, self._result(status, usage, started))
        self._send_files()
        frames.send(self.connection, {"end": True})

    def _start(self):
        self.pipes = {name: os.pipe() for name in self.output}
        stdin = _input(self.order["stdin"])
        pid = os.fork()
        if pid != 0:
            os.close(stdin)
            for _, write in self.pipes.values():
                os.close(write)
            return pid
        try:
            os.setsid()
            os.dup2(stdin, 0)
            os.dup2(self.pipes["stdout"][1], 1)
            os.dup2(self.pipes["stderr"][1], 2)
            kernel.close_from(3)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            seconds = 5 + int(self.order["deadlineMs"] / 1000) * (os.cpu_count() or 1)
            confine.shed(kernel.rlimits(self.limits, seconds))
            env = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": self.work, "TMPDIR": "/tmp", "LANG": "C.UTF-8", "TZ": "UTC"}
            env.update(self.order["env"])
            os.execvpe(self.order["argv"][0], self.order["argv"], env)
        except BaseException as error:
            os.write(2, ("%s: %s\n" % (self.order["argv"][0], error)).encode())
        os._exit(127)

    def _watch_over(self, pid, started):
        ended = kernel.pidfd_open(pid)
        poll = select.poll()
        names = {read: name for name, (read, _) in self.pipes.items()}
        for fd in (ended, *names):
            poll.register(fd, select.POLLIN)
        poll.register(self.connection, select.POLLIN | select.POLLRDHUP)
        if self.watch is not None and self.watch.fd >= 0:
            poll.register(self.watch.fd, select.POLLIN)
        hint, deadline = self.order["stopHint"], self.order["deadlineMs"]
        while True:
            past = (time.monotonic() - started) * 1000
            if hint is not None and past >= hint["afterMs"]:
                self._tell_to_stop(pid, hint["file"])
                hint = None
            if past >= deadline and self.reason is None:
                self.reason = "deadline"
                os.kill(pid, signal.SIGKILL)
            next_event = min(deadline, hint["afterMs"]) if hint is not None else deadline
            for fd, _ in poll.poll(max(1, next_event - past + 1) if self.reason is None else 1000):
                if fd in names:
                    if not self._take(names[fd], fd):
                        poll.unregister(fd)
                elif fd == self.connection.fileno():
                    raise frames.Closed
                elif self.watch is not None and fd == self.watch.fd:
                    self.watch.read()
                elif fd == ended:
                    _, status, usage = os.wait4(pid, 0)
                    reaper.kill_all()
                    for read, name in names.items():
                        while select.select([read], [], [], 0)[0] and self._take(name, read):
                            pass
                    return status, usage
            if self.reason == "output_limit":
                os.kill(pid, signal.SIGKILL)

    def _take(self, name, fd):
        piece = os.read(fd, 1 << 16)
        room = self.limits["outputBytes"] - sum(len(kept) for kept in self.output.values())
        self.output[name] += piece[:room]
        if len(piece) > room and self.reason is None:
            self.reason = "output_limit"
        return bool(piece) and self.reason != "output_limit"

    def _tell_to_stop(self, pid, name):
        try:
            with open(os.path.join(self.work, os.path.basename(name)), "x"):
                pass
        except OSError:
            pass
        self.before[os.path.basename(name)] = None
        os.kill(pid, signal.SIGTERM)

    def _result(self, status, usage, started):
        number = status & 127
        ended = self.reason or "exit"
        if self.reason is None and number == signal.SIGSYS:
            ended = "policy_violation"
        elif self.reason is None and number == signal.SIGXCPU:
            ended = "cpu"
        elif self.reason is None and number == signal.SIGKILL:
            ended = "memory"
        elif self.reason is None and status != 0:
            space = os.statvfs(self.work)
            if space.f_bavail * space.f_bsize < 1 << 16 or space.f_favail == 0:
                ended = "scratch_full"
        return {
            "ended": ended,
            "code": None if number else status >> 8,
            "signal": signal.Signals(number).name if number else None,
            **{name: base64.b64encode(bytes(kept)).decode() for name, kept in self.output.items()},
            **{name + "Bytes": len(kept) for name, kept in self.output.items()},
            "opened": self.watch.result() if self.watch is not None else None,
            "cpuMs": (usage.ru_utime + usage.ru_stime) * 1000,
            "wallMs": (time.monotonic() - started) * 1000,
            "peakBytes": usage.ru_maxrss * 1024,
        }

    def _send_files(self):
        globs = self.order["globs"]
        patterns = None if globs is None else [to_pattern(glob) for glob in globs]
        count, total = 0, 0
        for path, state in sorted(_files(self.work)):
            if path in self.before and self.before[path] in (state, None):
                continue
            if patterns is not None and not any(pattern.fullmatch(path) for pattern in patterns):
                continue
            file = {"path": path.encode("utf-8", "replace").decode(), "change": "changed" if path in self.before else "new"}
            reason, content = None, b""
            count += 1
            if not stat.S_ISREG(state[0]):
                reason = "not-a-file"
            elif count > self.order["maxFiles"]:
                reason = "too-many"
            elif total + state[1] > self.order["maxBytes"]:
                reason = "too-large"
            else:
                try:
                    fd = os.open(os.path.join(self.work, path), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                    with os.fdopen(fd, "rb") as opened:
                        content = opened.read(self.order["maxBytes"] - total + 1)
                except OSError:
                    reason = "unreadable"
            total += len(content)
            frames.send(self.connection, {**file, "reason": reason} if reason else {**file, "content": base64.b64encode(content).decode()})


def _files(root):
    """Everything below that is no folder, with what tells whether it was changed. Links are not followed."""
    for folder, folders, names in os.walk(root):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        for name in names + links:
            path = os.path.join(folder, name)
            try:
                state = os.lstat(path)
            except OSError:
                continue
            yield os.path.relpath(path, root), (state.st_mode, state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino)


def to_pattern(glob):
    """`**` crosses folders, `*` and `?` do not; `{a,b}` is either."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?|\{[^{}]*\})", glob)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    either = lambda part: "(?:%s)" % "|".join(re.escape(word) for word in part[1:-1].split(","))
    return re.compile("".join(known.get(p) or (either(p) if p.startswith("{") else re.escape(p)) for p in parts))


def _input(text):
    fd = os.memfd_create("stdin") if hasattr(os, "memfd_create") else kernel.libc.memfd_create(b"stdin", 0)
    data = text.encode("utf-8", "surrogateescape")
    while data:
        data = data[os.write(fd, data):]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
