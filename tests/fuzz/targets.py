# SPDX-License-Identifier: GPL-2.0-or-later
"""What is fuzzed: of each target its sources, its libraries, the longest input, and the inputs to begin with."""
import dataclasses, pathlib, shutil, struct, subprocess, tempfile, typing

ROOT = pathlib.Path(__file__).resolve().parents[2]
HARNESS = ROOT / "harness"


def consoles():
    """The corpus without the heads that say what is expected."""
    for file in sorted((ROOT / "tests/corpus/console").rglob("*.console")):
        yield file.read_bytes().split(b"# ---\n", 1)[-1]


def pieces(log, longest):
    """A log cut at its lines."""
    piece = b""
    for line in log.splitlines(keepends=True):
        if piece and len(piece) + len(line) > longest:
            yield piece
            piece = b""
        piece += line[:longest]
    yield piece


def console_pieces(longest):
    return (piece for log in consoles() for piece in pieces(log, longest))


def console_lines(longest):
    return (line for log in consoles() for line in log.splitlines())


SMALL_SCENARIO = b"""name: small
summary: a file with little in it
kernel: {source: [debian-6.1, git:linux#v6.1], config: &fragments [base, nfs]}
nodes: {client: {count: 2, cpus: 4}, server: {memory: 256MiB, kernel: {config: *fragments}}}
nfs: {export: {filesystem: ext4, size: 8MiB}, mount: {version: "4.2", options: [hard, timeo=10]}}
steps:
  - fault: {packet-loss: 20%, on: clients, for: 5s}
  - work: {program: appenders, writers: 3, outcome: [ok, EIO], file: 'shared'}
  - shell: |
      echo "hello" > /mnt/x
  - wait: 200ms
probes: {events: {kretprobe: nfs_wb_page, fetch: error=$retval, filter: "error < 0"}, sysctls: vm.dirty_ratio}
watch: {softlockup: 4s, patterns: 'err:-[0-9]+'}
expect: {reproduced: {event: soft-lockup, frames: [a, b]}}
repeat: {until: 1/3}
matrix: {nfs.mount.version: ["3", "4.1"], nodes.client.cpus: [2, 4]}
"""


def scenarios(longest):
    yield SMALL_SCENARIO
    for file in sorted((ROOT / "scenarios").glob("*.yaml")):
        yield file.read_bytes()


def agent_lines(longest):
    yield b'{"event":"ready","uptime":1.5,"release":"6.1.192","cpus":2}\n{"event":"started","id":1,"pid":77,"uptime":2}\n'
    yield b'{"event":"output","id":1,"stream":"out","line":"{\\"phase\\":\\"trigger-due\\"}","uptime":3.25}\n'
    yield b'{"event":"exited","id":1,"status":0}\n{"event":"killed","id":2,"signal":9}\n{"event":"failed","id":3,"error":"ENOENT"}\n'
    yield b'{"result":"corrupt","errno":"EIO","file":"shared","offset":4096}\n{"event":"error","message":"no"}\n{"event":"dropped"}\n'


def register_dumps(longest):
    cpus = []
    for cpu in range(3):
        rows = "".join(f" X{i:02}={0xffffff8000000000 + 64 * i:016x}{chr(10) if i % 3 == 2 else ''}" for i in range(31))
        cpus.append(f"CPU#{cpu}\r\n PC=ffffffc008012340{rows}  SP=ffffff8001234560\r\nPSTATE=60000005 -ZC- EL1h\r\n")
    yield "".join(cpus).encode()
    yield b"ffffff8001234560: 0xffffff8001234580 0xffffffc008012344\r\nCannot access memory at address 0x10\r\n"
    yield b'{"return":{"running":true,"singlestep":false,"status":"running"}}'
    yield b"serial0: filename=unix\ngdb: filename=disconnected:tcp:127.0.0.1:4711,server=on\n"


def findings(longest):
    """Those of the unit test."""
    text = (ROOT / "tests/postmortem/findings_json_test.cpp").read_text()
    yield text.split('R"(', 1)[1].split(')"', 1)[0].encode()
    yield b'{"version":1,"not_available":[]}'


DIFF = b"""--- a/fs/nfs/write.c
+++ b/fs/nfs/write.c
@@ -1,3 +1,3 @@ int f(void)
 a
-b
+c
 d
"""


def mail(subject, body, head=b""):
    return (b"From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: A <a@x>\nMessage-Id: <1@x>\n"
            + head + b"Subject: " + subject + b"\n\n" + body + b"\n")


def series(longest):
    yield mail(b"[PATCH v2 1/2] nfs: keep it", b"why\n---\n" + DIFF) + mail(b"[PATCH v2 2/2] =?utf-8?Q?J=C3=B6rg?=", DIFF)
    yield mail(b"[PATCH] one", b"LS0tIGEveAorKysgYi94CkBAIC0xICsxIEBACi1hCitiCg==\n", b"Content-Transfer-Encoding: base64\n")
    yield mail(b"[PATCH] two", DIFF.replace(b"=", b"=3D"), b"Content-Transfer-Encoding: quoted-printable\n")
    yield mail(b"[PATCH] three", b"--B\nContent-Type: text/plain\n\n" + DIFF + b"\n--B--\n",
               b'Content-Type: multipart/mixed; boundary="B"\n')
    yield mail(b"[PATCH] four", b"diff --git a/x b/y\nrename from x\nrename to y\ndiff --git \"a/\\303\\274\" \"b/\\303\\274\"\nold mode 100644\nnew mode 100755\n")
    for file in sorted((ROOT / "scenarios/series").rglob("*.patch")):
        yield file.read_bytes()


