"""Runs programs of another architecture through the emulator in LINKSDK_EMULATOR, and programs of this
one, too, when that is a checker (LINKSDK_CHECKER says which)."""

import os
import shlex
import shutil
import sys


def machine(path):
    """The architecture that an ELF file names in its header; None for scripts and what is not there."""
    try:
        with open(path, "rb") as file:
            header = file.read(20)
    except OSError:
        return None
    return header[18:20] if header.startswith(b"\x7fELF") else None


def command(words):
    """The command to run, with the emulator in front where its program needs one."""
    emulator = shlex.split(os.environ.get("LINKSDK_EMULATOR", ""))
    program = shutil.which(words[0]) or words[0]
    here = (None,) if os.environ.get("LINKSDK_CHECKER") else (None, machine(sys.executable))
    if machine(program) in here or os.path.samefile(program, sys.executable):
        return words
    return [*emulator, *words]
