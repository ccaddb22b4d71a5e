# SPDX-License-Identifier: GPL-2.0-or-later
"""Which impossible state the guest is in: one sentence, by rules over what was found."""


GROUPS_SHOWN = 3


def member_at(kind, offset):
    """The name of a struct's member at an offset; empty when none begins there."""
    return next((m.name for m in kind.members if m.offset == offset and m.name), "")


def sentence(prog, facts, names, crash, asleep):
    """`facts`: the JSON's parts; `names`: functions of the suspect's stack, innermost first; `crash`: or None;
    `asleep`: the tasks in D state by the function that they sleep in."""
    for rule in (lost_mapping, endless_wb_page):
        found = rule(prog, facts, names, crash)
        if found:
            return found
    if not facts.get("suspect"):
        return "no vCPU is busy in the kernel, the log tells of no crash, and " + in_d_state(asleep)
    return "not known: " + seen(facts, names)


def error_of(facts):
    context, inode = facts.get("context"), facts.get("inode")
    if context and context["error"]:
        return "error %d in the open context" % context["error"]
    if inode and inode["wb_err"]:
        return "error %d in mapping->wb_err" % inode["wb_err"]
    return "no error is left in the open context or the mapping"


def lost_mapping(prog, facts, names, crash):
    page = facts.get("page")
    if not crash or not page or int(page["mapping"], 16) != 0 or crash.get("address") is None:
        return None
    member = member_at(prog.type("struct address_space"), crash["address"])
    if not member:
        return None
    lost = "the page has lost its mapping, so &mapping->%s is at 0x%x" % (member, crash["address"])
    return "%s (%s)" % (lost, error_of(facts))


def endless_wb_page(prog, facts, names, crash):
    page, commit = facts.get("page"), facts.get("commit")
    if crash or "nfs_wb_page" not in names or not page or not commit:
        return None
    flags = set(page["flags"])
    if flags & {"dirty", "writeback"} or "private" not in flags or commit["ncommit"]:
        return None
    if commit["rpcs_out"] and not counts_itself(facts, commit):
        return None
    return "clean, PagePrivate, nothing to commit: nfs_wb_page() cannot end (%s)" % error_of(facts)


def counts_itself(facts, commit):
    """__nfs_commit_inode() counts a commit for as long as it looks for something to commit: no RPC belongs to it."""
    rpc = facts.get("rpc")
    if commit["rpcs_out"] != 1 or not rpc:
        return False
    return not any(task["procedure"].upper() == "COMMIT" for client in rpc["clients"] for task in client["tasks"])


def in_d_state(asleep):
    if not asleep:
        return "no task is in D state"
    groups = sorted(asleep.items(), key=lambda group: -len(group[1]))
    shown = ["%s in %s" % (one_of(tasks), where) for where, tasks in groups[:GROUPS_SHOWN]]
    more = ["%d more" % sum(len(tasks) for _, tasks in groups[GROUPS_SHOWN:])] if groups[GROUPS_SHOWN:] else []
    return "in D state: " + ", ".join(shown + more)


def one_of(tasks):
    name = "%s (%d)" % (tasks[0]["comm"], tasks[0]["pid"])
    return name if len(tasks) == 1 else "%d tasks such as %s" % (len(tasks), name)


def seen(facts, names):
    parts = []
    suspect = facts["suspect"]
    where = names[0] if names else "an unknown function"
    parts.append("%s %s in %s" % (suspect["task"]["comm"], suspect["how"], where))
    page, commit = facts.get("page"), facts.get("commit")
    if page:
        parts.append("page %s is %s" % (page["address"], ", ".join(page["flags"]) or "without flags"))
        parts.append("mapping %s" % page["mapping"])
    elif facts.get("inode"):
        parts.append("no page of the NFS inode was found")
    if commit:
        parts.append("%d to commit, %d commits under way" % (commit["ncommit"], commit["rpcs_out"]))
    return "; ".join(parts)
