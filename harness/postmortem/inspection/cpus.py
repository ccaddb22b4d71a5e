# SPDX-License-Identifier: GPL-2.0-or-later
"""The registers of each vCPU, from the dump's NT_PRSTATUS notes, and the task that ran on it."""

import struct

from drgn.helpers.linux.percpu import per_cpu

from stacks import Registers

NT_PRSTATUS = 1
REGISTERS_AT = 112  # of arm64's struct elf_prstatus


def notes_of(data):
    at = 0
    while at + 12 <= len(data):
        name_size, size, kind = struct.unpack_from("<III", data, at)
        at += 12
        name = data[at : at + name_size].rstrip(b"\0")
        at += -(-name_size // 4) * 4
        yield name, kind, data[at : at + size]
        at += -(-size // 4) * 4


def note_data(path):
    """All notes of an ELF or kdump file."""
    with open(path, "rb") as file:
        head = file.read(4096)
        if head[:4] == b"\x7fELF":
            offset, count = struct.unpack_from("<Q", head, 32)[0], struct.unpack_from("<H", head, 56)[0]
            data = b""
            for i in range(count):
                file.seek(offset + 56 * i)
                kind, _, at, _, _, size, _, _ = struct.unpack("<IIQQQQQQ", file.read(56))
                if kind == 4 and size < 1 << 26:
                    file.seek(at)
                    data += file.read(size)
            return data
        if head[:8] == b"KDUMP   ":
            version, block = struct.unpack_from("<I", head, 8)[0], struct.unpack_from("<I", head, 424 + 4)[0]
            if version < 4:
                raise ValueError("a kdump of format version %d holds no registers" % version)
            file.seek(block)
            sub = file.read(block)
            offset, size = struct.unpack_from("<QQ", sub, 48)
            file.seek(offset)
            return file.read(min(size, 1 << 26))
    raise ValueError("neither an ELF file nor a kdump")


def registers_of_vcpus(path):
    return [
        Registers.from_user_pt_regs(data[REGISTERS_AT:])
        for name, kind, data in notes_of(note_data(path))
        if kind == NT_PRSTATUS and name == b"CORE" and len(data) >= REGISTERS_AT + 272
    ]


def pstates_of_vcpus(path):
    return [
        struct.unpack_from("<Q", data, REGISTERS_AT + 264)[0]
        for name, kind, data in notes_of(note_data(path))
        if kind == NT_PRSTATUS and name == b"CORE" and len(data) >= REGISTERS_AT + 272
    ]


def running_tasks(prog, count):
    """The task that each of the first `count` CPUs' run queues says is current; None where that is not to be had."""
    tasks = []
    for cpu in range(count):
        try:
            tasks.append(per_cpu(prog["runqueues"], cpu).curr.read_())
        except Exception:
            tasks.append(None)
    return tasks
