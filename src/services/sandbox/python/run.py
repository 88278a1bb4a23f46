"""
One candidate at work, as the broker sees it: from the order to the zygote to how it ended. While the broker waits for anything, its
processor time and its output are held to their limits from here.
"""

import os
import select
import signal
import socket
import time

import frames
import kernel
import zygote
from outcome import Infrastructure

# Beyond a limit of processor time, before the clock is looked at.
_GRACE_MS = 3
# While nothing happens, how often it is looked at least.
_LOOK_MS = 1000
_PIECE = 1 << 16
_KEPT_TROUBLE = 300
GONE = ("gone", "")
NO_END = "no end within the wall limit"
NOT_OURS = ("forged", "its words are none of ours")


class Deserted(Exception):
    """Nobody waits for the answer, or nobody is left to fork: this unit is of no use any more."""


class Run:
    def __init__(self, forks, outside, limits, order, stdin=None, keeps_output=False):
        """
        `forks` is the zygote's socket, `outside` the one of whoever waits for the run, `order` what the candidate is to do.
        @raises Deserted
        """
        self.order = order
        self.forks, self.outside, self.limits, self.keeps_output = forks, outside, limits, keeps_output
        self.pid = self.reason = None
        self.used, self.written, self.output, self.said = 0.0, 0, [], b""
        self.is_over = False
        self.started = frames.monotonic_ms()
        self.deadline = self.started + limits["wallMs"]
        self.look_at = self.started + limits["cpuMs"] + _GRACE_MS
        self.channel, theirs = socket.socketpair()
        self.out, out_write = os.pipe()
        self.errors, error_write = os.pipe()
        for fd in (self.out, self.errors):
            # Others may read from it too, where they see /proc.
            os.set_blocking(fd, False)
        given = [theirs.detach(), out_write, error_write] + ([] if stdin is None else [_readable(stdin)])
        try:
            frames.send(forks, limits, given)
        except frames.Closed:
            raise Deserted from None
        finally:
            for fd in given:
                os.close(fd)

    def __enter__(self):
        try:
            self._tell(self.order)
        except (frames.Closed, TimeoutError):
            # It could not be set up: its end will tell.
            pass
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        try:
            if not self.is_over:
                self.end()
        finally:
            self.channel.close()
            os.close(self.out)
            os.close(self.errors)

    # ---- waiting -------------------------------------------------------------------------------------------------

    def wait(self, fd, deadline=None, event=select.POLLIN):
        """
        Whether `fd` has something to read before the deadline, by `frames.monotonic_ms`, or else within the limit of the wall.
        @raises Deserted, Infrastructure
        """
        poll = select.poll()
        poll.register(fd, event)
        poll.register(self.outside, select.POLLIN | select.POLLRDHUP)
        for out in (self.out, self.errors):
            poll.register(out, select.POLLIN)
        while True:
            now = frames.monotonic_ms()
            # However fast things come.
            if now >= self.look_at:
                self._look(now)
            left = (self.deadline if deadline is None else deadline) - now
            if left <= 0 and deadline is None:
                return False
            ready = [found for found, _ in poll.poll(max(0, min(left, self.look_at - now)))]
            if self.outside.fileno() in ready:
                # Nobody waits for this run any more.
                raise Deserted
            for out in (self.out, self.errors):
                if out in ready and not self._hear(out):
                    poll.unregister(out)
            if fd in ready:
                return True
            if left <= 0:
                return False

    def has_ended(self, deadline=None):
        self._know()
        return self.wait(self.forks.fileno(), deadline)

    def has_ended_within(self, ms):
        return self.has_ended(frames.monotonic_ms() + ms)

    def words(self, count, largest=1 << 20):
        """The candidate's next frames, as many as came, and what kept the rest from coming: status and detail, or None."""
        words = []
        try:
            while len(words) < count:
                words.append(frames.decode(self._exactly(frames.size_of(self._exactly(frames.HEAD), largest))))
        except TimeoutError:
            return words, ("timeout_wall", NO_END)
        except frames.Closed:
            return words, GONE
        except frames.Malformed:
            return words, NOT_OURS
        return words, None

    def answer_to(self, order):
        """As `words`, of one, after it was told this."""
        try:
            self._tell(order)
        except TimeoutError:
            return [], ("timeout_wall", NO_END)
        except frames.Closed:
            return [], GONE
        return self.words(1)

    def has_more_words(self):
        """Once it has ended."""
        try:
            return self.channel.recv(1, socket.MSG_DONTWAIT) != b""
        except OSError:
            return False

    def _tell(self, order):
        left = memoryview(frames.pack(order))
        while left:
            try:
                left = left[self.channel.send(left, socket.MSG_DONTWAIT):]
            except BlockingIOError:
                if not self.wait(self.channel.fileno(), None, select.POLLOUT):
                    raise TimeoutError from None
            except OSError:
                raise frames.Closed from None

    def _exactly(self, size):
        buffer = bytearray()
        while len(buffer) < size:
            if not self.wait(self.channel.fileno()):
                raise TimeoutError
            try:
                piece = self.channel.recv(min(size - len(buffer), _PIECE), socket.MSG_DONTWAIT)
            except BlockingIOError:
                # Something came, but not in the stream.
                raise frames.Malformed("out of band") from None
            except OSError:
                piece = b""
            if not piece:
                raise frames.Closed
            buffer += piece
        return bytes(buffer)

    # ---- limits --------------------------------------------------------------------------------------------------

    def _hear(self, fd):
        """@returns False at the end of the output"""
        try:
            piece = os.read(fd, _PIECE)
        except BlockingIOError:
            return True
        self.written += len(piece)
        self.said = self.said or piece[:_KEPT_TROUBLE]
        if self.written > self.limits["outputBytes"]:
            self._stop("output_limit")
        elif self.keeps_output and fd == self.out:
            self.output.append(piece)
        return bool(piece)

    def _look(self, now):
        self._know()
        try:
            self.used = time.clock_gettime((~self.pid << 3) | 2) * 1000.0
        except OSError:
            # It has ended.
            pass
        self.look_at = now + min(_LOOK_MS, max(_GRACE_MS, self.limits["cpuMs"] - self.used + _GRACE_MS))
        if self.used > self.limits["cpuMs"]:
            self._stop("timeout_cpu")

    def _stop(self, reason):
        self._know()
        self.reason = self.reason or reason
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass

    # ---- the zygote's words --------------------------------------------------------------------------------------

    def _know(self):
        """Its number; the zygote says it right after the fork."""
        if self.pid is not None:
            return
        self.pid = self._told(zygote.FORKED)[0]
        if self.pid == 0:
            self.is_over = True
            raise Infrastructure(frames.receive(self.forks))

    def _told(self, form):
        try:
            return form.unpack(frames.exactly(self.forks, form.size))
        except frames.Closed:
            raise Deserted from None

    def end(self):
        """The candidate's end, whether or not it has come by itself, and what it used. @raises Deserted, Infrastructure"""
        if not self.has_ended_within(0):
            self._stop("done")
        status, seconds, peak = self._told(zygote.ENDED)
        self.is_over = True
        used = max(seconds * 1000.0, self.used)
        if used > self.limits["cpuMs"] + _GRACE_MS and self.reason in (None, "done"):
            self.reason = "timeout_cpu"
        code = (status >> 8) & 255
        if (self.keeps_output and self.reason is None) or code == zygote.NOT_SET_UP:
            self._hear_the_rest()
        return {
            "reason": self.reason,
            "signal": status & 127,
            "code": code,
            "cpuMs": used,
            "wallMs": frames.monotonic_ms() - self.started,
            "peakBytes": peak,
            # Only asked for where the candidate has said nothing yet.
            "said": self.said.decode("utf-8", "replace"),
            "output": b"".join(self.output),
        }

    def _hear_the_rest(self):
        for fd in (self.out, self.errors):
            poll = select.poll()
            poll.register(fd, select.POLLIN)
            while self.reason is None and poll.poll(0) and self._hear(fd):
                pass


def _readable(data):
    """A descriptor to read it from; nothing is left on any disk."""
    if not data:
        return os.open("/dev/null", os.O_RDONLY)
    fd = os.memfd_create("stdin") if hasattr(os, "memfd_create") else kernel.libc.memfd_create(b"stdin", 0)
    while data:
        data = data[os.write(fd, data):]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
