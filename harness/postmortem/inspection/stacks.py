# SPDX-License-Identifier: GPL-2.0-or-later
"""Stacks of vCPUs and tasks: callers by frame records, registers by what the functions saved, lines by DWARF."""

import struct

from drgn import Object

from bounds import FRAMES, hexed, reason, text
from prologue import FP, LR, frames_of

MASK = (1 << 64) - 1
UNKNOWN = 0xDEAD00000000DEAD  # no kernel address
EXCEPTION_ENTRIES = ("el1_irq", "el1_sync", "el1_error", "el1_fiq", "el1h_64_", "el1t_64_", "el1_da", "el1_dbg")


class Registers:
    """x0..x30, sp, pc as far as they are known."""

    def __init__(self, values, sp, pc):
        self.values = dict(values)  # number -> value
        self.sp = sp
        self.pc = pc

    @staticmethod
    def from_user_pt_regs(data):
        words = struct.unpack_from("<33Q", data)
        return Registers(dict(enumerate(words[:31])), words[31], words[32])


class Frame:
    """One physical frame. `exact`: pc is where it is, not where a call returns to."""

    def __init__(self, registers, exact):
        self.registers = registers
        self.pc = registers.pc
        self.exact = exact

    def place(self):
        return self.pc if self.exact else self.pc - 4


