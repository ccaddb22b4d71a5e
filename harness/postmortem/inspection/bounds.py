# SPDX-License-Identifier: GPL-2.0-or-later
"""What a dump may cost: a damaged or hostile one must neither hang nor flood. And how a section says what it lacks."""

import contextlib
import signal

TASKS = 8192  # looked at
UNWOUND = 4096  # of them, stacks
FRAMES = 96  # of one stack
LIST = 4096  # entries of any list of the kernel's
PAGES = 16384  # of one inode
RECORDS = 65536  # of the printk buffer
TEXT = 4096  # bytes of any string
SECTION_SECONDS = 25


class OutOfTime(Exception):
    pass


class Notes:
    """What could not be known, and why."""

    def __init__(self):
        self.entries = []

    def add(self, what, why):
        entry = {"what": text(what), "why": text(str(why))}
        if entry not in self.entries and len(self.entries) < 200:
            self.entries.append(entry)

    @contextlib.contextmanager
    def section(self, what):
        """Errors and a section that takes too long become entries; what it had found stays."""

        def ring(signum, frame):
            raise OutOfTime("it took longer than %d s" % SECTION_SECONDS)

        before = signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, SECTION_SECONDS)
        try:
            yield
        except Exception as error:  # drgn's, and those of a surprising dump
            self.add(what, reason(error))
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


def reason(error):
    kind = type(error).__name__
    if kind == "FaultError":
        return "the dump does not hold that memory: %s" % error
    if kind == "ObjectAbsentError":
        return "optimized out"
    if kind == "KeyError":  # drgn words it with the name alone in quotes
        return "this kernel or its debug information has no %s" % error
    return "%s" % error or kind


def text(value):
    """A str whatever bytes the guest had."""
    if isinstance(value, (bytes, bytearray)):
        value = bytes(value[:TEXT]).decode("utf-8", "replace")
    return value[:TEXT].encode("utf-8", "replace").decode("utf-8")


def string_at(prog, pointer):
    """A C string; None for NULL."""
    address = pointer.value_()
    if not address:
        return None
    data = b""
    while len(data) < TEXT and b"\0" not in data:
        step = 64 - (address + len(data)) % 64
        data += prog.read(address + len(data), step)
    return text(data.split(b"\0")[0])


def walk(head, kind, member, most=LIST):
    """The entries of a list_head, `most` at most; ends at an entry whose neighbour does not point back."""
    from drgn import container_of

    first = head.address_of_() if head.address_ is not None else head
    node = head.next
    previous = first.value_()
    for _ in range(most):
        if node.value_() == first.value_() or not node.value_():
            return
        if node.prev.value_() != previous:
            return
        yield container_of(node, kind, member)
        previous = node.value_()
        node = node.next


def names_of(bits, enumerators):
    """The names of the bits that are set; those without one as "bit N"."""
    names = {}
    for entry in enumerators:
        names.setdefault(entry[1], entry[0])
    return [names.get(bit, "bit %d" % bit) for bit in range(bits.bit_length()) if bits >> bit & 1]


def hexed(value):
    return "0x%x" % value
