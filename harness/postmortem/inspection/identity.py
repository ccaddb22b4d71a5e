# SPDX-License-Identifier: GPL-2.0-or-later
"""Whether vmlinux is the kernel of the dump: by its banner, its build-id, and its table of symbols."""

import struct

from cpus import note_data, notes_of

NT_GNU_BUILD_ID = 3
MOST_TABLE = 1 << 20


def difference(prog, request):
    """How they differ; empty when they do not."""
    told = banners_differ(prog, request)
    if told:
        return told
    build_id = build_id_of(prog) if request.get("build_id") else ""
    if not build_id:
        return tables_differ(prog, request)
    if build_id == request["build_id"]:
        return ""
    return "the dump's build-id is %s, the file's %s" % (build_id, request["build_id"])


def address_of(prog, symbol):
    try:
        return prog.symbol(symbol).address
    except LookupError:
        return None


def banners_differ(prog, request):
    wanted = request.get("banner", "").strip()
    place = address_of(prog, "linux_banner")
    if not wanted or place is None:
        return ""
    release = prog["UTS_RELEASE"].string_().decode("utf-8", "replace")
    try:
        found = prog.read(place, 512).split(b"\0")[0].decode("utf-8", "replace").strip()
    except Exception:
        found = ""
    if found == wanted:
        return ""
    if not found.startswith("Linux version"):
        found = "release %s" % release
    return 'the dump is of "%s", the file of "%s"' % (found, wanted)


def build_id_of(prog):
    """Of the dump's kernel, from its own notes in memory; empty when it has none."""
    first, past = address_of(prog, "__start_notes"), address_of(prog, "__stop_notes")
    if first is None or past is None or not 0 < past - first < 1 << 16:
        return ""
    try:
        data = prog.read(first, past - first)
    except Exception:
        return ""
    return next((value.hex() for name, kind, value in notes_of(data) if (name, kind) == (b"GNU", NT_GNU_BUILD_ID)), "")


def tables_differ(prog, request):
    """A kernel built again from other source may have the same banner, and old ones have no build-id."""
    first, past = address_of(prog, "kallsyms_offsets"), address_of(prog, "kallsyms_relative_base")
    if first is None or past is None or past <= first:
        return ""
    size = min(past - first, MOST_TABLE)
    slide = slide_of(request["vmcore"])
    in_file = bytes_of_file(request["vmlinux"], first - slide, size)
    try:
        in_memory = prog.read(first, size)
    except Exception:
        return ""
    if in_file is None or in_file == in_memory:
        return ""
    return "the same banner, but their tables of symbols differ: it was built again from other source"


def slide_of(path):
    """Of KASLR, as the dump's VMCOREINFO has it."""
    for name, _, data in notes_of(note_data(path)):
        if name == b"VMCOREINFO":
            for line in data.split(b"\n"):
                if line.startswith(b"KERNELOFFSET="):
                    return int(line.split(b"=")[1], 16)
    return 0


def bytes_of_file(path, address, size):
    """What an ELF file puts at an address; None when it has nothing there."""
    with open(path, "rb") as file:
        head = file.read(64)
        offset, count = struct.unpack_from("<Q", head, 32)[0], struct.unpack_from("<H", head, 56)[0]
        for i in range(count):
            file.seek(offset + 56 * i)
            kind, _, at, first, _, in_file, _, _ = struct.unpack("<IIQQQQQQ", file.read(56))
            if kind == 1 and first <= address and address + size <= first + in_file:
                file.seek(at + address - first)
                return file.read(size)
    return None
