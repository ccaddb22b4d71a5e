# SPDX-License-Identifier: GPL-2.0-or-later
"""The tasks of a dump."""

import itertools

from drgn.helpers.linux.pid import for_each_task
from drgn.helpers.linux.sched import task_state_to_char

from bounds import TASKS, text


class Task:
    def __init__(self, task):
        self.task = task
        self.address = task.value_()
        self.pid = task.pid.value_()
        self.comm = text(task.comm.string_())
        try:
            self.state = task_state_to_char(task)
        except Exception:
            self.state = "?"
        try:
            self.parent = task.real_parent.pid.value_()
        except Exception:
            self.parent = 0
        self.kernel_thread = not task.mm.value_()
        self.cpu = None  # when it runs
        self.frames = None

    def named(self):
        return {"pid": self.pid, "comm": self.comm}


def all_tasks(prog, notes):
    tasks = []
    with notes.section("all tasks"):
        for task in itertools.islice(for_each_task(prog), TASKS):
            try:
                tasks.append(Task(task.read_()))
            except Exception as error:
                notes.add("a task at 0x%x" % task.value_(), error)
        if len(tasks) == TASKS:
            notes.add("tasks beyond the first %d" % TASKS, "a limit")
    return tasks


def wanted(task, which):
    """PID or COMM, as --task has it."""
    return str(task.pid) == which or task.comm == which
