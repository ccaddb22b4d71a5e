# SPDX-License-Identifier: GPL-2.0-or-later
"""All parts together: who is stuck, in what, and who waits for whom."""

import cpus
import nfs
import printk
import verdict
import waits
from bounds import UNWOUND, Notes, hexed, reason, text
from modules import Modules
from rpc import Rpc
from stacks import Registers, Stacks
from tasks import Task, all_tasks, wanted

IDLE = ("cpu_do_idle", "arch_cpu_idle", "default_idle_call", "cpuidle_idle_call")
LOCK_SEEKERS = ("nfs_start_io_", "rwsem_down_", "__rwsem_down_", "down_write", "down_read", "inode_lock")
SCHEDULER = ("__switch_to", "context_switch", "__schedule", "schedule", "io_schedule", "rt_mutex_schedule")
EL_MASK = 0xC  # of PSTATE: 0 is user space


class Inspection:
    def __init__(self, prog, request):
        self.prog = prog
        self.request = request
        self.notes = Notes()
        self.facts = {"version": 1}
        self.vcpus = []  # (cpu, frames, task or None, in user space)
        self.tasks = []
        self.suspect = None  # (task named, frames, crash or None)
        self.crash = None
        self.nfs = None
        self.inodes = {}  # task address -> inode address
        self.inode = None

    def findings(self):
        notes = self.notes
        self.facts["release"] = text(self.prog["UTS_RELEASE"].string_())
        self.facts["dmesg"] = printk.records(self.prog, notes)
        self.modules = Modules(self.prog, notes)
        with notes.section("debug information of modules"):
            self.load_modules()
        self.stacks = Stacks(self.prog, notes)
        with notes.section("tasks"):
            self.tasks = all_tasks(self.prog, notes)
        with notes.section("vCPUs"):
            self.read_vcpus()
        with notes.section("stacks of tasks"):
            self.unwind_tasks()
        with notes.section("the stuck task"):
            self.find_suspect()
        with notes.section("NFS"):
            self.nfs = nfs.Nfs(self.prog, notes)
            self.examine_nfs()
        with notes.section("blocked tasks"):
            self.facts["blocked"] = self.blocked()
        with notes.section("who waits for whom"):
            self.facts["waits"] = self.wait_graph()
        with notes.section("RPC"):
            self.facts["rpc"] = Rpc(self.prog, notes).all()
        with notes.section("table of tasks"):
            self.facts["tasks"] = self.table()
        with notes.section("the sentence"):
            names = self.stacks.names(self.suspect[1]) if self.suspect else []
            self.facts["sentence"] = verdict.sentence(self.prog, self.facts, names, self.crash, self.asleep())
        self.facts["not_available"] = notes.entries
        return self.facts

    def load_modules(self):
        folder = self.request.get("modules")
        if folder:
            self.modules.load(folder, self.request["scratch"], self.notes)
        elif self.modules.names():
            names = ", ".join(self.modules.names())
            self.notes.add("debug information of modules", "no --modules folder was given: " + names)

    # ---- stacks

    def read_vcpus(self):
        registers = cpus.registers_of_vcpus(self.request["vmcore"])
        states = cpus.pstates_of_vcpus(self.request["vmcore"])
        known = {task.address: task for task in self.tasks}
        current = cpus.running_tasks(self.prog, len(registers))
        shown = self.facts["vcpus"] = []
        for cpu, (regs, state, task) in enumerate(zip(registers, states, current)):
            try:
                shown.append(self.read_vcpu(cpu, regs, state & EL_MASK == 0, task, known))
            except Exception as error:
                self.notes.add("vCPU %d" % cpu, reason(error))
        if not registers:
            self.notes.add("vCPUs", "the dump has no NT_PRSTATUS notes")

    def read_vcpu(self, cpu, regs, in_user, task, known):
        frames = [] if in_user else self.stacks.unwind(regs)
        owner = known.get(task.value_()) if task is not None else None
        if owner is None and task is not None:  # the list of tasks is damaged
            owner = Task(task)
            self.tasks.append(owner)
        if owner:
            owner.cpu, owner.frames = cpu, frames
        self.vcpus.append((cpu, frames, owner, in_user))
        idle = not in_user and any(name in IDLE for name in self.stacks.names(frames[:3]))
        entry = {"cpu": cpu, "pc": hexed(regs.pc), "idle": idle, "user": in_user}
        entry["stack"] = self.stacks.described(frames, self.modules)
        if task is not None:
            entry["task"] = {"pid": task.pid.value_(), "comm": text(task.comm.string_())}
            self.check_stack(cpu, task, regs.sp, in_user)
        else:
            self.notes.add("the task on vCPU %d" % cpu, "its run queue cannot be read")
        return entry

    def check_stack(self, cpu, task, sp, in_user):
        base = task.stack.value_()
        if not in_user and not base <= sp < base + self.stacks.stack_size:
            self.notes.add(
                "whether vCPU %d ran %s" % (cpu, text(task.comm.string_())),
                "its sp %s is not on that task's stack: an interrupt's, or another task's" % hexed(sp),
            )

    def unwind_tasks(self):
        left = UNWOUND
        for task in self.tasks:
            if task.frames is not None:
                continue
            if left == 0:
                self.notes.add("stacks of tasks beyond the first %d" % UNWOUND, "a limit")
                break
            left -= 1
            task.frames = []  # stays so when it fails
            try:
                task.frames = self.stacks.of_task(task.task)
            except Exception as error:
                self.notes.add("the stack of %d %s" % (task.pid, task.comm), reason(error))

    # ---- the stuck one

    def find_suspect(self):
        log = [line["text"] for line in self.facts.get("dmesg", [])]
        told = [part for entry in log for part in entry.split("\n")]
        crash = self.request.get("crash") or printk.crash_told(told)
        lockup = printk.lockup_told(told)
        first_is_lockup = lockup and (printk.crash_told(told[: lockup[0]]) is None)
        if crash and not (first_is_lockup and self.busy(lockup[2])):
            return self.crashed(crash)
        busy = (lockup and self.busy(lockup[2])) or self.busy(None)
        if busy:
            cpu, frames, task, _ = busy
            how = "spins on vCPU %d" % cpu if lockup and lockup[2] == task.pid else "runs on vCPU %d" % cpu
            self.suspect = (task.named(), frames)
            stack = self.stacks.described(frames, self.modules)
            self.facts["suspect"] = {"task": task.named(), "how": how, "stack": stack}

    def busy(self, pid):
        """The vCPU that this task, or else any, keeps busy in the kernel."""
        busy = [v for v in self.vcpus if v[2] and v[1] and not v[3] and v[2].pid != 0]
        busy = [v for v in busy if not any(name in IDLE for name in self.stacks.names(v[1][:3]))]
        return next((v for v in busy if v[2].pid == pid), busy[0] if busy and pid is None else None)

    def crashed(self, crash):
        registers = crash["registers"]
        values = {int(name[1:]): value for name, value in registers.items() if name[0] == "x"}
        frames = []
        if "pc" not in registers:
            name, _, offset = (crash["trace"] or ["?"])[0].partition("+")
            try:
                registers["pc"] = self.prog.symbol(name).address + int(offset, 16)
            except (LookupError, ValueError):
                self.notes.add("the crashed task's stack", "the log has no pc that can be placed")
        if "pc" in registers:
            values.setdefault(30, 0)
            first = Registers(values, registers.get("sp", 0), registers["pc"])
            frames = self.matching(self.stacks.unwind(first), crash)
        self.crash = crash
        who = {"pid": crash.get("pid", 0), "comm": text(crash.get("comm", ""))}
        self.suspect = (who, frames)
        stack = self.stacks.described(frames, self.modules)
        fault = hexed(crash["address"]) if crash.get("address") is not None else None
        self.facts["suspect"] = {"task": who, "how": "crashed", "fault": fault, "stack": stack}

    def matching(self, frames, crash):
        """Frames that the log's trace has, too: memory of a stack that is in use again tells of somebody else."""
        kept = []
        for frame, told in zip(frames, crash["trace"]):
            symbol = self.stacks.symbol(frame.place())
            if symbol is None or told != "%s+0x%x" % (symbol[0], frame.pc - symbol[1]):
                break
            kept.append(frame)
        if len(kept) < len(frames):
            self.notes.add("the crashed task's stack beyond %d frames" % len(kept), "its memory was used again")
        return kept or frames[:1]

    # ---- NFS

    def examine_nfs(self):
        if not self.suspect:  # the sentence says so
            return
        candidates = nfs.Candidates(self.stacks, self.suspect[1])
        found = self.nfs.find_inode(candidates)
        if not found:
            if any("nfs" in name for name in self.stacks.names(self.suspect[1])):
                self.notes.add("the page", "no NFS inode in the variables or registers of the stuck task's frames")
            return
        self.inode = self.nfs.at("struct inode", found[0])
        self.describe_inode(found[1])
        self.describe_page(candidates)

    def describe_inode(self, how):
        notes = self.notes
        with notes.section("the inode"):
            self.facts["inode"] = dict(self.nfs.describe_inode(self.inode), found_by=how)
        with notes.section("commit counts"):
            self.facts["commit"] = self.nfs.describe_commit(self.inode)
        with notes.section("the server"):
            self.facts["server"] = self.nfs.describe_server(self.inode)

    def describe_page(self, candidates):
        found = self.nfs.find_page(candidates, self.inode)
        stuck = []
        with self.notes.section("pages of the inode"):
            stuck = self.nfs.stuck_pages(self.inode)
        address = found[0] if found else stuck[0][1] if len(stuck) == 1 else None
        if address is None:
            why = "the frames do not name it, and %d pages of the inode are private and clean" % len(stuck)
            self.notes.add("the page", why)
            return
        page = self.nfs.at("struct page", address)
        with self.notes.section("the page"):
            how = found[2] if found else "the inode's page tree: the only private and clean page"
            agreed = self.agreement(found, stuck, page)
            self.facts["page"] = dict(self.nfs.describe_page(page), found_by=how, page_tree=agreed)
        request = self.nfs.request_of(page)
        if request is None and found and found[1]:
            request = self.nfs.at("struct nfs_page", found[1])
        if request is None:
            self.notes.add("the page's request", "page->private is no nfs_page that names this page")
            return
        with self.notes.section("the page's request"):
            self.facts["request"] = self.nfs.describe_request(request)
        with self.notes.section("the open context"):
            context = self.nfs.context_of(request)
            self.facts["context"] = self.nfs.describe_context(context) if context is not None else None

    def agreement(self, found, stuck, page):
        """Whether the inode's page tree, searched apart from the frames, says the same."""
        if not found:
            return "alone: the frames name no page"
        if not page.mapping.value_():
            there = self.nfs.in_tree(self.inode, page)
            return "still has it" if there else "agrees: the page is no longer in it"
        if any(address == found[0] for _, address in stuck):
            which = "the only" if len(stuck) == 1 else "one of %d, each a" % len(stuck)
            return "agrees: %s private and clean page" % which
        return "does not have it among its %d private and clean pages" % len(stuck)

    # ---- who waits

    def inode_of(self, task):
        """The NFS inode that a task's frames work on; 0 for none."""
        if task.address not in self.inodes:
            found = self.nfs.find_inode(nfs.Candidates(self.stacks, task.frames or []))
            self.inodes[task.address] = found[0] if found else 0
        return self.inodes[task.address]

    def seeks_same_lock(self, task):
        if self.inode is None or task.cpu is not None or not task.frames:
            return False
        if not any(name.startswith(LOCK_SEEKERS) for name in self.stacks.names(task.frames)):
            return False
        return self.inode_of(task) == self.inode.value_()

    def sleepers(self):
        return [task for task in self.tasks if task.state == "D" or self.seeks_same_lock(task)]

    def blocked(self):
        groups = {}
        for task in self.sleepers():
            key = (task.state, tuple(frame.pc for frame in task.frames or []))
            groups.setdefault(key, []).append(task)
        return [
            {
                "state": key[0],
                "tasks": [task.named() for task in group],
                "stack": self.stacks.described(group[0].frames or [], self.modules),
            }
            for key, group in groups.items()
        ]

    def asleep(self):
        """Of each group of blocked tasks in D state: their names, and the function that called the scheduler."""
        found = {}
        for task in self.sleepers():
            names = [name for name in self.stacks.names(task.frames or []) if not name.startswith(SCHEDULER)]
            if task.state == "D":
                found.setdefault(names[0] if names else "an unknown function", []).append(task.named())
        return found

    def wait_graph(self):
        graph = waits.Waits(self.prog, self.stacks, self.tasks)
        sleepers = [task for task in self.sleepers() if task.frames]
        running = [(task, self.inode_of(task)) for task in self.tasks if task.cpu is not None and task.pid]
        candidates = [self.inode.value_()] if self.inode is not None else []
        for task in sleepers:
            if self.inode_of(task) and self.inode_of(task) not in candidates:
                candidates.append(self.inode_of(task))

        def inode_of_lock(lock):
            for address in candidates:
                inode = self.nfs.at("struct inode", address)
                member = self.nfs.lock_member(inode, lock.address)
                if member:
                    return member, self.nfs.name_of(inode), address
            return None

        ended = None
        if self.crash and self.suspect and self.inode is not None:
            name = {key: self.suspect[0][key] for key in ("pid", "comm")}
            ended = (name, self.inode.value_())
        return waits.edges(graph, sleepers, inode_of_lock, running, ended, self.notes)

    def table(self):
        which = self.request.get("task") or (self.suspect[0]["comm"] if self.suspect else None)
        if not which:
            return []
        chosen = [task for task in self.tasks if wanted(task, which)]
        if not chosen:
            self.notes.add("tasks named %s" % which, "there is none in the dump")
        return [
            {
                "task": task.named(),
                "ppid": task.parent,
                "state": task.state,
                "cpu": task.cpu,
                "stack": self.stacks.described(task.frames or [], self.modules),
            }
            for task in chosen
        ]
