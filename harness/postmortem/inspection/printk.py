# SPDX-License-Identifier: GPL-2.0-or-later
"""The guest's own printk buffer, and the registers of a crash that it tells of."""

import re

from drgn.helpers.linux.printk import get_printk_records

from bounds import RECORDS, text

REGISTER = re.compile(r"\b(x\d{1,2}|sp|pc|lr)\s*: ([0-9a-f]{16})\b")
CRASH = re.compile(r"Unable to handle kernel .* at virtual address ([0-9a-f]+)")
PC = re.compile(r"\bpc : (\S+\+0x[0-9a-f]+/0x[0-9a-f]+)")
FRAME = re.compile(r"^ ?(\S+\+0x[0-9a-f]+/0x[0-9a-f]+)")
LOCKUP = re.compile(r"soft lockup - CPU#\d+ stuck for \d+s! \[(.*):(\d+)\]")
TASK = re.compile(r"CPU: (\d+) PID: (\d+) Comm: (.{1,15}?) (?:Not tainted|Tainted:|Kdump:|\S+ #)")


def check_size(prog):
    """drgn's own walk has no bound."""
    try:
        ring = prog["prb"].desc_ring
    except KeyError:
        size = prog["log_buf_len"].value_()
        if size > 1 << 28:
            raise ValueError("log_buf_len is %d: damaged" % size)
        return
    mask = (1 << 62) - 1
    count = 1 << min(ring.count_bits.value_(), 63)
    used = (ring.head_id.counter.value_() - ring.tail_id.counter.value_()) & mask
    if count > 1 << 24 or used > count:
        raise ValueError("the ring has %d descriptors, %d in use: damaged" % (count, used))


def records(prog, notes):
    with notes.section("printk buffer"):
        check_size(prog)
        found = get_printk_records(prog)
        if len(found) > RECORDS:
            notes.add("printk records before the last %d" % RECORDS, "a limit")
        return [{"time": r.timestamp / 1e9, "text": text(r.text)} for r in found[-RECORDS:]]
    return []


def crash_told(lines):
    """The first oops of the lines: {"address", "pid", "comm", "registers", "trace", "line"}; None without one."""
    begin = next((i for i, line in enumerate(lines) if CRASH.search(line)), None)
    if begin is None:
        return None
    crash = {"address": int(CRASH.search(lines[begin]).group(1), 16), "registers": {}, "trace": [], "line": begin}
    tracing = False
    for line in lines[begin : begin + 120]:
        if tracing and not FRAME.match(line):
            break
        tracing = tracing or "Call trace:" in line
        if tracing:
            crash["trace"] += FRAME.findall(line)
            continue
        for name, value in REGISTER.findall(line):
            crash["registers"].setdefault(name, int(value, 16))
        crash["trace"] += PC.findall(line)
        match = TASK.search(line)
        if match:
            crash.update(cpu=int(match.group(1)), pid=int(match.group(2)), comm=match.group(3))
    if crash["trace"][:1] == crash["trace"][1:2]:  # pc is a line of its own, and the trace's first
        del crash["trace"][0]
    crash["trace"] = [frame.split("/")[0] for frame in crash["trace"]]
    return crash


def lockup_told(lines):
    """(line, comm, pid) of the first soft lockup; None without one."""
    for i, line in enumerate(lines):
        match = LOCKUP.search(line)
        if match:
            return i, match.group(1), int(match.group(2))
    return None
