/** Escapes: hostile candidates, each with what its run must come to. Every one is run against every backend that claims to be strong. */

import type { TestStatus } from '#contract/sandbox.ts';

export interface Attack {
  readonly name: string;
  /** Defines `attack()`, which returns what it got hold of: 'kept in' where it got nothing. */
  readonly source: string;
  /** What the run may come to; `pass` means that `attack()` returned 'kept in'. */
  readonly ends: readonly TestStatus[];
  /** Takes seconds: only in the long tests. */
  readonly isSlow?: boolean;
  /** False for what is meant otherwise for a whole program: its own variables, its folder, its memory. */
  readonly inPrograms?: boolean;
}

/** Each expression is tried; what raises was kept out. */
const tries = (...lines: readonly string[]) => `
import ctypes, os, signal, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def attack():
    got = []
    for name, step in STEPS:
        try:
            value = step()
        except (OSError, PermissionError, ValueError, ImportError, AttributeError, KeyError) as error:
            continue
        got.append('%s: %r' % (name, value))
    return 'kept in' if not got else '; '.join(got)[:500]
STEPS = [
${lines.map((line, nth) => `    (${JSON.stringify(String(nth))}, lambda: ${line}),`).join('\n')}
]
`;
const syscall = (name: string, x86: number, arm: number, args = '0, 0, 0, 0, 0') => ({
  name,
  source: `
import ctypes, platform
def attack():
    number = ${x86} if platform.machine() == 'x86_64' else ${arm}
    result = ctypes.CDLL(None, use_errno=True).syscall(number, ${args})
    return 'kept in' if result < 0 else 'it let me: %d' % result
`,
  ends: ['policy_violation'] as const,
});

