"""Where the compiled kernel is kept between runs: a folder named by the source it was made of.

Units   None.
Shape   One folder per digest of the kernel's text and of the tuples it reads.
Errors  None: where no folder can be written the compiler's own choice stands.
Source  The compiler's cache knows one file's time stamp; installers set equal ones for new text.
"""

import hashlib
import os
from pathlib import Path

SOURCES = ("kernel.py", "layout.py")


def folder(chosen: str, *more: str) -> str:
    """Return the folder below ``chosen`` (what the user set) or beside this file.

    ``more`` names what else the compiled code is made of.

    >>> folder("/dev/null")
    '/dev/null'
    """
    here = Path(__file__).parent
    text = b"".join((here / name).read_bytes() for name in (*SOURCES, *more))
    root = Path(chosen) if chosen else here / "__pycache__"
    own = root / f"kernel-{hashlib.sha256(text).hexdigest()[:16]}"
    try:
        own.mkdir(parents=True, exist_ok=True)
    except (OSError, ValueError):
        return chosen
    return str(own) if os.access(own, os.W_OK) else chosen
