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


class Deserted(Exception):
    """Nobody waits for the answer, or nobody is left to fork: this unit is of no use any more."""


class Run:
    def __init__(self, forks, outside, limits, order, stdin=None, keeps_output=False, imports=()):
        """
        `forks` is the zygote's socket, `outside` the one of whoever waits for the run, `order` what the candidate is to do, `imports`
        what it will need of the standard library for sure.
        @raises Deserted
        """
        self.forks, self.outside, self.limits, self.keeps_output = forks, outside, limits, keeps_output
        self.pid = self.reason = None
        self.used, self.written, self.output, self.said = 0.0, 0, [], b""
        self.is_over = False
        self.started = frames.monotonic_ms()
        self.deadline = self.started + limits["wallMs"]
        self.channel, theirs = socket.socketpair()
        self.out, out_write = os.pipe()
        given = [theirs.detach(), out_write] + ([] if stdin is None else [_readable(stdin)])
        try:
            frames.send(forks, {"limits": limits, "imports": list(imports)}, given)
        except frames.Closed:
            raise Deserted from None
        finally:
            for fd in given:
                os.close(fd)
        try:
            frames.send(self.channel, order)
        except frames.Closed:
            # It could not be set up: its end will tell.
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            if not self.is_over:
                self.end()
        finally:
            self.channel.close()
            os.close(self.out)

    # ---- waiting -------------------------------------------------------------------------------------------------

    def wait(self, fd, deadline=None):
        """
        Whether `fd` has something to read before the deadline, by `frames.monotonic_ms`, or else the limit of the wall.
        @raises Deserted, Infrastructure
        """
        deadline = self.deadline if deadline is None else deadline
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        poll.register(self.outside, select.POLLIN | select.POLLRDHUP)
        poll.register(self.out, select.POLLIN)
        while True:
            left = deadline - frames.monotonic_ms()
            until_limit = self.limits["cpuMs"] - self.used + _GRACE_MS
            ready = [found for found, _ in poll.poll(max(0, min(left, _LOOK_MS, max(until_limit, _GRACE_MS))))]
            if fd in ready:
                return True
            if self.outside.fileno() in ready:
                # Nobody waits for this run any more.
                raise Deserted
            if self.out in ready and not self._hear():
                poll.unregister(self.out)
            if left <= 0:
                return False
            self._look()

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
                words.append(self._frame(largest))
        except TimeoutError:
            return words, ("timeout_wall", NO_END)
        except frames.Closed:
            return words, GONE
        except frames.Malformed:
            return words, ("forged", "its words are none of ours")
        return words, None

    def answer_to(self, order):
        """As `words`, of one, after it was told this. Not for a channel that somebody else holds too."""
        self.channel.settimeout(max(0.001, (self.deadline - frames.monotonic_ms()) / 1000))
        try:
            frames.send(self.channel, order)
        except frames.Closed:
            return [], GONE
        return self.words(1)

    def _frame(self, largest):
        return frames.decode(self._exactly(frames.size_of(self._exactly(frames.HEAD), largest)))

    def _exactly(self, size):
        buffer = bytearray()
        while len(buffer) < size:
            if not self.wait(self.channel.fileno()):
                raise TimeoutError
            try:
                piece = self.channel.recv(min(size - len(buffer), _PIECE))
            except OSError:
                piece = b""
            if not piece:
                raise frames.Closed
            buffer += piece
        return bytes(buffer)

    # ---- limits --------------------------------------------------------------------------------------------------

    def _hear(self):
        piece = os.read(self.out, _PIECE)
        self.written += len(piece)
        self.said = self.said or piece[:_KEPT_TROUBLE]
        if self.written > self.limits["outputBytes"]:
            self._stop("output_limit")
        elif self.keeps_output:
            self.output.append(piece)
        return piece

    def _look(self):
        self._know()
        try:
            self.used = time.clock_gettime((~self.pid << 3) | 2) * 1000.0
        except OSError:
            # It has ended.
            return
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
        code = (status >> 8) & 255
        if (self.keeps_output and self.reason is None) or code == zygote.NOT_SET_UP:
            self._hear_the_rest()
        return {
            "reason": self.reason,
            "signal": status & 127,
            "code": code,
            "cpuMs": max(seconds * 1000.0, self.used),
            "wallMs": frames.monotonic_ms() - self.started,
            "peakBytes": peak,
            # Only asked for where the candidate has said nothing yet.
            "said": self.said.decode("utf-8", "replace"),
            "output": b"".join(self.output),
        }

    def _hear_the_rest(self):
        poll = select.poll()
        poll.register(self.out, select.POLLIN)
        while self.reason is None and poll.poll(0) and self._hear():
            pass


def _readable(text):
    """A descriptor to read it from; nothing is left on any disk."""
    if not text:
        return os.open("/dev/null", os.O_RDONLY)
    fd = os.memfd_create("stdin") if hasattr(os, "memfd_create") else kernel.libc.memfd_create(b"stdin", 0)
    data = text.encode("utf-8", "surrogateescape")
    while data:
        data = data[os.write(fd, data):]
    os.lseek(fd, 0, os.SEEK_SET)
    return fd