class Stacks:
    def __init__(self, prog, notes):
        self.prog = prog
        self.notes = notes
        self.known = {}  # place -> calls
        self.symbols = {}
        self.functions = {}  # begin -> its frames by offset
        self.regs_type = prog.type("struct pt_regs")
        self.record_at = next(m.offset for m in self.regs_type.members if m.name == "stackframe")
        try:
            self.stack_size = prog.type("union thread_union").size
        except LookupError:
            self.stack_size = 16384
        self.tree = self.tree_prefix()

    # ---- names and lines

    def symbol(self, address):
        if address not in self.symbols:
            try:
                symbol = self.prog.symbol(address)
                self.symbols[address] = (symbol.name, symbol.address, symbol.size)
            except (LookupError, ValueError):
                self.symbols[address] = None
        return self.symbols[address]

    def pt_regs(self, registers):
        words = [registers.values.get(i, UNKNOWN) for i in range(31)] + [registers.sp & MASK, registers.pc & MASK, 5]
        data = struct.pack("<34Q", *words)
        return Object.from_bytes_(self.prog, self.regs_type, data + bytes(self.regs_type.size - len(data)))

    def inlined_at(self, registers):
        """drgn's frames of this one physical frame, innermost first."""
        frames = []
        for frame in self.prog.stack_trace(self.pt_regs(registers)):
            frames.append(frame)
            if not frame.is_inline or len(frames) >= FRAMES:
                break
        return frames

    def tree_prefix(self):
        """What comes before init/main.c in this build's paths."""
        try:
            start = self.prog.symbol("start_kernel").address
            where = self.inlined_at(Registers({FP: 0}, 0, start))[-1].source()[0]
            return where[: -len("init/main.c")] if where.endswith("init/main.c") else ""
        except (LookupError, IndexError):
            return ""

    def calls(self, frame):
        place = frame.place()
        if place not in self.known:
            self.known[place] = self.calls_at(place)
        return self.known[place]

    def calls_at(self, place):
        calls = []
        for frame in self.inlined_at(Registers({FP: 0, LR: 0}, 0, place)):
            try:
                file, line, _ = frame.source()
            except LookupError:
                break
            if self.tree and file.startswith(self.tree):
                file = file[len(self.tree) :]
            name = frame.name or (self.symbol(place) or ("?",))[0]
            calls.append({"function": text(name), "file": text(file), "line": line})
        return calls

    def names(self, frames):
        """All functions on a stack, inlined ones too, innermost first."""
        names = []
        for frame in frames:
            names += [call["function"] for call in self.calls(frame)] or [(self.symbol(frame.place()) or ("?",))[0]]
        return names

    def described(self, frames, modules):
        shown = []
        for frame in frames:
            symbol = self.symbol(frame.place())
            entry = {"pc": hexed(frame.pc), "calls": self.calls(frame), "module": modules.at(frame.pc)}
            if symbol:
                entry.update(symbol=text(symbol[0]), offset=frame.pc - symbol[1], size=symbol[2])
            elif entry["module"]:
                entry["undecoded"] = modules.why_undecoded(entry["module"])
            if not entry["calls"] and "undecoded" not in entry:
                entry["undecoded"] = "no line for this address" if symbol else "no symbol at this address"
            shown.append(entry)
        return shown

    # ---- unwinding

    def code(self, first, past):
        if past <= first:
            return b""
        try:
            return self.prog.read(first, min(past - first, 65536))
        except Exception:
            return b""

    def set_up(self, frame):
        """What the function of this frame has set up at its place (prologue.Frame); None when that is not known."""
        symbol = self.symbol(frame.place())
        if symbol is None or symbol[0] == "vectors":  # what it interrupted is not known yet
            return None
        if symbol[1] not in self.functions:
            self.functions[symbol[1]] = frames_of(self.code(symbol[1], symbol[1] + symbol[2]))
        return self.functions[symbol[1]].get(frame.place() - symbol[1])

    def caller(self, frame):
        """The next frame out; None at the end."""
        registers = frame.registers
        fp = registers.values.get(FP, 0)
        interrupted = self.interrupted(frame, fp)
        if interrupted:
            return interrupted
        if frame.exact and (self.symbol(frame.pc) or ("",))[0] == "vectors":
            behind = self.behind_vector(registers, fp)
            if behind:
                return behind
        done = self.set_up(frame)
        if done is not None and frame.exact and not done.has_record():  # it has not saved them yet, or has them back
            lr = registers.values.get(LR, 0)
            if self.symbol(lr - 4) is None:
                return None
            return Frame(self.restored(registers, done, registers.sp + done.size, lr), False)
        if fp & 7 or not fp:
            return None
        try:
            outer_fp, pc = struct.unpack("<2Q", self.prog.read(fp, 16))
        except Exception:
            return None
        if not pc:
            return None
        if done is None or not done.has_record():
            return Frame(Registers({FP: outer_fp}, fp + 16, pc), False)
        return Frame(self.restored(registers, done, fp - done.fp_at + done.size, pc), False)

    def restored(self, registers, done, sp, pc):
        """The caller's registers; `sp` is the caller's."""
        kept = {}
        for register in range(19, 30):
            if register in done.saved:
                try:
                    kept[register] = self.prog.read_u64(sp + done.saved[register])
                except Exception:
                    pass
            elif register in registers.values:
                kept[register] = registers.values[register]
        return Registers(kept, sp, pc)

    def interrupted(self, frame, fp):
        """Below an exception's entry lie the registers of what it interrupted."""
        symbol = self.symbol(frame.place())
        if symbol is None or not symbol[0].startswith(EXCEPTION_ENTRIES) or symbol[0].endswith("_handler"):
            return None
        try:
            registers = Registers.from_user_pt_regs(self.prog.read(fp - self.record_at, 272))
        except Exception:
            return None
        if self.symbol(registers.pc) is None:
            return None
        return Frame(registers, True)

    def behind_vector(self, registers, fp):
        """An exception was taken and nothing of its entry has run: all but pc is the interrupted function's. Its own
        code, if it has called anything, else its caller's, is in the link register."""
        lr = registers.values.get(LR, 0)
        try:
            if self.prog.read_u64(fp + 8) == lr:  # the frame's own: its caller comes next
                return None
        except Exception:
            pass
        if not lr >> 63 or self.symbol(lr - 4) is None:
            return None
        kept = {number: value for number, value in registers.values.items() if 19 <= number <= FP}
        return Frame(Registers(kept, registers.sp, lr), False)

    def unwind(self, registers, exact=True):
        frames = [Frame(registers, exact)]
        seen = set()
        while len(frames) < FRAMES:
            outer = self.caller(frames[-1])
            if outer is None or not outer.pc >> 63:
                break
            step = (outer.pc, outer.registers.sp, outer.registers.values.get(FP))
            if step in seen:
                break
            seen.add(step)
            frames.append(outer)
        return frames

    def of_task(self, task):
        """Of a task that is not on a CPU."""
        context = task.thread.cpu_context
        values = {register: getattr(context, "x%d" % register).value_() for register in range(19, 29)}
        values[FP] = context.fp.value_()
        return self.unwind(Registers(values, context.sp.value_(), context.pc.value_()), exact=False)

    # ---- variables

    def variables(self, frame):
        """(name, object) of all variables of this frame and those inlined into it, where DWARF and registers tell."""
        registers = Registers(frame.registers.values, frame.registers.sp, frame.place())
        try:
            parts = self.inlined_at(registers)
        except Exception as error:
            self.notes.add("variables at %s" % hexed(frame.pc), reason(error))
            return
        for part in parts:
            try:
                names = part.locals()
            except Exception:
                continue
            for name in names:
                try:
                    value = part[name]
                    if not value.absent_:
                        yield part.name, name, value.read_()
                except Exception:  # an expression that drgn does not know, memory that is not there
                    continue
