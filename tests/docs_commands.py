#!/usr/bin/env python3
"""Runs the commands that the documents show, as a reader would: in order, in a fresh folder, with the
installed package and linksdk-x509 at hand. Compiles the C that they show.

    docs_commands.py --prefix DIR --tool linksdk-x509 --work DIR [DOCUMENT.md...]
    docs_commands.py --control --prefix DIR --tool linksdk-x509 --work DIR

A block that is opened by ```sh is run; ```sh no-run: REASON is not, and has to say why. The blocks of
one document share a shell and a folder. ```c blocks are whole files, compiled as C99 and C++. Other
names for a shell (bash, console, ...) are faults: such a block would be tested by nobody.

The folder is a copy of the sources with what the documents take for granted: $PREFIX, PKG_CONFIG_PATH, the
files dev.pem and dev.key of one device, main.o of a firmware, and a stand-in for a built Link SDK in sdk/. The network
is one of our own, so that ports which documents name are free. Exit status: 0 all is well, 1 something failed, 2 wrong
arguments, 77 the system allows no network of our own.
"""

import argparse
import contextlib
import glob
import os
import re
import shutil
import signal
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, "tests", "c"))
import network  # noqa: E402 (the folder has to be known first)

SECONDS_PER_DOCUMENT = 300
SKIPPED = 77
FENCE = re.compile(r"^\s*```+\s*(\S*)\s*(.*?)\s*$")
OTHER_SHELLS = {"bash", "shell", "console", "zsh", "shell-session", "terminal"}


class Block:
    """The content of a fence, and where it begins."""

    def __init__(self, document, line, language, remark):
        self.place = f"{document}:{line}"
        self.language = language
        self.remark = remark
        self.text = ""

    def fault(self):
        """What is wrong with the way it is marked; None when nothing is."""
        if self.language in OTHER_SHELLS:
            return f"{self.place}: write sh in place of {self.language}"
        if self.language not in ("sh", "c") or not self.remark:
            return None
        if not re.match(r"no-(run|build): \S.*\S", self.remark):
            return f"{self.place}: after {self.language} comes nothing, or 'no-run: REASON'"
        return None


def blocks_of(document, path):
    """All fenced blocks of one file."""
    found, block = [], None
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            fence = FENCE.match(line)
            if block is None and fence:
                block = Block(document, number, fence[1], fence[2])
            elif fence and not fence[1]:
                found.append(block)
                block = None
            elif block is not None:
                block.text += line
    if block is not None:
        sys.exit(f"{block.place}: the block does not end")
    return found


