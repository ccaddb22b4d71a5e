# SPDX-License-Identifier: GPL-2.0-or-later
"""The page that a task is stuck with, its NFS request, inode, open context and server."""

import itertools

from drgn import Object, cast, container_of
from drgn.helpers.linux.fs import for_each_mount, mount_dst, mount_src, dentry_path
from drgn.helpers.linux.xarray import xa_for_each, xa_load

from bounds import LIST, PAGES, hexed, names_of, reason, string_at, text

# include/linux/nfs_fs.h: macros, so not in DWARF. Bits mean the same from 4.19 to 6.1.
INODE_FLAGS = (
    ("NFS_INO_ADVISE_RDPLUS", 0),
    ("NFS_INO_STALE", 1),
    ("NFS_INO_ACL_LRU_SET", 2),
    ("NFS_INO_INVALIDATING", 3),
    ("NFS_INO_PRESERVE_UNLINKED", 4),
    ("NFS_INO_FSCACHE", 5),
    ("NFS_INO_FSCACHE_LOCK", 6),
    ("NFS_INO_LAYOUTCOMMIT", 9),
    ("NFS_INO_LAYOUTCOMMITTING", 10),
    ("NFS_INO_LAYOUTSTATS", 11),
    ("NFS_INO_ODIRECT", 12),
)
CONTEXT_FLAGS = (
    ("NFS_CONTEXT_ERROR_WRITE", 0),
    ("NFS_CONTEXT_RESEND_WRITES", 1),
    ("NFS_CONTEXT_BAD", 2),
    ("NFS_CONTEXT_UNLOCK", 3),
    ("NFS_CONTEXT_FILE_OPEN", 4),
)
MAX_ERRNO = 4095  # include/linux/errseq.h: an errseq_t keeps the error in its low 12 bits
ERRSEQ_SEEN = 1 << 12
KERNEL = 1 << 63


def has(kind, member):
    return any(m.name == member for m in kind.members)


def target_of(value):
    """The struct that a pointer points to; empty for anything else."""
    kind = value.type_
    while kind.kind.name == "TYPEDEF":
        kind = kind.type
    if kind.kind.name != "POINTER":
        return ""
    target = kind.type
    while target.kind.name == "TYPEDEF":
        target = target.type
    return target.tag or "" if target.kind.name == "STRUCT" else ""


class Candidates:
    """What the frames of a task hold, innermost first: pointers in variables, values of registers. Read when asked."""

    def __init__(self, stacks, frames):
        self.stacks = stacks
        self.frames = frames
        self.variables = {}  # frame number -> [(where, address, struct)]

    def of(self, *tags):
        """Variables whose type is a pointer to one of these structs."""
        for number, frame in enumerate(self.frames):
            if number not in self.variables:
                self.variables[number] = [
                    ("%s in %s" % (name, function), value.value_(), target_of(value))
                    for function, name, value in self.stacks.variables(frame)
                    if target_of(value)
                ]
            for where, address, tag in self.variables[number]:
                if tag in tags and address >= KERNEL:
                    yield where, address, tag

    @property
    def registers(self):
        seen = set()
        for frame in self.frames:
            function = (self.stacks.symbol(frame.place()) or ("?",))[0]
            for number, value in sorted(frame.registers.values.items()):
                if value >= KERNEL and not value & 7 and value not in seen and (frame.exact or number >= 19):
                    seen.add(value)
                    yield "x%d in %s" % (number, function), value


