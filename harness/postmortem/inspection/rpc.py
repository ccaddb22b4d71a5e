# SPDX-License-Identifier: GPL-2.0-or-later
"""RPC clients, their tasks and transports."""

from drgn import cast

from bounds import LIST, hexed, names_of, string_at, text, walk

# include/linux/sunrpc/{sched,xprt}.h: macros on most kernels. The run states were numbered again in 5.0.
RUN_STATES_OLD = (("RUNNING", 0), ("QUEUED", 1), ("ACTIVE", 2), ("MSG_RECV", 3), ("MSG_RECV_WAIT", 4))
RUN_STATES = (
    ("RUNNING", 0),
    ("QUEUED", 1),
    ("ACTIVE", 2),
    ("NEED_XMIT", 3),
    ("NEED_RECV", 4),
    ("MSG_PIN_WAIT", 5),
    ("SIGNALLED", 6),
)
TRANSPORT_STATES = (
    ("LOCKED", 0),
    ("CONNECTED", 1),
    ("CONNECTING", 2),
    ("CLOSE_WAIT", 3),
    ("BOUND", 4),
    ("BINDING", 5),
    ("CLOSING", 6),
    ("OFFLINE", 7),
    ("REMOVE", 8),
    ("CONGESTED", 9),
    ("CWND_WAIT", 10),
    ("WRITE_SPACE", 11),
    ("SND_IS_COOKIE", 12),
)


def has(kind, member):
    return any(m.name == member for m in kind.members)


class Rpc:
    def __init__(self, prog, notes):
        self.prog = prog
        self.notes = notes
        new = has(prog.type("struct rpc_xprt"), "xmit_queue")
        self.run_states = RUN_STATES if new else RUN_STATES_OLD
        try:  # an enum since 6.0
            found = prog["RPC_TASK_RUNNING"].type_.enumerators
            self.run_states = [(name.replace("RPC_TASK_", ""), value) for name, value in found]
        except LookupError:
            pass

    def all(self):
        identity = self.prog["sunrpc_net_id"].value_()
        net = self.prog["init_net"].gen.ptr[identity]
        clients, transports = [], {}
        for client in walk(cast("struct sunrpc_net *", net).all_clients, "struct rpc_clnt", "cl_clients"):
            with self.notes.section("RPC client 0x%x" % client.value_()):
                clients.append(self.client(client, transports))
        return {"clients": clients, "transports": list(transports.values())}

    def client(self, client, transports):
        transport = client.cl_xprt
        if transport.value_() and transport.value_() not in transports:
            transports[transport.value_()] = self.transport(transport)
        tasks = [self.task(task) for task in walk(client.cl_tasks, "struct rpc_task", "tk_task", LIST)]
        return {
            "address": hexed(client.value_()),
            "program": string_at(self.prog, client.cl_program.name) or "",
            "version": client.cl_vers.value_(),
            "transport": hexed(transport.value_()),
            "tasks": tasks,
        }

    def task(self, task):
        procedure = task.tk_msg.rpc_proc
        queue = task.tk_waitqueue
        name = ""
        if queue.value_() and has(self.prog.type("struct rpc_wait_queue"), "name"):
            name = string_at(self.prog, queue.name) or ""
        return {
            "address": hexed(task.value_()),
            "procedure": (string_at(self.prog, procedure.p_name) if procedure.value_() else "") or "",
            "state": names_of(task.tk_runstate.value_(), self.run_states),
            "status": task.tk_status.value_(),
            "queue": name,
            "owner": task.tk_owner.value_(),
        }

    def transport(self, transport):
        return {
            "address": hexed(transport.value_()),
            "state": names_of(transport.state.value_(), TRANSPORT_STATES),
            "server": text(string_at(self.prog, transport.servername) or ""),
            "peer": string_at(self.prog, transport.address_strings[0]) or "",
            "sending": transport.sending.qlen.value_(),
            "pending": transport.pending.qlen.value_(),
            "backlog": transport.backlog.qlen.value_(),
        }