def run(*words):
    done = subprocess.run(words, text=True, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode != 0:
        sys.exit(f"preparing: {' '.join(words)}: {done.stdout}")


def prepare(folder, options):
    """What documents take for granted, once for all of them."""
    consumer = os.path.join(ROOT, "tests", "consumer")
    include = f"-I{options.prefix}/include"
    run(options.tool, "pki", "--out", f"{folder}/pki", "--device", "dev")
    run("cc", include, "-c", f"{consumer}/hal_only.c", "-o", f"{folder}/main.o")
    run("cc", include, "-Dmain=sdk", "-c", f"{consumer}/hal_only.c", "-o", f"{folder}/sdk.o")
    run("cc", "-c", f"{consumer}/old_hal.c", "-o", f"{folder}/HAL_TLS_mbedtls.o")
    run("ar", "rcs", f"{folder}/libiot_sdk.a", f"{folder}/sdk.o")
    run("ar", "rcs", f"{folder}/libiot_hal.a", f"{folder}/HAL_TLS_mbedtls.o")
    run("ar", "rcs", f"{folder}/libiot_tls.a")
    os.makedirs(f"{folder}/bin", exist_ok=True)
    shutil.copy(options.tool, f"{folder}/bin/linksdk-x509")


def fresh_folder(folder, prepared):
    """The folder in which one document's reader sits: a copy, which commands may change."""
    def left_out(parent, names):
        # What was built, and the folder that this copy is made in.
        return [name for name in names if name.startswith(".") or name in ("build", "target", "corpus")
                or folder.startswith(os.path.join(parent, name) + os.sep)]

    shutil.copytree(ROOT, folder, ignore=left_out)
    os.makedirs(f"{folder}/sdk/output/release/lib")
    for archive in glob.glob(f"{prepared}/libiot_*.a"):
        shutil.copy(archive, f"{folder}/sdk/output/release/lib")
    for source, name in (("pki/dev.crt", "dev.pem"), ("pki/dev.key", "dev.key"), ("main.o", "main.o")):
        shutil.copy(f"{prepared}/{source}", f"{folder}/{name}")


def run_commands(blocks, folder, environment):
    """Runs the blocks in one shell. None, or what failed: place, words of the shell, what was left."""
    script = ["set -eu"]
    for number, block in enumerate(blocks):
        name = f"{folder}/.block-{number}.sh"
        with open(name, "w", encoding="utf-8") as file:
            file.write(block.text)
        script += [f"echo {number} >&3", f". {name}"]
    # Tells how far the shell came, whatever the blocks do with its output.
    reading, writing = os.pipe()
    with open(f"{folder}/.output", "w+", encoding="utf-8", errors="replace") as output:
        shell = subprocess.Popen(["bash", "-c", f"exec 3>&{writing}\n" + "\n".join(script)],
                                 cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                 stdout=output, stderr=output, pass_fds=[writing],
                                 start_new_session=True)
        os.close(writing)
        try:
            status = shell.wait(SECONDS_PER_DOCUMENT)
        except subprocess.TimeoutExpired:
            status = f"none after {SECONDS_PER_DOCUMENT} s"
        finally:
            # Servers that blocks put into the background are of the same group; there may be none.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
            shell.wait()
        with os.fdopen(reading, encoding="utf-8") as numbers:
            started = numbers.read().split()
        output.seek(0)
        said = output.read()
    if status == 0 and len(started) == len(blocks):
        return None
    failed = int(started[-1]) if started else 0
    left = len(blocks) - failed - 1
    return (f"{blocks[failed].place}: exit status {status}, {left} later blocks not run\n"
            + "".join(f"    {line}\n" for line in said.splitlines()[-15:]))


def compile_c(block, folder, environment):
    """None, or what the compilers say."""
    name = f"{folder}/.block.c"
    with open(name, "w", encoding="utf-8") as file:
        file.write(block.text)
    prefix = environment["PREFIX"]
    for words in (["cc", "-std=c99"], ["c++", "-x", "c++", "-std=c++11"]):
        words += ["-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{prefix}/include",
                  f"-I{prefix}/include/linksdk", name]
        done = subprocess.run(words, text=True, check=False, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        if done.returncode != 0:
            return f"{block.place}: {words[0]} does not take it\n{done.stdout}"
    return None


def check(documents, options, prepared):
    """Failures of all documents, and how many blocks were run, compiled and left out."""
    failures, counts = [], {"run": 0, "compiled": 0, "left out": 0}
    environment = dict(os.environ, PREFIX=options.prefix,
                       PKG_CONFIG_PATH=f"{options.prefix}/lib/pkgconfig",
                       PATH=f"{prepared}/bin:{os.environ['PATH']}")
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
        environment.pop(name, None)
    for index, (document, path) in enumerate(documents):
        folder = f"{options.work}/{index}-{os.path.basename(document)}"
        blocks = blocks_of(document, path)
        failures += filter(None, (block.fault() for block in blocks))
        counts["left out"] += sum(1 for b in blocks if b.language in ("sh", "c") and b.remark)
        commands = [b for b in blocks if b.language == "sh" and not b.remark]
        programs = [b for b in blocks if b.language == "c" and not b.remark]
        counts["run"] += len(commands)
        counts["compiled"] += len(programs)
        if not commands and not programs:
            continue
        print(f"{document}: {len(commands)} blocks of commands, {len(programs)} of C", flush=True)
        fresh_folder(folder, prepared)
        results = [compile_c(block, folder, environment) for block in programs]
        if commands:
            results.append(run_commands(commands, folder, environment))
        failures += filter(None, results)
    return failures, counts


CONTROL = """# A document with faults
```sh
echo good > made-before
sleep 1000 &
```
text ` `` ` and ```` ``` ````
```sh no-run: this one would fail
exit 9
```
```c
int good(void);
```
```c
int wrong(void) { return 0 }
```
  ```sh
  test -e made-before && linksdk-x509 --version && test -e "$PREFIX"/lib/linksdk_hal.o
  false | true
  echo said-before-it-failed
  test -e no-such-file
  ```
```sh
touch must-not-be-run
```
```sh norun
```
```bash
```
"""


def control(options, prepared):
    """A document whose faults are known: each has to be reported, with its line, and nothing else."""
    path = f"{options.work}/control.md"
    with open(path, "w", encoding="utf-8") as file:
        file.write(CONTROL)
    failures, counts = check([("control.md", path)], options, prepared)
    expected = ["control.md:25: after sh comes nothing", "control.md:27: write sh",
                "control.md:13: cc does not take it", "control.md:16: exit status 1, 1 later"]
    if len(failures) != len(expected) or not all(map(str.startswith, failures, expected)):
        sys.exit("control: expected\n  " + "\n  ".join(expected) + "\nand got\n" + "\n".join(failures))
    if "said-before-it-failed" not in failures[-1]:
        sys.exit("control: what the failing block printed is not shown")
    if counts != {"run": 3, "compiled": 2, "left out": 2}:
        sys.exit(f"control: {counts}")
    if os.path.exists(f"{options.work}/0-control.md/must-not-be-run"):
        sys.exit("control: a block was run although the one before had failed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--prefix", required=True, help="the installed package")
    parser.add_argument("--tool", required=True, help="the companion command")
    parser.add_argument("--work", required=True, help="folder for the files of this run; emptied")
    parser.add_argument("--control", action="store_true", help="test this script itself")
    parser.add_argument("documents", nargs="*", help="default: all of the project")
    options = parser.parse_args()
    for name in ("prefix", "tool", "work"):
        setattr(options, name, os.path.abspath(getattr(options, name)))
    if not network.isolate():
        return SKIPPED
    shutil.rmtree(options.work, ignore_errors=True)
    prepared = f"{options.work}/prepared"
    os.makedirs(prepared)
    prepare(prepared, options)
    if options.control:
        control(options, prepared)
        return 0

    paths = [os.path.abspath(path) for path in options.documents] or [
        *sorted(glob.glob(f"{ROOT}/*.md")), f"{ROOT}/c-examples/README.md", f"{ROOT}/certs/README.md",
        *sorted(glob.glob(f"{ROOT}/docs/*.md"))]
    failures, counts = check([(os.path.relpath(path, ROOT), path) for path in paths], options, prepared)
    for failure in failures:
        print(failure, file=sys.stderr)
    print(", ".join(f"{count} {what}" for what, count in counts.items())
          + f", {len(failures)} failures")
    return 1 if failures or (not options.documents and counts["run"] < 5) else 0


if __name__ == "__main__":
    sys.exit(main())
