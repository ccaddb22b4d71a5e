# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads a kernel's memory dump and prints what it found as one JSON object.

Run by drgn: `drgn -q -c VMCORE -s VMLINUX main.py REQUEST.json`. REQUEST.json is one object:
  vmcore    path of the dump (its notes are read from here)
  vmlinux   path of the kernel; banner, build_id: what it calls itself, may be empty
  scratch   a folder to unpack modules in
  modules   folder with the modules and their debug information; may be absent
  task      PID or COMM; may be absent
  crash     of the console's log: {"address", "pid", "comm", "registers": {"x0": ...}, "trace": ["symbol+0x1"]}
The keys of what is printed are those of harness/postmortem/findings_json.cpp. What cannot be known is in
"not_available", with why. Exit status 3: vmlinux is another kernel's; standard error says how that is known.
"""

import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from findings import Inspection  # noqa: E402
from identity import difference  # noqa: E402

with open(sys.argv[1], encoding="utf-8") as file:
    request = json.load(file)
other = difference(prog, request)  # noqa: F821: drgn gives `prog`
if other:
    sys.stderr.write(other + "\n")
    sys.exit(3)
json.dump(Inspection(prog, request).findings(), sys.stdout)  # noqa: F821
sys.stdout.write("\n")
