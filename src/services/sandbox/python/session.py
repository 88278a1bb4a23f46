"""
The tests' end of the channel to one candidate: calls go out as data, and what comes back is data, stand-ins and relayed exceptions.
What is not of the protocol is the candidate's trouble, and no verdict but a failure can be made of it.
"""

import _thread
import builtins
import hashlib

import candidate
import frames
import wire

LARGEST_REPLY = candidate.LARGEST_REPLY
_EXITS = ("SystemExit", "KeyboardInterrupt", "GeneratorExit")


class CandidateGone(BaseException):
    """Its process, or its end of the channel, is closed."""


class CandidateExit(BaseException):
    """It raised what would end the program; no test may swallow that into a pass."""


class Unloaded(BaseException):
    """It could not be loaded."""


# A group is not made of a text alone; the others would end a loop of the tests' own around the call.
_NOT_RELAYED = (getattr(builtins, "BaseExceptionGroup", StopIteration), StopIteration, StopAsyncIteration)


class Relayed:
    """Marks exceptions that were raised by the candidate."""


_relayed_classes = {}


def _relayed_class(name):
    base = getattr(builtins, name, Exception)
    if not (isinstance(base, type) and issubclass(base, Exception)) or issubclass(base, _NOT_RELAYED):
        base = Exception
    found = _relayed_classes.get(base)
    if found is None:
        found = _relayed_classes[base] = type(base.__name__, (base, Relayed), {"__init__": Exception.__init__, "__str__": lambda self: " ".join(map(str, self.args))})
    return found


