"""Frames over stream sockets: four bytes of length, then JSON in UTF-8. What is read may come from anybody; only `json` looks at it."""

import array
import json
import socket
import struct
import time

_LENGTH = struct.Struct(">I")
HEAD = _LENGTH.size
LARGEST = 256 << 20


class Closed(Exception):
    """The other end is gone."""


class Malformed(Exception):
    """What came is no frame."""


_dumps = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_loads = json.JSONDecoder().decode


def pack(value):
    body = _dumps(value).encode("ascii")
    return _LENGTH.pack(len(body)) + body


def send(sock, value, fds=()):
    data = pack(value)
    try:
        if fds:
            sent = sock.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))])
            data = data[sent:]
        if data:
            sock.sendall(data)
    except OSError:
        raise Closed from None


def receive(sock, largest=LARGEST):
    return decode(receive_raw(sock, largest))


def receive_raw(sock, largest):
    return exactly(sock, size_of(exactly(sock, HEAD), largest))


def size_of(head, largest):
    """Of the body that follows. @raises Malformed"""
    size = _LENGTH.unpack(head)[0]
    if size > largest:
        raise Malformed("a frame of %d bytes" % size)
    return size


def decode(body):
    try:
        return _loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise Malformed(type(error).__name__) from None


def receive_with_fds(sock, most=2):
    raw, fds = receive_raw_with_fds(sock, most)
    return decode(raw), fds


def receive_raw_with_fds(sock, most):
    """The first piece carries the descriptors."""
    try:
        data, ancillary, _, _ = sock.recvmsg(4, socket.CMSG_SPACE(4 * most), 0x40000000)
    except OSError:
        raise Closed from None
    if not data:
        raise Closed
    fds = array.array("i")
    for level, kind, payload in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds.frombytes(payload[: len(payload) - len(payload) % 4])
    if len(data) < 4:
        data += exactly(sock, 4 - len(data))
    return exactly(sock, _LENGTH.unpack(data)[0]), list(fds)


def exactly(sock, size):
    try:
        first = sock.recv(size) if size < 1 << 20 else b""
        if len(first) == size:
            return first
        pieces = bytearray(first)
        while len(pieces) < size:
            piece = sock.recv(min(size - len(pieces), 1 << 20))
            if not piece:
                raise Closed
            pieces += piece
        return bytes(pieces)
    except OSError:
        raise Closed from None


def monotonic_ms():
    return time.monotonic() * 1000.0