class Nfs:
    def __init__(self, prog, notes):
        self.prog = prog
        self.notes = notes
        self.page_flags = None
        self.filesystems = {}  # super_block -> name

    def at(self, kind, address):
        return Object(self.prog, kind + " *", address)

    # ---- finding

    def is_nfs_inode(self, address):
        try:
            inode = self.at("struct inode", address)
            superblock = inode.i_sb.value_()
            if superblock < KERNEL or superblock & 7 or inode.i_mapping.value_() < KERNEL:
                return False
            if superblock not in self.filesystems:
                self.filesystems[superblock] = string_at(self.prog, inode.i_sb.s_type.name)
            return str(self.filesystems[superblock]).startswith("nfs") and inode.i_data.host.value_() == address
        except Exception:
            return False

    def inode_through(self, kind, address):
        """From an object of a type to its inode's address."""
        o = self.at("struct " + kind, address)
        return {
            "inode": lambda: address,
            "file": lambda: o.f_inode.value_(),
            "kiocb": lambda: o.ki_filp.f_inode.value_(),
            "address_space": lambda: o.host.value_(),
            "nfs_open_context": lambda: o.dentry.d_inode.value_(),
            "dentry": lambda: o.d_inode.value_(),
        }[kind]()

    def find_inode(self, candidates):
        """(address, where) of the NFS inode that the frames work on, innermost first; None."""
        for where, address, kind in candidates.of("inode", "file", "kiocb", "address_space", "nfs_open_context"):
            inode = self.checked_inode(kind, address)
            if inode:
                return inode, where
        for where, value in candidates.registers:
            for kind in ("inode", "file", "address_space"):
                inode = self.checked_inode(kind, value)
                if inode:
                    return inode, "%s, a struct %s" % (where, kind)
        return None

    def checked_inode(self, kind, address):
        try:
            inode = self.inode_through(kind, address)
            return inode if self.is_nfs_inode(inode) else 0
        except Exception:
            return 0

    def page_of(self, address, inode):
        """Whether a struct page of this inode is there."""
        try:
            return self.at("struct page", address).mapping.value_() == inode.i_mapping.value_()
        except Exception:
            return False

    def page_by_request(self, address, inode):
        """The page that an nfs_page of this inode names; a page that has lost its mapping is known by nothing else."""
        try:
            request = self.at("struct nfs_page", address)
            context = self.context_of(request)
            if context is None or context.dentry.d_inode.value_() != inode.value_():
                return None
            page = self.page_of_request(request)
            if page >= KERNEL and self.at("struct page", page).mapping.value_() in (0, inode.i_mapping.value_()):
                return page
        except Exception:
            pass
        return None

    def request_of(self, page):
        """The nfs_page at page->private, when it names this page as its own."""
        private = page.private.value_()
        if private < KERNEL or private & 7:
            return None
        try:
            request = self.at("struct nfs_page", private)
            return request if self.page_of_request(request) == page.value_() else None
        except Exception:
            return None

    @staticmethod
    def page_of_request(request):
        kind = request.type_.type
        return (request.wb_folio if has(kind, "wb_folio") else request.wb_page).value_()

    def find_page(self, candidates, inode):
        """(page, request or 0, where): by the frames' variables, then by their registers; None."""
        for where, address, _ in candidates.of("page", "folio"):
            if self.page_of(address, inode):
                return address, 0, where
        for where, address, _ in candidates.of("nfs_page"):
            page = self.page_by_request(address, inode)
            if page:
                return page, address, where + "->wb_page"
        for where, value in candidates.registers:
            if value % 64 == 0 and self.page_of(value, inode):
                return value, 0, where
        for where, value in candidates.registers:
            page = self.page_by_request(value, inode)
            if page:
                return page, value, where + ", an nfs_page's wb_page"
        return None

    def stuck_pages(self, inode):
        """Pages of the inode that have a request but are neither dirty nor in writeback."""
        found = []
        for index, entry in itertools.islice(xa_for_each(inode.i_mapping.i_pages.address_of_()), PAGES):
            address = entry.value_()
            if address & 3 or address < KERNEL:
                continue
            flags = set(self.flags_of(self.at("struct page", address)))
            if "private" in flags and not flags & {"dirty", "writeback"}:
                found.append((index, address))
        return found

    @staticmethod
    def in_tree(inode, page):
        return xa_load(inode.i_mapping.i_pages.address_of_(), page.index.value_()).value_() == page.value_()

    # ---- describing

    def flags_of(self, page):
        if self.page_flags is None:
            kind = self.prog.type("enum pageflags")
            most = next(value for name, value in kind.enumerators if name == "__NR_PAGEFLAGS")
            self.page_flags = [(n[3:], v) for n, v in kind.enumerators if n.startswith("PG_") and v < most], most
        names, most = self.page_flags
        return names_of(page.flags.value_() & ((1 << most) - 1), names)

    def describe_page(self, page):
        return {
            "address": hexed(page.value_()),
            "flags_raw": hexed(page.flags.value_()),
            "flags": self.flags_of(page),
            "mapping": hexed(page.mapping.value_()),
            "index": page.index.value_(),
            "private": hexed(page.private.value_()),
            "refcount": page._refcount.counter.value_(),
        }

    def describe_request(self, request):
        kind = request.type_.type
        try:
            names = self.prog["PG_BUSY"].type_.enumerators
        except KeyError:
            names = []
        return {
            "address": hexed(request.value_()),
            "flags_raw": hexed(request.wb_flags.value_()),
            "flags": names_of(request.wb_flags.value_(), [(n, v) for n, v in names]),
            "kref": request.wb_kref.refcount.refs.counter.value_(),
            "index": request.wb_index.value_() if has(kind, "wb_index") else 0,
            "offset": request.wb_offset.value_(),
            "bytes": request.wb_bytes.value_(),
            "page": hexed(self.page_of_request(request)),
        }

    def context_of(self, request):
        kind = request.type_.type
        context = request.wb_context if has(kind, "wb_context") else request.wb_lock_context.open_context
        return context.read_() if context.value_() else None

    def describe_context(self, context):
        return {
            "address": hexed(context.value_()),
            "error": context.error.value_(),
            "flags": names_of(context.flags.value_(), CONTEXT_FLAGS),
            "path": self.path_of(context.dentry),
        }

    def path_of(self, dentry):
        try:
            return text(dentry_path(dentry))
        except Exception as error:
            self.notes.add("the file's path", reason(error))
            return ""

    def describe_inode(self, inode):
        nfsi = container_of(inode, self.prog.type("struct nfs_inode"), "vfs_inode")
        wb_err = inode.i_mapping.wb_err.value_()
        return {
            "address": hexed(inode.value_()),
            "ino": inode.i_ino.value_(),
            "fileid": nfsi.fileid.value_(),
            "size": inode.i_size.value_(),
            "flags": names_of(nfsi.flags.value_(), INODE_FLAGS),
            "flags_raw": hexed(nfsi.flags.value_()),
            "cache_validity": hexed(nfsi.cache_validity.value_()),
            "mapping": hexed(inode.i_mapping.value_()),
            "pages": inode.i_mapping.nrpages.value_(),
            "requests": number(nfsi.nrequests),
            "wb_err": wb_err & MAX_ERRNO,
            "wb_err_seen": bool(wb_err & ERRSEQ_SEEN),
        }

    def describe_commit(self, inode):
        nfsi = container_of(inode, self.prog.type("struct nfs_inode"), "vfs_inode")
        info = nfsi.commit_info
        return {"ncommit": number(info.ncommit), "rpcs_out": number(info.rpcs_out)}

    def describe_server(self, inode):
        server = cast("struct nfs_server *", inode.i_sb.s_fs_info)
        client = server.nfs_client
        return {
            "address": hexed(server.value_()),
            "hostname": string_at(self.prog, client.cl_hostname) or "",
            "version": "%d.%d" % (client.rpc_ops.version.value_(), client.cl_minorversion.value_()),
            "mounts": self.mounts_of(inode.i_sb),
        }

    def mounts_of(self, superblock):
        found = []
        try:
            for mount in itertools.islice(for_each_mount(self.prog), LIST):
                if mount.mnt.mnt_sb.value_() == superblock.value_():
                    found.append("%s on %s" % (text(mount_src(mount)), text(mount_dst(mount))))
        except Exception as error:
            self.notes.add("mounts of the server", reason(error))
        return found

    def lock_member(self, inode, address):
        """Which lock of an inode lies at an address; empty for none."""
        if inode.i_rwsem.address_of_().value_() == address:
            return "i_rwsem"
        try:
            kind = self.prog.type("struct nfs_inode")
        except LookupError:  # the module's debug information is not there
            return ""
        nfsi = container_of(inode, kind, "vfs_inode")
        for member in ("commit_mutex", "rwsem"):
            if has(kind, member) and getattr(nfsi, member).address_of_().value_() == address:
                return "nfs_inode." + member
        return ""

    def name_of(self, inode):
        """"fileid 3"; by its number in memory where struct nfs_inode is not known."""
        try:
            nfsi = container_of(inode, self.prog.type("struct nfs_inode"), "vfs_inode")
            return "fileid %d" % nfsi.fileid.value_()
        except LookupError:
            return "inode %d" % inode.i_ino.value_()


def number(value):
    """Of a plain or an atomic counter."""
    kind = value.type_
    while kind.kind.name == "TYPEDEF":
        kind = kind.type
    return value.counter.value_() if kind.kind.name == "STRUCT" else value.value_()
