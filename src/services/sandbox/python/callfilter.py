"""The one seccomp filter, as BPF, for x86_64 and aarch64. Escapes kill the process; what honest code may try is refused with EPERM."""

import ctypes
import errno
import struct

import kernel

KILL, ALLOW, ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

# name: (x86_64, aarch64)
KILLED = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "open_tree_attr": (467, 467), "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "kexec_load": (246, 104), "kexec_file_load": (320, 294),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106), "open_by_handle_at": (304, 265),
    "pidfd_getfd": (438, 438), "process_madvise": (440, 440), "reboot": (169, 142), "swapon": (167, 224), "swapoff": (168, 225),
    "fanotify_init": (300, 262), "modify_ldt": (154, None), "iopl": (172, None), "ioperm": (173, None), "uselib": (134, None),
}
REFUSED = {
    "socket": (41, 198), "connect": (42, 203), "accept": (43, 202), "accept4": (288, 242), "bind": (49, 200), "listen": (50, 201),
    "name_to_handle_at": (303, 264), "personality": (135, 92), "chroot": (161, 51), "sethostname": (170, 161),
    "setdomainname": (171, 162), "acct": (163, 89), "settimeofday": (164, 170), "clock_settime": (227, 112),
    "clock_adjtime": (305, 266), "adjtimex": (159, 171), "quotactl": (179, 60), "quotactl_fd": (443, 443), "syslog": (103, 116),
    "vhangup": (153, 58), "move_pages": (279, 239), "migrate_pages": (256, 238), "memfd_create": (319, 279),
    "memfd_secret": (447, 447), "shmget": (29, 194), "msgget": (68, 186), "semget": (64, 190), "seccomp": (317, 277),
    # Files that belong to the host are in sight, read-only; who else opens them is not to be seen.
    "inotify_init": (253, None), "inotify_init1": (294, 26), "mq_open": (240, 180), "lookup_dcookie": (212, 18), "process_mrelease": (448, 448),
}
CLONE, IOCTL, CLONE3, OPENAT2 = (56, 220), (16, 29), 435, 437
OPEN, OPENAT = 2, (257, 56)
# A file without a name leaves nothing behind but a gap in the numbers of files; callers know file systems without it.
TMPFILE = 0x400000
NAMESPACE_FLAGS = 0x7E020000
# Typing into the terminal of whoever started us: TIOCSTI, TIOCLINUX, TIOCSETD.
IOCTLS = (0x5412, 0x541C, 0x5423)
# Leases on files and signals on what happens in a folder: F_SETLEASE, F_NOTIFY.
FCNTL, FCNTLS = (72, 25), (1024, 1026)

# Bytes beside the stream, which whoever polls for the stream would wait for in vain: sendto, sendmsg, sendmmsg, and where their flags are.
SENDS = (((44, 206), 40), ((46, 211), 32), ((307, 269), 40))
OUT_OF_BAND = 1
SETRLIMIT, PRLIMIT, RLIMIT_CPU = (160, 164), (302, 261), 0

_LD, _JEQ, _JGE, _JSET, _RET = 0x20, 0x15, 0x35, 0x45, 0x06


# Calls whose first argument is a process: the guards of a run must not be reached where they share its namespace.
PIDFD_SEND_SIGNAL = 424
AIMED = ((62, 129), (200, 130), (234, 131), (129, 138), (297, 240), (434, 434), (302, 261))


