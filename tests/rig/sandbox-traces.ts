/**
 * Attacks on what runs share: the scratch that is kept while untouched, the warm process that they are forked from, the devices and
 * libraries of the host that all of them see. Each has a part that leaves something and a part that looks for it in the next run.
 */

import type { BackendName } from '#contract/sandbox.ts';

export interface Trace {
  readonly name: string;
  /** Defines `leave()`; whatever it does, its run may come to any end but trouble of the sandbox. */
  readonly leave: string;
  /** Defines `find()`, which returns what it got hold of; the same as without anybody before it. */
  readonly find: string;
  /** Backends that cannot keep this away, as docs/sandbox.md says. */
  readonly stays?: readonly BackendName[];
}

const listed = `
import os
def find():
    seen = os.stat('.')
    return [sorted(os.listdir('.')), oct(seen.st_mode), seen.st_nlink, [n for n in os.listxattr('.') if n.startswith('user.')]]
`;
/** Numbers of files go up one by one in a file system: they tell how many were made before. */
const numbered = `
import os
def find():
    with open('mine', 'w') as file:
        return os.fstat(file.fileno()).st_ino
`;

export const TRACES: readonly Trace[] = [
  {
    name: 'a file made and removed shows in the number of the next',
    leave: "import os\ndef leave():\n    for nth in range(50):\n        open('x', 'w').close()\n        os.unlink('x')",
    find: numbered,
  },
  {
    name: 'the same, with the times of the folder set back',
    leave:
      "import os\nseen = os.stat('.')\nfor nth in range(50):\n    open('x', 'w').close()\n    os.unlink('x')\nos.utime('.', ns=(seen.st_atime_ns, seen.st_mtime_ns))\ndef leave():\n    return 1",
    find: numbered,
  },
  {
    name: 'hard links, in and out',
    leave:
      "import os\ndef leave():\n    open('a', 'w').write('left')\n    os.mkdir('d')\n    for nth in range(100):\n        os.link('a', 'd/%d' % nth)\n    os.unlink('a')",
    find: listed,
  },
  {
    name: 'folders that nobody may enter',
    leave:
      "import os\ndef leave():\n    os.makedirs('a/b/c')\n    open('a/b/c/f', 'w').write('left')\n    os.chmod('a/b', 0)\n    os.chmod('a', 0)\n    os.chmod('.', 0o500)",
    find: listed,
  },
  {
    name: 'links in place of what the sandbox looks at',
    leave:
      "import os\ndef leave():\n    os.symlink('/', 'root')\n    os.symlink('/dev/zero', 'results.json')\n    os.symlink('/tmp', 'tmp')\n    os.mkfifo('pipe')\n    for name in ('solution.py', 'frames.py', 'json.py', 'random.py'):\n        open(name, 'w').write('raise SystemExit(0)')",
    find: `${listed.replace('import os', 'import os, json, random, colorsys')}`,
  },
  {
    name: 'open descriptors in flight to nobody, and a folder held open',
    leave:
      "import array, os, socket\ndef leave():\n    a, b = socket.socketpair()\n    fds = [os.open('.', os.O_RDONLY), os.open('held', os.O_RDWR | os.O_CREAT), a.fileno(), b.fileno()]\n    os.unlink('held')\n    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))]\n    a.sendmsg([b'x'], rights)\n    b.sendmsg([b'x'], rights)\n    socket.socket(fileno=os.dup(3)).sendmsg([b''], rights)\n    return 1",
    find: listed,
  },
  {
    name: 'descriptors sent along with the answer',
    leave:
      "import array, json, os, socket, struct\ndef leave():\n    body = json.dumps(['v', 1]).encode()\n    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [os.open('.', os.O_RDONLY)] * 60))]\n    for _ in range(20):\n        socket.socket(fileno=os.dup(3)).sendmsg([struct.pack('>I', len(body)) + body], rights)\n    return 1",
    find: `
import os
def find():
    return [fd for fd in range(200) if _is_open(fd)]
def _is_open(fd):
    try:
        os.fstat(fd)
        return True
    except OSError:
        return False
`,
  },
  {
    name: 'a mapped file of which everything else is gone',
    leave:
      "import mmap, os\ndef leave():\n    fd = os.open('m', os.O_RDWR | os.O_CREAT)\n    os.ftruncate(fd, 1 << 20)\n    view = mmap.mmap(fd, 1 << 20)\n    view[:] = b'x' * (1 << 20)\n    os.close(fd)\n    os.unlink('m')\n    if os.fork() == 0:\n        while True:\n            view[:4] = b'left'",
    find: listed,
  },
  {
    name: 'children that fork while the run ends, and write',
    leave:
      "import os, time\ndef leave():\n    for _ in range(8):\n        if os.fork() == 0:\n            os.setsid()\n            nth = 0\n            while True:\n                nth += 1\n                try:\n                    if os.fork() == 0:\n                        open('/tmp/late%d' % nth, 'w').write('left')\n                        os._exit(0)\n                    os.waitpid(-1, os.WNOHANG)\n                except OSError:\n                    pass\n    time.sleep(.02)\n    return 1",
    find: listed,
  },
  {
    name: 'a first process that will not die with its parent',
    leave:
      "import ctypes, os, signal, time\ndef leave():\n    libc = ctypes.CDLL(None)\n    libc.prctl(1, 0, 0, 0, 0)\n    libc.prctl(36, 1, 0, 0, 0)\n    for number in range(1, 65):\n        try:\n            signal.signal(number, signal.SIG_IGN)\n        except (OSError, ValueError):\n            pass\n    if os.fork() == 0:\n        os.setsid()\n        while True:\n            try:\n                open('/tmp/alive', 'a').write('x')\n            except OSError:\n                pass\n            time.sleep(.001)\n    return 1",
    find: listed,
  },
  {
    name: 'marks on the folder that are taken off again',
    leave:
      "import fcntl, os\ndef leave():\n    seen = os.stat('.')\n    for act in (lambda: os.setxattr('.', 'user.x', b'1'), lambda: os.removexattr('.', 'user.x'), lambda: os.chmod('.', 0o711), lambda: os.chmod('.', 0o700), lambda: os.utime('.', ns=(seen.st_atime_ns, seen.st_mtime_ns))):\n        try:\n            act()\n        except OSError:\n            pass",
    find: listed,
  },
  {
    name: 'the scratch filled to the last byte and file',
    leave:
      "import os\ndef leave():\n    try:\n        with open('big', 'wb') as file:\n            while True:\n                file.write(bytes(1 << 20))\n    except OSError:\n        pass\n    try:\n        for nth in range(5000):\n            os.link('big', 'l%d' % nth)\n    except OSError:\n        pass\n    os.abort()",
    find: `
import os
def find():
    space = os.statvfs('.')
    for nth in range(4):
        open('f%d' % nth, 'wb').write(bytes(4 << 20))
    return [space.f_bavail == space.f_blocks, space.f_files - space.f_ffree]
`,
  },
  {
    name: 'times of the devices of the host',
    stays: ['bwrap'],
    leave:
      "import os\ndef leave():\n    for name in ('null', 'zero', 'full', 'random', 'urandom'):\n        for when in (None, (5, 5)):\n            try:\n                os.utime('/dev/' + name, when)\n            except OSError:\n                pass",
    find: "import os, time\ndef find():\n    return [n for n in ('null', 'zero', 'full', 'random', 'urandom') if time.time() - os.stat('/dev/' + n).st_mtime < 3]",
  },
  {
    name: 'locks on files that all runs see',
    leave:
      'import fcntl, os, time\nfd = os.open(os.__file__, os.O_RDONLY)\ndef leave():\n    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)\n    if os.fork() == 0:\n        time.sleep(100)\n    return 1',
    find: 'import fcntl, os\ndef find():\n    fcntl.flock(os.open(os.__file__, os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)\n    return 1',
  },
  {
    name: 'the pipe of the output, set up for the worst',
    leave:
      'import fcntl, os\ndef leave():\n    for fd in (0, 1, 2, 3):\n        for command, value in ((1031, 1 << 20), (1031, 4096), (4, os.O_NONBLOCK | os.O_ASYNC), (8, os.getpid()), (10, 9)):\n            try:\n                fcntl.fcntl(fd, command, value)\n            except OSError:\n                pass\n    return 1',
    find: 'import fcntl\ndef find():\n    print("x" * 100000)\n    return [fcntl.fcntl(fd, 3) for fd in (0, 1, 2, 3)]',
  },
  {
    name: 'interpreter of the next: limits, handlers, modules, seeds',
    leave:
      "import builtins, gc, random, resource, signal, sys, threading\nsys.setrecursionlimit(60)\nsys.setswitchinterval(1000)\nrandom.seed(1)\nrandom.random = lambda: .5\ngc.disable()\nbuiltins.len = lambda x: 7\nsys.modules['math'] = None\nsys.path[:] = ['/tmp']\nsys.settrace(lambda *a: None)\nthreading.settrace(lambda *a: None)\nsignal.alarm(1)\nsignal.setitimer(signal.ITIMER_REAL, .01, .01)\nresource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))\ndef leave():\n    return 1",
    find: "import gc, math, random, resource, signal, sys\ndef find():\n    return [sys.getrecursionlimit(), sys.getswitchinterval(), random.random.__self__ is random._inst, gc.isenabled(), len([1]), math.floor(1.5), '/tmp' in sys.path, signal.getitimer(signal.ITIMER_REAL), resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 8]",
  },
];
