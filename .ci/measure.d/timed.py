"""Runs a command and writes what it took: seconds, peak memory in KiB, its processor time as hundredths of one
core, and that of another process meanwhile.

    timed.py RESULT WATCHED COMMAND...

WATCHED is a process id, or 0. When this is asked to end, the command is, too.
"""

import os
import resource
import signal
import subprocess
import sys
import time


def processor_seconds(process):
    """User and system time of a process: fields 14 and 15 of its stat, counted behind its name."""
    if process == "0":
        return 0.0
    with open(f"/proc/{process}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


result, watched, *command = sys.argv[1:]
before = processor_seconds(watched)
began = time.monotonic()
child = subprocess.Popen(command)
signal.signal(signal.SIGTERM, lambda *_: child.kill())
code = child.wait()
seconds = time.monotonic() - began
other = (processor_seconds(watched) - before) / seconds
# The one child that there was: its peak is VmHWM.
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
own = (usage.ru_utime + usage.ru_stime) / seconds
with open(result, "w", encoding="ascii") as file:
    file.write(f"{seconds:.4f} {usage.ru_maxrss} {own * 100:.0f} {other * 100:.0f}\n")
sys.exit(code if code >= 0 else 128 - code)