/** A listening server, so that a sandbox with a network would get through. */
export function makeAttacks(host: {
  readonly port: number;
  readonly secretFile: string;
  readonly mark: string;
  readonly abstract: string;
  /** Where what is in sight is an image's: its own users, its own folders. */
  readonly hasImage: boolean;
}): readonly Attack[] {
  const kept = ['pass'] as const;
  const users = host.hasImage ? host.secretFile : '/etc/passwd';
  return [
    {
      name: 'files of the host: system, home, repository, the runner',
      source: tries(
        ...[
          users,
          '/etc/shadow',
          ...(host.hasImage ? [] : ['/etc/hostname']),
          '/root/.bashrc',
          `/proc/self/root${users}`,
          `/proc/1/root${users}`,
          `/proc/1/cwd${users}`,
          '/sys/kernel/hostname',
          host.secretFile,
        ].map((path) => `open(${JSON.stringify(path)}).read(40)`),
        ...(host.hasImage ? [] : ['/home', '/var', '/srv', '/mnt', '/boot', '../../../../../../../../home']).map(
          (path) => `os.listdir(${JSON.stringify(path)})`,
        ),
        "_marked('environ')",
        "_marked('cmdline')",
        "_marked('maps')",
        "_marked('mountinfo')",
      ).replace(
        'STEPS = [',
        `
def _marked(name):
    found = []
    for pid in os.listdir('/proc'):
        try:
            text = open('/proc/%s/%s' % (pid, name), 'rb').read()
        except OSError:
            continue
        if ${JSON.stringify(host.mark)}.encode() in text:
            found.append(pid)
    return found or int('x')
STEPS = [`,
      ),
      ends: kept,
    },
    {
      name: 'environment and arguments',
      inPrograms: false,
      source: `
import os, sys
def attack():
    known = {'PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'PYTHONHASHSEED', 'LC_CTYPE'}
    more = sorted(set(os.environ) - known) + [word for word in sys.argv + getattr(sys, 'orig_argv', []) if 'sluice' in word or '/' in word]
    return 'kept in' if not more and os.environ['HOME'].startswith('/tmp') else repr(more)
`,
      ends: kept,
    },
    {
      name: 'other processes, names of the host',
      source: tries(
        '[pid for pid in range(2, 4000) if pid != os.getpid() and _alive(pid)] or 1 / int("x")',
        '(socket.gethostname() != "sandbox" and socket.gethostname()) or int("x")',
        'os.kill(os.getppid(), 9) if os.getppid() > 1 else int("x")',
      ).replace(
        'STEPS = [',
        'def _alive(pid):\n    try:\n        os.kill(pid, 0)\n        return True\n    except OSError:\n        return False\nSTEPS = [',
      ),
      ends: kept,
    },
    {
      name: 'writing outside of the scratch folder, links out of it',
      source: tries(
        ...['/x', '/usr/x', '/lib/x', '/dev/x', '/etc/x', '/tmp/../x', '/proc/x'].map(
          (path) => `open(${JSON.stringify(path)}, "w").write("x")`,
        ),
        'os.chmod(os.path.dirname(os.__file__), 0o777)',
        'open(os.__file__, "a").write("x")',
        'os.unlink(os.__file__)',
        `os.symlink(${JSON.stringify(users)}, "/tmp/link") or open("/tmp/link").read()`,
        'os.link("/etc/ld.so.cache", "/tmp/hard") or open("/tmp/hard", "a").write("x")',
        'os.mkdir("/tmp/d") or os.chroot("/tmp/d")',
        'os.mknod("/tmp/disk", 0o60666, os.makedev(254, 0)) or open("/tmp/disk", "rb").read(1)',
      ),
      ends: kept,
    },
    {
      name: 'network: every family, names, metadata addresses, abstract sockets',
      source: tries(
        ...Array.from({ length: 46 }, (_, family) =>
          [1, 2, 3].map((type) => `socket.socket(${family}, ${type})`),
        ).flat(),
        `socket.create_connection(("127.0.0.1", ${host.port}), 1)`,
        'socket.create_connection(("169.254.169.254", 80), 1)',
        'socket.create_connection(("fd00:ec2::254", 80), 1)',
        'socket.getaddrinfo("example.com", 80)',
        'socket.gethostbyname("localhost.localdomain")',
        `socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)[0].sendto(b"x", ${JSON.stringify(`\0${host.abstract}`).replace('\\u0000', '\\0')})`,
        'socket.socketpair()[0].bind("\\0abc")',
        'socket.socketpair()[0].connect("\\0abc")',
        'socket.socketpair(socket.AF_INET)',
      ),
      ends: kept,
    },
    {
      name: 'fork bomb',
      source: `
import os, time
def attack():
    for _ in range(10000):
        try:
            if os.fork() == 0:
                while True:
                    try:
                        os.fork()
                    except OSError:
                        time.sleep(.01)
        except OSError:
            return 'kept in'
    return 'ten thousand processes'
`,
      ends: kept,
    },
    {
      name: 'thread bomb',
      source: `
import threading, time
def attack():
    made = 0
    try:
        for made in range(10000):
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    except RuntimeError:
        return 'kept in' if made < 64 else made
    return made
`,
      // Some versions of Python wait for ever for a thread that found no memory to begin with.
      ends: ['pass', 'timeout_wall'],
    },
    {
      name: 'daemon, session escape, kill(-1), SIGSTOP',
      source: `
import os, signal, time
def attack():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            time.sleep(3600)
        os._exit(0)
    os.wait()
    for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(-1, number)
        except OSError:
            pass
    try:
        os.killpg(0, signal.SIGSTOP)
    except OSError:
        pass
    return 'kept in'
`,
      ends: ['pass', 'crash_signal', 'timeout_wall'],
    },
    syscall('ptrace', 101, 117, '16, 1, 0, 0, 0'),
    syscall('process_vm_readv', 310, 270),
    syscall('process_vm_writev', 311, 271),
    syscall('unshare of a user namespace', 272, 97, '0x10000000'),
    syscall('clone into a user namespace', 56, 220, '0x10000000 | 17, 0, 0, 0, 0'),
    syscall('setns', 308, 268),
    syscall('mount', 165, 40),
    syscall('umount2', 166, 39),
    syscall('pivot_root', 155, 41),
    syscall('open_tree', 428, 428),
    syscall('fsopen', 430, 430),
    syscall('keyctl', 250, 219),
    syscall('add_key', 248, 217),
    syscall('request_key', 249, 218),
    syscall('io_uring_setup', 425, 425),
    syscall('bpf', 321, 280),
    syscall('perf_event_open', 298, 241),
    syscall('userfaultfd', 323, 282),
    syscall('kexec_load', 246, 104),
    syscall('init_module', 175, 105),
    syscall('pidfd_getfd', 438, 438),
    { ...syscall('ioctl TIOCSTI', 16, 29, '0, 0x5412, b"x"'), ends: ['policy_violation'] },
    {
      ...syscall('ioctl TIOCSTI with a high half', 16, 29, '0, ctypes.c_ulong(0x100005412), b"x"'),
      ends: ['policy_violation'],
    },
    { ...syscall('a call of the x32 ABI', 0x40000000 + 101, 117), ends: ['policy_violation'] },
    { ...syscall('clone3, whose flags nobody can see', 435, 435, 'None, 0'), ends: ['pass'] },
    { ...syscall('a second filter', 317, 277, '1, 0, 0'), ends: ['pass'] },
    { ...syscall('memfd', 319, 279, 'b"x", 0'), ends: ['pass'] },
    { ...syscall('shared memory of System V', 29, 194, '0, 4096, 0o1777'), ends: ['pass'] },
    { ...syscall('chroot', 161, 51, 'b"/tmp"'), ends: ['pass'] },
    { ...syscall('name_to_handle_at', 303, 264, '-100, b"/", 0, 0, 0'), ends: ['pass'] },
    {
      name: 'privileges: set-uid, capabilities, becoming root',
      source: tries(
        'os.setuid(0)',
        'os.setgid(0)',
        'os.setgroups([0])',
        'os.setresuid(0, 0, 0)',
        'os.nice(-5)',
        'libc.prctl(24, 0, 0, 0, 0) and int("x") or 1 if libc.prctl(39, 0, 0, 0, 0) != 1 else int("x")',
        'os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(9))',
      ),
      ends: kept,
    },
    { name: 'memory: one allocation', source: 'def attack():\n    return len(bytearray(4 << 30))', ends: ['memory'] },
    {
      name: 'memory: many small ones',
      source: 'def attack():\n    hoard = []\n    while True:\n        hoard.append(bytes(1 << 20))',
      ends: ['memory'],
    },
    {
      name: 'file flood',
      source: `
def attack():
    written = 0
    try:
        with open('/tmp/f', 'wb') as file:
            for _ in range(1000):
                written += file.write(b'x' * (1 << 20))
                file.flush()
    except OSError:
        return 'kept in' if written < 40 << 20 else written
    return written
`,
      ends: kept,
    },
    {
      name: 'flood of many files, and of bytes over many files',
      source: `
import os
def attack():
    total = 0
    try:
        for nth in range(100000):
            with open('/tmp/%d' % nth, 'wb') as file:
                total += file.write(b'x' * 4096)
    except OSError:
        return 'kept in' if nth < 20000 and total < 64 << 20 else '%d files' % nth
    return '%d files' % nth
`,
      // Where files are not counted but weighed, it takes its time.
      ends: ['pass', 'timeout_cpu'],
    },
    {
      name: 'stdout flood',
      source: "def attack():\n    while True:\n        print('x' * 1000)",
      ends: ['output_limit'],
    },
    {
      name: 'flood of a single line',
      source: "import sys\ndef attack():\n    while True:\n        sys.stdout.write('x' * 65536)",
      ends: ['output_limit'],
    },
    {
      name: 'stderr flood below Python',
      source: "import os\ndef attack():\n    while True:\n        os.write(2, b'x' * 65536)",
      ends: ['output_limit'],
    },
    { name: 'endless loop', source: 'def attack():\n    while True:\n        pass', ends: ['timeout_cpu'] },
    {
      name: 'endless loop while it is loaded',
      source: 'while True:\n    pass\ndef attack():\n    return 1',
      ends: ['timeout_cpu'],
    },
    {
      name: 'a loop in C',
      source: 'def attack():\n    return pow(3, 10 ** 9) and sum(range(10 ** 12))',
      ends: ['timeout_cpu', 'memory'],
    },
    {
      name: 'a loop in C with signals swallowed',
      source:
        'import signal\nfor n in range(1, 65):\n    try:\n        signal.signal(n, signal.SIG_IGN)\n    except (OSError, ValueError):\n        pass\ndef attack():\n    while True:\n        try:\n            sum(range(10 ** 11))\n        except BaseException:\n            pass',
      ends: ['timeout_cpu'],
    },
    {
      name: 'catastrophic regular expression',
      source: "import re\ndef attack():\n    return re.match(r'(a|a)*$', 'a' * 60 + 'b')",
      ends: ['timeout_cpu'],
    },
    { name: 'sleep', source: 'import time\ndef attack():\n    time.sleep(3600)', ends: ['timeout_wall'], isSlow: true },
    {
      name: 'compile bomb of parentheses',
      source: `def attack():\n    return ${'('.repeat(3000)}1${')'.repeat(3000)}`,
      ends: ['syntax_error', 'memory', 'crash_signal'],
    },
    {
      name: 'compile bomb of constants',
      source: "def attack():\n    return compile('x = ' + '-' * 1000000 + '1', 'x', 'exec') and 'kept in'",
      ends: ['fail_exception', 'memory', 'crash_signal', 'timeout_cpu', 'pass'],
    },
    {
      name: 'constant folding bomb',
      source: 'def attack():\n    return (1 << (1 << (1 << 6))) and 1',
      ends: ['memory', 'fail_exception', 'timeout_cpu', 'fail_assert', 'syntax_error'],
    },
    { name: 'deep recursion', source: 'def attack():\n    return attack()', ends: ['fail_exception'] },
    {
      name: 'deep recursion without a limit',
      source:
        'import sys\nsys.setrecursionlimit(10 ** 9)\nclass A:\n    def __repr__(self):\n        return repr(self)\ndef attack():\n    return repr(A())',
      ends: ['crash_signal', 'memory', 'fail_exception'],
    },
    {
      name: 'a crash of the interpreter',
      source: 'import ctypes\ndef attack():\n    return ctypes.string_at(0)',
      ends: ['crash_signal'],
    },
    ...[
      "os.chmod('.', 0o1777)",
      "os.chmod('.', 0)",
      "os.utime('.', (1, 1))",
      "os.setxattr('.', 'user.mark', b'1')",
      "os.mkdir('a'); os.chmod('a', 0)",
    ].map((mark) => ({
      name: `marks on the scratch folder: ${mark}`,
      source: `import os\ndef attack():\n    try:\n        ${mark}\n    except OSError:\n        pass\n    return 'kept in'`,
      ends: kept,
    })),
    {
      name: 'a file without a name, a queue of messages',
      source: tries(
        "os.open('.', os.O_TMPFILE | os.O_RDWR)",
        "libc.syscall(437, -100, b'.', 0, 0) >= 0 or os.stat('/none')",
        "libc.mq_open(b'/mark', 0o102, 0o600, 0) if libc.mq_open(b'/mark', 0o102, 0o600, 0) >= 0 else os.stat('/none')",
      ),
      ends: kept,
    },
    {
      name: 'watching, leasing and touching what belongs to the host',
      source: tries(
        'libc.inotify_init1(0) >= 0 or os.stat("/none")',
        'fcntl.fcntl(os.open(os.path.dirname(os.__file__), os.O_RDONLY), 1026, 0x8000003f)',
        'fcntl.fcntl(os.open(os.__file__, os.O_RDONLY), 1024, fcntl.F_RDLCK)',
        'os.utime(os.__file__)',
        'os.utime("/dev")',
      ).replace('import ctypes', 'import ctypes, fcntl'),
      ends: kept,
    },
    {
      name: 'signals to the guards by way of /proc',
      source: `
import ctypes, os, platform, signal
libc = ctypes.CDLL(None, use_errno=True)
def attack():
    got = []
    # The first process of a namespace hears nothing from inside it.
    for pid in range(2, 64):
        if pid == os.getpid():
            continue
        try:
            fd = os.open('/proc/%d' % pid, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            continue
        for number in (0, signal.SIGSTOP, signal.SIGKILL):
            if libc.syscall(424, fd, number, None, 0) == 0:
                got.append((pid, number))
    return 'kept in' if not got else repr(got)
`,
      ends: kept,
    },
    {
      name: 'its own output, read away from under the guards',
      source: `
import os, time
def attack():
    try:
        fd = os.open('/proc/self/fd/1', os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return 'kept in'
    if os.fork() == 0:
        while True:
            try:
                os.read(fd, 1 << 16)
            except OSError:
                pass
    while True:
        os.write(1, b'x')
`,
      ends: ['pass', 'output_limit', 'timeout_cpu', 'timeout_wall'],
    },
    syscall('open_tree_attr', 467, 467),
    { name: 'abort', source: 'import os\ndef attack():\n    os.abort()', ends: ['crash_signal'] },
    {
      name: 'another program in its place',
      source: `import os\ndef attack():\n    for shell in ('/bin/sh', '/usr/bin/env', '/bin/busybox'):\n        try:\n            os.execv(shell, [shell, '-c', 'cat ${users}'])\n        except OSError:\n            pass\n    return 'kept in'`,
      ends: ['pass', 'fail_exception'],
    },
  ];
}
