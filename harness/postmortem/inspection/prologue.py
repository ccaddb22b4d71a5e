# SPDX-License-Identifier: GPL-2.0-or-later
"""Where an arm64 function keeps its caller's registers, read from its own instructions.

Kernels built without .debug_frame (4.19) leave no other way to a caller's x19..x28, and those are where the
arguments of the functions in between still are. Saves and restores are followed along every branch from the
function's begin; where paths meet, only what all of them saved counts.
"""

import struct

MOST_INSTRUCTIONS = 16384
SP, FP, LR = 31, 29, 30


def signed(value, bits):
    return value - (1 << bits) if value >> (bits - 1) & 1 else value


class Frame:
    """Of a function at one of its instructions."""

    def __init__(self, size=0, fp_at=None, saved=()):
        self.size = size  # bytes of stack below the caller's sp
        self.fp_at = fp_at  # x29 - sp, once it is set up
        self.saved = dict(saved)  # register -> offset from the caller's sp

    def has_record(self):
        """x29 points to the caller's x29 and x30."""
        at = self.saved.get(FP)
        return self.fp_at is not None and at == self.fp_at - self.size and self.saved.get(LR) == at + 8

    def state(self):
        return self.size, self.fp_at, frozenset(self.saved.items())


def pair(word):
    """stp or ldp Xa, Xb at sp: (a, b, offset, how: 1 post-index, 2 offset, 3 pre-index, whether a load)."""
    if word & 0xFE0003E0 != 0xA80003E0 or not word >> 23 & 3:
        return None
    return word & 31, word >> 10 & 31, signed(word >> 15 & 0x7F, 7) * 8, word >> 23 & 3, bool(word >> 22 & 1)


def single(word):
    """str or ldr Xa at sp: likewise."""
    if word & 0xFF8003E0 == 0xF90003E0:
        return word & 31, None, (word >> 10 & 0xFFF) * 8, 2, bool(word >> 22 & 1)
    if word & 0xFFA007E0 == 0xF80007E0:
        return word & 31, None, signed(word >> 12 & 0x1FF, 9), 3 if word >> 11 & 1 else 1, bool(word >> 22 & 1)
    return None


def sum_with_sp(word):
    """add/sub Xd, sp, #n: (d, n)."""
    if word & 0xFF8003E0 not in (0x910003E0, 0xD10003E0):
        return None
    amount = (word >> 10 & 0xFFF) << (12 if word >> 22 & 1 else 0)
    return word & 31, -amount if word >> 30 & 1 else amount


def step(state, word):
    """The state after one instruction."""
    size, fp_at, saved = state
    access = pair(word) or single(word)
    added = sum_with_sp(word)
    if access:
        first, second, offset, how, loads = access
        if how == 3:
            size, fp_at = size - offset, moved(fp_at, -offset)
        at = (0 if how != 2 else offset) - size
        saved = dict(saved)
        for register, place in ((first, at), (second, at + 8)):
            if register is None or not 19 <= register <= 30:
                continue
            if loads and saved.get(register) == place:
                del saved[register]
            elif not loads:
                saved.setdefault(register, place)
        saved = frozenset(saved.items())
        if how == 1:
            size, fp_at = size - offset, moved(fp_at, -offset)
    elif added and added[0] == FP:
        fp_at = added[1]
    elif added and added[0] == SP:
        size, fp_at = size - added[1], moved(fp_at, -added[1])
    return size, fp_at, saved


def moved(fp_at, by):
    return None if fp_at is None else fp_at + by


def branches(word, at):
    """Byte offsets that may follow the instruction at `at`."""
    if word & 0xFC000000 == 0x14000000:  # b
        return (at + signed(word & 0x3FFFFFF, 26) * 4,)
    if word & 0xFF000010 == 0x54000000 or word & 0x7E000000 == 0x34000000:  # b.cond, cbz, cbnz
        return at + 4, at + signed(word >> 5 & 0x7FFFF, 19) * 4
    if word & 0x7E000000 == 0x36000000:  # tbz, tbnz
        return at + 4, at + signed(word >> 5 & 0x3FFF, 14) * 4
    if word & 0xFE000000 == 0xD6000000 and word & 0x00200000 == 0:  # br, ret, eret: not blr
        return ()
    if word & 0xFFE00000 == 0xD4200000:  # brk
        return ()
    return (at + 4,)


def frames_of(code):
    """Byte offset -> Frame before that instruction. Where a jump table leads is taken to be as at the jump."""
    words = [word for (word,) in struct.iter_unpack("<I", code[: min(len(code) // 4, MOST_INSTRUCTIONS) * 4])]
    if not words:
        return {}
    states = {}
    follow(words, states, 0, Frame().state())
    jumps = [states[4 * i] for i, word in enumerate(words) if word & 0xFFFFFC1F == 0xD61F0000 and 4 * i in states]
    if len(set(jumps)) == 1:
        for at in range(0, 4 * len(words), 4):
            if at not in states:
                follow(words, states, at, jumps[0])
    return {at: Frame(*state) for at, state in states.items()}


def follow(words, states, begin, state):
    """Fills in the states that can be reached from one instruction."""
    states[begin] = state
    waiting = [begin]
    budget = 16 * len(words) + 64
    while waiting and budget:
        budget -= 1
        at = waiting.pop()
        after = step(states[at], words[at // 4])
        for target in branches(words[at // 4], at):
            if not 0 <= target < 4 * len(words):
                continue
            known = states.get(target)
            merged = after if known is None else (known[0], known[1], known[2] & after[2])
            if merged != known:
                states[target] = merged
                waiting.append(target)