def build(machine=kernel.MACHINE, youngest=None):
    """
    The program as bytes of `struct sock_filter`.
    `youngest`: signals and limits only for processes (0 is one's own group) that are not older than this one.
    """
    column = {"x86_64": 0, "aarch64": 1}[machine]
    numbers = lambda table: sorted(pair[column] for pair in table.values() if pair[column] is not None)
    program = [(_LD, 0, 0, 4), (_JEQ, 1, 0, AUDIT_ARCH[machine]), (_RET, 0, 0, KILL), (_LD, 0, 0, 0)]
    if machine == "x86_64":
        # The x32 calls have other numbers for the same things.
        program += [(_JGE, 0, 1, 0x40000000), (_RET, 0, 0, KILL)]
    # The C library then uses older calls, whose flags can be seen.
    for number in (CLONE3, OPENAT2):
        program += [(_JEQ, 0, 1, number), (_RET, 0, 0, ERRNO | errno.ENOSYS)]
    flags_at = [(OPENAT[column], 32)] + ([(OPEN, 24)] if machine == "x86_64" else [])
    for number, place in flags_at:
        unnamed = (_RET, 0, 0, ERRNO | errno.EOPNOTSUPP)
        program += [(_JEQ, 0, 4, number), (_LD, 0, 0, place), (_JSET, 0, 1, TMPFILE), unnamed, (_RET, 0, 0, ALLOW)]
    program += [(_JEQ, 0, 4, CLONE[column]), (_LD, 0, 0, 16), (_JSET, 0, 1, NAMESPACE_FLAGS), (_RET, 0, 0, KILL), (_RET, 0, 0, ALLOW)]
    program += [(_JEQ, 0, 2 + 2 * len(IOCTLS), IOCTL[column]), (_LD, 0, 0, 24)]
    for command in IOCTLS:
        program += [(_JEQ, 0, 1, command), (_RET, 0, 0, KILL)]
    program += [(_RET, 0, 0, ALLOW)]
    for pair, place in SENDS:
        refuse = (_RET, 0, 0, ERRNO | errno.EPERM)
        program += [(_JEQ, 0, 4, pair[column]), (_LD, 0, 0, place), (_JSET, 0, 1, OUT_OF_BAND), refuse, (_RET, 0, 0, ALLOW)]
    program += [(_JEQ, 0, 2 + 2 * len(FCNTLS), FCNTL[column]), (_LD, 0, 0, 24)]
    for command in FCNTLS:
        program += [(_JEQ, 0, 1, command), (_RET, 0, 0, ERRNO | errno.EPERM)]
    program += [(_RET, 0, 0, ALLOW)]
    # A lower limit of whole seconds would end it by a signal that looks like somebody else's.
    refuse = (_RET, 0, 0, ERRNO | errno.EPERM)
    program += [(_JEQ, 0, 4, SETRLIMIT[column]), (_LD, 0, 0, 16), (_JEQ, 0, 1, RLIMIT_CPU), refuse, (_RET, 0, 0, ALLOW)]
    # A new limit, by an address of two halves; then the number of the call again.
    program += [(_JEQ, 0, 8, PRLIMIT[column]), (_LD, 0, 0, 24), (_JEQ, 0, 5, RLIMIT_CPU), (_LD, 0, 0, 32), (_JEQ, 0, 2, 0), (_LD, 0, 0, 36)]
    program += [(_JEQ, 1, 0, 0), refuse, (_LD, 0, 0, 0)]
    if youngest is not None:
        refuse = (_RET, 0, 0, ERRNO | errno.EPERM)
        for pair in AIMED:
            program += [(_JEQ, 0, 6, pair[column]), (_LD, 0, 0, 16), (_JEQ, 3, 0, 0), (_JGE, 1, 0, 0x80000000), (_JGE, 1, 0, youngest), refuse]
            program += [(_RET, 0, 0, ALLOW)]
        # Its first argument may be a folder of /proc, and so any process.
        program += [(_JEQ, 0, 1, PIDFD_SEND_SIGNAL), refuse]
    for group, action in ((numbers(KILLED), KILL), (numbers(REFUSED), ERRNO | errno.EPERM)):
        for number in group:
            program += [(_JEQ, 0, 1, number), (_RET, 0, 0, action)]
    program += [(_RET, 0, 0, ALLOW)]
    return b"".join(struct.pack("HBBI", *step) for step in program)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]


def _load(data):
    buffer = ctypes.create_string_buffer(data, len(data))
    return buffer, _Program(len(data) // 8, ctypes.cast(buffer, ctypes.c_void_p))


_READY = _load(build()) if kernel.MACHINE in AUDIT_ARCH else None


def install(youngest=None):
    """From here on, and for everything that this process starts. Needs `no_new_privileges`."""
    if _READY is None:
        raise kernel.Unsupported("no system call filter for %s" % kernel.MACHINE)
    _, program = _READY if youngest is None else _load(build(youngest=youngest))
    if kernel.libc.prctl(22, 2, ctypes.addressof(program), 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "seccomp filters are not available")
