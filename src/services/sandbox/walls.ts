/** The command lines of other programs' walls: bubblewrap, docker or podman, none. */

import { existsSync, lstatSync, readlinkSync } from 'node:fs';
import type { Interpreter, User } from './find-python.ts';
import { INNER_ENV, noMounts, type Walls } from './walled-backend.ts';

const SYSTEM = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/etc/ld.so.cache',
  '/etc/alternatives',
  '/etc/ssl/certs',
];
const KiB = 1024;

export function bubblewrap(python: Interpreter, user: User | null): Walls {
  return {
    served: { backend: 'bwrap', strength: 'strong', interpreter: python.build },
    python,
    user,
    processesBeside: 0,
    argv(inner, limits, program) {
      const size = ['--size', String(limits.scratchBytes), '--tmpfs'];
      const env = Object.entries(INNER_ENV).flatMap(([name, value]) => ['--setenv', name, value]);
      const folders = [...SYSTEM, ...[python.basePrefix, python.prefix].filter((path) => path !== '/usr')];
      return [
        'bwrap',
        ...['--unshare-all', '--die-with-parent', '--new-session', '--cap-drop', 'ALL', '--hostname', 'sandbox'],
        ...['--unshare-user', '--uid', '1000', '--gid', '1000'],
        ...folders.flatMap(showReadOnly),
        ...['--dev', '/dev', '--proc', '/proc', ...size, '/tmp', ...size, '/dev/shm'],
        ...(program?.mounts ?? []).flatMap(({ source, target }) => ['--ro-bind', source, target]),
        ...['--remount-ro', '/dev', '--remount-ro', '/', '--chdir', '/tmp', ...env],
        '--',
        ...inner,
      ];
    },
  };
}

function showReadOnly(path: string): string[] {
  if (!existsSync(path)) return [];
  return lstatSync(path).isSymbolicLink() ? ['--symlink', readlinkSync(path), path] : ['--ro-bind', path, path];
}

export interface ContainerEngine {
  readonly command: string;
  /** Whether it limits the number of files in a tmpfs; podman knows their bytes only. */
  readonly countsFiles: boolean;
}

/** @param image already on this machine: nothing is ever pulled */
export function container(engine: ContainerEngine, image: string, build: string): Walls {
  const python: Interpreter = { path: 'python3', prefix: '/usr', basePrefix: '/usr', build, hasSafePath: false };
  return {
    served: { backend: 'container', strength: 'strong', interpreter: `${build} in ${image}` },
    python,
    user: null,
    // The engine itself counts those inside.
    processesBeside: 1000,
    argv(inner, limits, program) {
      const env = Object.entries(INNER_ENV).filter(([name]) => name !== 'PATH');
      const inodes = engine.countsFiles ? `,nr_inodes=${limits.scratchFiles + 8}` : '';
      const scratch = `rw,nosuid,nodev,mode=1777,size=${Math.ceil(limits.scratchBytes / KiB)}k${inodes}`;
      return [
        engine.command,
        ...['run', '--rm', '--interactive', '--pull', 'never', '--network', 'none', '--read-only', '--init'],
        ...['--cap-drop', 'ALL', '--security-opt', 'no-new-privileges', '--user', '65534:65534', '--ipc', 'none'],
        ...['--hostname', 'sandbox', '--pids-limit', String(limits.processes + 16)],
        ...['--memory', String(2 * limits.memoryBytes + 2 ** 28), '--tmpfs', `/tmp:${scratch}`, '--workdir', '/tmp'],
        ...(program?.mounts ?? []).flatMap(({ source, target }) => [
          '--mount',
          `type=bind,source=${source},target=${target},readonly`,
        ]),
        ...env.flatMap(([name, value]) => ['--env', `${name}=${value}`]),
        '--env',
        'PYTHONHASHSEED',
        image,
        ...inner,
      ];
    },
  };
}

/** Limits, the system call filter, a user of its own where we are root. Files and processes of that user stay in reach. */
export function nothingAround(python: Interpreter, user: User | null): Walls {
  return {
    served: { backend: 'process', strength: 'weak', interpreter: python.build },
    python,
    user,
    processesBeside: user === null ? 4096 : 64,
    argv(inner, _limits, program) {
      if ((program?.mounts ?? []).some(({ source, target }) => source !== target)) throw noMounts('process');
      return inner;
    },
  };
}
