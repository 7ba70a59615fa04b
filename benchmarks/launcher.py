"""Start one program, wait for it, and print its wall time in seconds, its peak memory in KiB, and its exit code.

`python -I -S launcher.py LOG PROGRAM ARGUMENTS...`: the program's output goes to the file LOG. A process of its own, and a
small one, because the peak that the kernel reports for a program includes the memory of the process that started it.
"""

import os
import sys
import time


def main(log: str, *command: str) -> None:
    """Run the command and print the three numbers."""
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    actions = [(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)]
    start = time.perf_counter()
    child = os.posix_spawn(command[0], command, os.environ, file_actions=actions)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - start
    peak = usage.ru_maxrss // (1024 if sys.platform == "darwin" else 1)  # getrusage(2): KiB on Linux, bytes on macOS
    print(seconds, peak, os.waitstatus_to_exitcode(status))


main(*sys.argv[1:])