class Session:
    """One candidate on the other end of a channel."""

    def __init__(self, channel, entry, applies):
        self.channel = channel
        self.applies = applies
        self.after = None
        self.mutated = False
        self.entry = entry
        self.trouble = None
        self.turn = _thread.RLock()
        self.ready = False
        self.calls = 0
        self.answered = 0
        self.taken = set()
        self.behaviour = hashlib.sha256()

    def ask(self, order):
        with self.turn:
            return self._ask(order)

    def _ask(self, order):
        if self.trouble is not None:
            raise CandidateGone
        try:
            frames.send(self.channel, order)
            raw = frames.receive_raw(self.channel, LARGEST_REPLY)
            reply = frames.decode(raw)
        except frames.Closed:
            self.trouble = ("gone", "")
            raise CandidateGone from None
        except frames.Malformed as error:
            self.trouble = ("forged", "its answer is %s" % error)
            raise CandidateGone from None
        return self.read(reply, raw, order[0] == "next")

    def first(self):
        """How it was loaded. @raises Unloaded"""
        try:
            self.ready = frames.receive(self.channel, 1 << 20) == ["ready"]
            reply = frames.receive(self.channel, 1 << 20)
            if type(reply) is not list:
                raise frames.Malformed("no list")
        except frames.Closed:
            self.trouble = ("gone", "")
            raise CandidateGone from None
        except frames.Malformed:
            self.trouble = ("forged", "its first words are none of ours")
            raise CandidateGone from None
        if reply == ["loaded"]:
            return
        self.trouble = of_load(reply)
        self.behaviour.update(repr(reply[:2]).encode("utf-8", "replace"))
        raise Unloaded

    def read(self, reply, raw, may_stop):
        try:
            if reply[0] == "v" and len(reply) in (2, 3):
                value = wire.decode(reply[1], self.revive)
                self.after = reply[2] if len(reply) == 3 else None
                self.behaviour.update(b"%d:" % len(raw) + raw)
                return value
            if reply == ["big"]:
                self.trouble = ("output_limit", "an answer of more than %d bytes" % LARGEST_REPLY)
                raise CandidateGone
            if reply == ["stop"] and may_stop:
                self.behaviour.update(b"stop")
                error = StopIteration()
            elif reply[0] == "x":
                _, name, bases, text = reply
                # Not the text, which may hold an address.
                self.behaviour.update(b"x:" + str(name).encode("utf-8", "replace"))
                error = self.relay(str(name), [str(base) for base in bases], str(text))
            else:
                raise ValueError(reply[0])
        except (ValueError, TypeError, KeyError, IndexError, RecursionError):
            self.trouble = ("forged", "its answer is not of the protocol")
            raise CandidateGone from None
        raise error

    def relay(self, name, bases, text):
        if any(base in _EXITS for base in bases) or "Exception" not in bases:
            self.trouble = ("fail_exception", "%s: %s" % (name, text[:200]))
            return CandidateExit(name)
        error = _relayed_class(bases[0])(text)
        error.shown = "%s: %s" % (name, text[:200])
        return error

    def revive(self, parts):
        handle, kind, name, truth = parts
        if type(handle) is not int or type(name) is not str:
            raise ValueError("handle")
        stand_in = {"it": RemoteIterator, "fn": RemoteFunction, "ob": RemoteObject}[kind]
        return stand_in(self, handle, name, truth is True)

    def encode(self, value):
        return wire.encode(value, self.refuse)

    def refuse(self, value):
        if isinstance(value, RemoteObject) and object.__getattribute__(value, "_session") is self:
            return ["h", object.__getattribute__(value, "_handle")]
        raise wire.NotData("a %s cannot be handed to a candidate in another process" % type(value).__name__)

    def call(self, target, args, kwargs):
        # Tests may call from threads of their own.
        with self.turn:
            return self._call(target, args, kwargs)

    def _call(self, target, args, kwargs):
        order = ["call", target, [self.encode(arg) for arg in args], {name: self.encode(arg) for name, arg in kwargs.items()}]
        self.calls += 1
        self.after = None
        value = self.ask(order)
        self.answered += 1
        if self.after is not None:
            self.mutated = True
            if self.applies:
                self.apply(args)
        return value

    def apply(self, args):
        """What the candidate did to its copies is done to the tests' own arguments, as it would be in one process."""
        try:
            for ours, form in zip(args, self.after):
                theirs = None if form is None else wire.decode(form, self.revive)
                if theirs is None or type(theirs) is not type(ours):
                    continue
                if isinstance(ours, (list, bytearray)):
                    ours[:] = theirs
                elif isinstance(ours, (dict, set)):
                    ours.clear()
                    ours.update(theirs)
        except (ValueError, TypeError, KeyError, IndexError, RecursionError):
            self.trouble = ("forged", "its answer is not of the protocol")
            raise CandidateGone from None

    def resolve(self, name):
        """A global of the candidate's, for a script that needs more than the entry."""
        kind = str(self.ask(["kind", name]))
        if kind == "absent":
            raise AttributeError(name)
        # Under its own name, or the candidate would choose what runs beside the tests.
        if kind == "module:" + name:
            return __import__(name)
        if name != self.entry.split(".")[0]:
            self.taken.add(name)
        return self.ask(["data", name])


class RemoteObject:
    """An object of the candidate's that has no data form. It equals itself alone; its attributes are asked for over the wire."""

    def __init__(self, session, handle, name, truth):
        object.__setattr__(self, "_session", session)
        object.__setattr__(self, "_handle", handle)
        object.__setattr__(self, "_name", name)
        object.__setattr__(self, "_truth", truth)

    def __bool__(self):
        return self._truth

    def __repr__(self):
        return "<%s of the candidate>" % self._name

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self._session.ask(["get", self._handle, name])


class RemoteFunction(RemoteObject):
    def __call__(self, *args, **kwargs):
        return self._session.call(self._handle, args, kwargs)


class RemoteIterator(RemoteObject):
    def __iter__(self):
        return self

    def __next__(self):
        return self._session.ask(["next", self._handle])


def of_load(reply):
    """Status and detail of what a candidate says instead of `loaded`."""
    tag, name, *rest = [str(part) for part in reply[:4]] + [""] * 4
    if tag == "syntax":
        return "syntax_error", "%s: %s" % (name[:100], rest[0][:200])
    if tag != "x":
        return "forged", "its first words are none of ours"
    return "memory" if name == "MemoryError" else "fail_exception", "%s: %s" % (name[:100], rest[1][:200])