def note(owner, kind, content):
    padded = [text + b"\0" * (-len(text) % 4) for text in (owner + b"\0", content)]
    return struct.pack("<III", len(owner) + 1, len(content), kind) + b"".join(padded)


def vmcores(longest):
    """32 KiB of a guest's memory: page tables for pages of 4 KiB and 39 bits, as QEMU dumps them."""
    ram, linear, image = 0x40000000, 0xffffff8000000000, 0xffffffc008000000
    memory = bytearray(0x8000)

    def put(page, index, value):
        struct.pack_into("<Q", memory, page * 0x1000 + index * 8, value)

    for address, pmd, pte in ((linear, 2, 3), (image, 4, 5)):
        put(1, address >> 30 & 511, ram + pmd * 0x1000 | 3)
        put(pmd, address >> 21 & 511, ram + pte * 0x1000 | 3)
        for page in range(8):
            put(pte, page, ram + page * 0x1000 | 0x703)
    info = (f"OSRELEASE=6.1.99\nPAGESIZE=4096\nSYMBOL(swapper_pg_dir)={image + 0x1000:x}\nSYMBOL(_stext)={image:x}\n"
            f"NUMBER(VA_BITS)=39\nNUMBER(kimage_voffset)=0x{image - ram:x}\nNUMBER(PHYS_OFFSET)=0x{ram:x}\nKERNELOFFSET=0\n").encode()
    for told in (True, False):
        notes = note(b"CORE", 1, b"r" * 64) + (note(b"VMCOREINFO", 0, info) if told else b"")
        memory[0x6000:0x6000 + len(info)] = info
        head = b"\x7fELF\x02\x01\x01" + b"\0" * 9 + struct.pack("<HHIQQQIHHHHHH", 4, 183, 1, 0, 64, 0, 0, 64, 56, 2, 0, 0, 0)
        at = 64 + 2 * 56
        heads = struct.pack("<IIQQQQQQ", 4, 0, at, 0, 0, len(notes), len(notes), 0)
        heads += struct.pack("<IIQQQQQQ", 1, 0, at + len(notes), 0, ram, len(memory), len(memory), 0)
        yield head + heads + notes + bytes(memory)
    yield bytes(memory)
    yield info
    yield b"KDUMP   \6\0\0\0" + b"\0" * 420 + b"\0" * 100
    yield b"makedumpfile\0" + b"\0" * 100


VMLINUX = """
const char linux_banner[] = "Linux version 6.1.192 (me@host) (gcc) #1 SMP\\n";
volatile int sink;
static inline __attribute__((always_inline)) void inner(int x) { sink = x + 1; }
__attribute__((noinline)) void spin(int x) { inner(x); sink = 1; }
void start_kernel(void) { spin(3); spin(4); }
"""


def vmlinuxes(longest):
    """A few functions with DWARF, compiled as a kernel is."""
    gcc = shutil.which("aarch64-linux-gnu-gcc")
    if not gcc:
        return
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        (path / "main.c").write_text(VMLINUX)
        for flags in (["-gdwarf-5"], ["-gdwarf-4"], ["-g", "-O0"]):
            subprocess.run([gcc, "-Os", *flags, "-ffreestanding", "-nostdlib", "-static", "-fno-asynchronous-unwind-tables",
                            "-Wl,-e,start_kernel,-Ttext=0x400000,-z,max-page-size=64,--build-id,-N", "main.c", "-o", "vmlinux"],
                           cwd=folder, check=True)
            yield (path / "vmlinux").read_bytes()


@dataclasses.dataclass
class Target:
    sources: list  # below harness/, with * for many
    seeds: typing.Callable  # the longest input -> inputs
    longest: int  # bytes of an input
    libraries: list = dataclasses.field(default_factory=list)
    with_laws: list = dataclasses.field(default_factory=list)  # more of tests/fuzz
    planted_seconds: int = 300

    def files(self):
        return sorted({file for pattern in self.sources for file in HARNESS.glob(pattern)})


PATCHES = ["kernel/mail*.cpp", "kernel/patch.cpp", "kernel/patch_s*.cpp", "kernel/patch_thread.cpp", "kernel/described_patch.cpp",
           "kernel/diff.cpp", "kernel/disk.cpp", "process/scratch.cpp", "kernel/hash.cpp", "checksum/*.cpp",
           "document/errors.cpp", "document/input.cpp"]

TARGETS = {
    "parser": Target(["console/*.cpp"], console_pieces, 4096, ["re2"], ["console_laws.cpp"]),
    "trace_line": Target(["console/*.cpp"], console_lines, 512, ["re2"], ["console_laws.cpp"]),
    "scenario": Target(["document/*.cpp", "scenario/*.cpp"], scenarios, 4096, ["yaml-cpp", "re2", "fmt"]),
    "agent_channel": Target(["guest/agent_protocol.cpp"], agent_lines, 1024, ["fmt"]),
    "register_dump": Target(["guest/sampling.cpp", "guest/monitor_answers.cpp"], register_dumps, 8192, ["fmt"]),
    "findings": Target(["postmortem/findings_json.cpp"], findings, 8192, ["fmt"]),
    "series": Target(PATCHES, series, 8192, ["crypto", "fmt"]),
    "vmcore": Target(["postmortem/vmcore*.cpp", "postmortem/page_tables.cpp"], vmcores, 40000, ["fmt"]),
    "object_file": Target(["stacktrace/*.cpp", "console/*.cpp", "kernel/image.cpp", "kernel/modules.cpp", "kernel/disk.cpp",
                           "process/scratch.cpp", "kernel/hash.cpp", "checksum/*.cpp"], vmlinuxes, 20000, ["dw", "elf", "re2", "crypto", "fmt"]),
}
