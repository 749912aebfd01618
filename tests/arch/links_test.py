#!/usr/bin/env python3
"""Goal: libraries call nothing that the library graph keeps from them, also through the linker.

Method: each library has been linked whole into an empty main with nothing but what it says it needs
(it would not have linked otherwise); here the shared libraries that the program asks for are read.

Usage: links_test.py PROGRAM FORBIDDEN...
"""

import re
import subprocess
import sys

program, forbidden = sys.argv[1], sys.argv[2:]
dynamic = subprocess.run(["readelf", "--dynamic", program], check=True, capture_output=True,
                         text=True).stdout
needed = re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic)
print(program, "needs", ", ".join(needed))
if not needed:
    sys.exit("readelf shows no shared library at all: this test sees nothing")
found = [name for name in needed if any(name.startswith("lib" + word) for word in forbidden)]
if found:
    sys.exit(f"{', '.join(found)}: ARCHITECTURE.md does not let this library see it; find the call, and "
             "move it to a library that may make it")
