# SPDX-License-Identifier: GPL-2.0-or-later
"""Who waits for whom: sleeping locks by the waiter that lies on the sleeping task's own stack."""

import struct

from drgn import FaultError, Object

from bounds import LIST, hexed, reason

# What a task sleeps in -> (the lock, the record on its stack). The list is doubly linked through the lock's wait_list.
SLEEPERS = (
    ("rwsem_down_", "struct rw_semaphore", "struct rwsem_waiter"),
    ("__rwsem_down_", "struct rw_semaphore", "struct rwsem_waiter"),
    ("__mutex_lock", "struct mutex", "struct mutex_waiter"),
    ("__ww_mutex_lock", "struct mutex", "struct mutex_waiter"),
)
# Functions in which a task waits for something that has no owner.
ENDS = (
    ("rpc_wait_bit_killable", "an RPC task's end"),
    ("folio_wait_bit", "a page's bit"),
    ("wait_on_page_bit", "a page's bit"),
    ("nfs_wait_bit", "an NFS request's bit"),
    ("wait_for_c", "a completion"),
    ("__wait_on_bit", "a bit"),
    ("io_schedule", "I/O"),
)
OWNER_FLAGS = {"struct rw_semaphore": 7, "struct mutex": 7}
RWSEM_READER_OWNED = 1  # kernel/locking/rwsem.c
REUSED = "the holder has ended: its memory is now that of a task which waits for it"


class Lock:
    def __init__(self, kind, address):
        self.kind = kind
        self.address = address


class Waits:
    def __init__(self, prog, stacks, tasks):
        self.prog = prog
        self.stacks = stacks
        self.tasks = {task.address: task for task in tasks}

    def lock_of(self, task):
        """The lock that a sleeping task waits for; None when it waits for something else."""
        for frame, outer in zip(task.frames, task.frames[1:]):
            for name in self.stacks.names([frame]):
                for prefix, kind, record in SLEEPERS:
                    if name.startswith(prefix):
                        lock = self.lock_by_record(task, frame, outer, kind, record)
                        if lock:
                            return lock
        return None

    def lock_by_record(self, task, frame, outer, kind, record):
        """The words of a frame hold the task's address where the waiter's `task` is; its list leads to the lock."""
        low, high = frame.registers.sp, outer.registers.sp
        if not 0 < high - low <= self.stacks.stack_size:
            return None
        words = struct.unpack("<%dQ" % ((high - low) // 8), self.prog.read(low, (high - low) // 8 * 8))
        task_at = next(m.offset for m in self.prog.type(record).members if m.name == "task")
        for i, word in enumerate(words):
            if word == task.address:
                head = self.head_from(low + 8 * i - task_at, record)
                if head:
                    wait_list = next(m.offset for m in self.prog.type(kind).members if m.name == "wait_list")
                    return Lock(kind, head - wait_list)
        return None

    def head_from(self, address, record):
        """Along the list from one waiter to the first entry that is none: the list's head. None: no such list."""
        previous = address  # `list` is the first member of both records
        try:
            for _ in range(LIST):
                node = self.prog.read_u64(previous)
                if node & 7 or node == address or self.prog.read_u64(node + 8) != previous:
                    return None
                if Object(self.prog, record, address=node).task.value_() not in self.tasks:
                    return node
                previous = node
        except FaultError:  # a word that only looked like a waiter
            pass
        return None

    def owner(self, lock):
        """(the holder as {"pid", "comm"} or None, how it is known, certain, its address)."""
        members = {m.name for m in self.prog.type(lock.kind).members}
        if "owner" not in members:
            return None, "this kernel keeps no owner of a %s" % lock.kind[7:], False, 0
        owner = Object(self.prog, lock.kind, address=lock.address).owner
        value = owner.counter.value_() if owner.type_.kind.name in ("STRUCT", "TYPEDEF") else owner.value_()
        value &= (1 << 64) - 1
        address = value & ~OWNER_FLAGS[lock.kind]
        if lock.kind == "struct rw_semaphore" and value & RWSEM_READER_OWNED:
            return None, "held by readers: the kernel keeps none of their names", False, 0
        if not address:
            return None, "the owner field is empty", False, 0
        if address in self.tasks and self.waits_for(self.tasks[address], lock):
            return None, REUSED, False, 0
        if address in self.tasks:
            return self.tasks[address].named(), "owner field", True, address
        return self.gone(address), "owner field; that task has ended", False, address

    def waits_for(self, task, lock):
        wanted = self.lock_of(task) if task.frames else None
        return wanted is not None and wanted.address == lock.address

    def gone(self, address):
        """A task that is in no list any more: what its memory still says."""
        try:
            task = Object(self.prog, "struct task_struct *", address)
            return {"pid": task.pid.value_(), "comm": task.comm.string_().decode("utf-8", "replace")}
        except Exception:
            return None

    def end_waited_for(self, task):
        """What a sleeping task waits for, by the functions it is in; empty when none tells."""
        names = self.stacks.names(task.frames)
        for prefix, what in ENDS:
            if any(name.startswith(prefix) for name in names):
                return what
        return ""


def described(lock, inode_of_lock):
    """What a lock is, as edges have it: "inode->i_rwsem 0x... (fileid 2)"."""
    inode = inode_of_lock(lock)
    if inode:
        return "inode->%s %s (%s)" % (inode[0], hexed(lock.address), inode[1])
    return "%s %s" % (lock.kind[7:], hexed(lock.address))


def edges(waits, tasks, inode_of_lock, spinning, ended, notes):
    """One per sleeping task. `spinning`: tasks on a CPU that are on their way in the inode of the lock. `ended`: the
    name of the task that crashed, and its inode; or None."""
    found = []
    for task in tasks:
        try:
            found.append(edge(waits, task, inode_of_lock, spinning, ended))
        except Exception as error:
            notes.add("what %d %s waits for" % (task.pid, task.comm), reason(error))
    return [e for e in found if e]


def edge(waits, task, inode_of_lock, spinning, ended):
    lock = waits.lock_of(task)
    if lock is None:
        what, how = waits.end_waited_for(task), "by the functions on its stack"
        return {"waiter": task.named(), "holder": None, "on": what, "how": how, "certain": False} if what else None
    holder, how, certain, _ = waits.owner(lock)
    inode = inode_of_lock(lock)
    if holder is None and inode:
        same = [t for t, address in spinning if address == inode[2]]
        if len(same) == 1:
            holder, how = same[0].named(), "same inode, spinning"
        elif how == REUSED and ended and ended[1] == inode[2]:
            holder, how = ended[0], "crashed in this inode; " + how
    return {
        "waiter": task.named(),
        "holder": holder,
        "on": described(lock, inode_of_lock),
        "how": how,
        "certain": certain,
        "lock": hexed(lock.address),
    }
