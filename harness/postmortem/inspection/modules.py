# SPDX-License-Identifier: GPL-2.0-or-later
"""The modules that were loaded, and their debug information out of a folder."""

import os
import re
import subprocess

from bounds import LIST, reason, text, walk

PACKED = {".xz": ["xz", "-dc"], ".gz": ["gzip", "-dc"], ".zst": ["zstd", "-dcq"]}
FILE = re.compile(r"^(.*)\.ko(\.debug)?(\.xz|\.gz|\.zst)?$")


class Modules:
    def __init__(self, prog, notes):
        self.prog = prog
        self.places = []  # (first, past, name)
        self.missing = {}  # name -> why it has no debug information
        with notes.section("modules"):
            self.read()

    def read(self):
        try:
            loaded = self.prog["modules"]
        except KeyError:
            return  # a kernel without modules
        for module in walk(loaded, "struct module", "list", LIST):
            name = text(module.name.string_())
            for first, size in self.ranges(module):
                self.places.append((first, first + size, name))
            self.missing[name] = "no --modules folder was given"

    @staticmethod
    def ranges(module):
        members = {m.name for m in module.prog_.type("struct module").members}
        if "core_layout" in members:
            return [(module.core_layout.base.value_(), module.core_layout.size.value_())]
        if "mem" in members:
            return [(part.base.value_(), part.size.value_()) for part in module.mem]
        return [(module.module_core.value_(), module.core_size.value_())]

    def at(self, address):
        return next((name for first, past, name in self.places if first <= address < past), "")

    def names(self):
        return sorted(self.missing.keys() | {name for _, _, name in self.places})

    def why_undecoded(self, name):
        return "module %s: %s" % (name, self.missing.get(name, "no debug information for this address"))

    def load(self, folder, scratch, notes):
        found = files_of_modules(folder, set(self.missing))
        paths = {}
        for name in list(self.missing):
            if name not in found:
                self.missing[name] = "no %s.ko below %s" % (name, folder)
                continue
            try:
                paths[name] = unpacked(found[name], name, scratch)
            except (OSError, subprocess.CalledProcessError) as error:
                self.missing[name] = "%s: %s" % (found[name], reason(error))
        self.load_files(paths, found)
        for name, why in sorted(self.missing.items()):
            notes.add("debug information of module %s" % name, why)

    def load_files(self, paths, found):
        for name, path in paths.items():
            before = self.sample(name)
            try:
                self.prog.load_debug_info([path])
                # drgn leaves out in silence what is of another build.
                same = self.sample(name) != before
                why = "" if same else "%s is of another build, or has no debug information" % found[name]
            except Exception as error:
                why = "%s: %s" % (found[name], reason(error))
            if why:
                self.missing[name] = why
            else:
                del self.missing[name]

    def sample(self, name):
        """Whether any address of the module has a symbol."""
        for first, past, owner in self.places:
            if owner == name:
                for address in range(first, past, max(64, (past - first) // 64)):
                    try:
                        return bool(self.prog.symbol(address))
                    except LookupError:
                        continue
        return False


def files_of_modules(folder, names):
    """name -> path; a .ko.debug before a .ko, as it is what has the debug information."""
    found = {}
    for where, folders, files in os.walk(folder):
        folders.sort()
        for file in sorted(files):
            match = FILE.match(file)
            name = match and match.group(1).replace("-", "_")
            if name in names and (name not in found or match.group(2)):
                found[name] = os.path.join(where, file)
    return found


def unpacked(path, name, scratch):
    program = PACKED.get(os.path.splitext(path)[1])
    if program is None:
        return path
    target = os.path.join(scratch, name + ".ko")
    with open(target, "wb") as out:
        subprocess.run(program + [path], stdout=out, stderr=subprocess.PIPE, check=True)
    return target
