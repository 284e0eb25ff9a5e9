#!/usr/bin/env python3
"""Empties a folder and runs the command that fills it: fresh.py DIR COMMAND ARG..."""

import shutil
import subprocess
import sys

shutil.rmtree(sys.argv[1], ignore_errors=True)
sys.exit(subprocess.run(sys.argv[2:], check=False).returncode)
