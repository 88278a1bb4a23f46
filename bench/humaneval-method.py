"""
The peer of the label benchmark: HumanEval's method as its authors describe it (one process a candidate, with a manager for the answer,
a guard that takes dangerous functions away inside that same process, and an alarm). Written for this benchmark.
Reads JSON lines {program} on standard input; prints {seconds, cpu, passed, total}.
"""

import builtins
import concurrent.futures
import contextlib
import faulthandler
import io
import json
import multiprocessing
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

LIMIT_SECONDS = 3.0


class OutOfTime(Exception):
    pass


def alarm(_signal, _frame):
    raise OutOfTime


def guard():
    faulthandler.disable()
    builtins.exit = builtins.quit = None
    os.environ["OMP_NUM_THREADS"] = "1"
    for name in ("kill", "system", "putenv", "remove", "removedirs", "rmdir", "fchdir", "setuid", "fork", "forkpty", "killpg", "rename",
                 "renames", "truncate", "replace", "unlink", "fchmod", "fchown", "chmod", "chown", "chroot", "getcwd", "chdir"):
        setattr(os, name, None)
    for name in ("rmtree", "move", "chown"):
        setattr(shutil, name, None)
    subprocess.Popen = None
    builtins.help = None
    for name in ("ipdb", "joblib", "resource", "psutil", "tkinter"):
        sys.modules[name] = None


def execute(program, answers):
    folder = tempfile.mkdtemp()
    rmtree, rmdir, chdir = shutil.rmtree, os.rmdir, os.chdir
    unlink = os.unlink
    os.chdir(folder)
    guard()
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            signal.signal(signal.SIGALRM, alarm)
            signal.setitimer(signal.ITIMER_REAL, LIMIT_SECONDS)
            try:
                exec(program, {})
            finally:
                signal.setitimer(signal.ITIMER_REAL, 0)
        answers.append("passed")
    except OutOfTime:
        answers.append("timed out")
    except BaseException as error:
        answers.append("failed: %s" % error)
    shutil.rmtree, os.rmdir, os.chdir, os.unlink = rmtree, rmdir, chdir, unlink
    os.chdir("/")
    os.rmdir(folder)


def check(program):
    manager = multiprocessing.Manager()
    answers = manager.list()
    process = multiprocessing.Process(target=execute, args=(program, answers))
    process.start()
    process.join(timeout=LIMIT_SECONDS + 1)
    if process.is_alive():
        process.kill()
    return list(answers) == ["passed"]


def main():
    programs = [json.loads(line)["program"] for line in sys.stdin]
    workers = int(sys.argv[1])
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(workers) as pool:
        passed = sum(pool.map(check, programs))
    own, below = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = own.ru_utime + own.ru_stime + below.ru_utime + below.ru_stime
    print(json.dumps({"seconds": time.monotonic() - began, "cpu": cpu, "passed": passed, "total": len(programs)}))


main()
