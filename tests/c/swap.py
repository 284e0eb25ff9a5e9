#!/usr/bin/env python3
"""Switches a foreign firmware project to the library with the lines of README.md, literally, and looks
who answers before, afterwards, and when it is switched back.

    swap.py --readme README.md --prefix DIR --pki DIR --device NAME [--cc gcc]
    swap.py ... --control   succeeds only when lines that link the original in silence are found out

The project is the stand-in of the link matrix, in a folder outside of the sources, with the SDK where
README.md has it. Two ways to do it wrong have to fail at the line that is there to notice.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile

import link_matrix

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
import docs_commands  # noqa: E402 (the folder has to be known first)

CREDENTIALS = "device_credentials.o"
OBJECT = '"$PREFIX"/lib/linksdk_hal.o'
OURS = "ours: TLS\n"
ORIGINALS = "original: TLS\ncertificate: sample\n"


def lines_of(readme):
    """The commands of README.md that link firmware, as they are written there."""
    found = [block.text for block in docs_commands.blocks_of("README.md", readme)
             if block.language == "sh" and not block.remark and OBJECT in block.text]
    if len(found) != 1:
        sys.exit(f"{readme}: {len(found)} blocks of commands have {OBJECT}; there should be one")
    return found[0]


def link_line(lines):
    """The command among them that links: from its `cc` to the line that ends without a backslash."""
    words, inside = [], False
    for line in lines.splitlines():
        inside = inside or line.startswith("cc main.o ")
        if inside:
            words.append(line.rstrip("\\").strip())
            if not line.endswith("\\"):
                return " ".join(words)
    sys.exit("README.md: no command begins with 'cc main.o'")


def without(text, *words):
    for word in words:
        if word not in text:
            sys.exit(f"README.md: {word} is not among\n{text}")
        text = text.replace(f"{word} ", "")
    return text


class Project:
    """Firmware on the Link SDK, as somebody else has it."""

    def __init__(self, folder, options):
        self.folder = folder
        prefix = os.path.abspath(options.prefix)
        self.environment = dict(os.environ, PREFIX=prefix, PATH=f"{prefix}/bin:{os.environ['PATH']}")
        stand_in = link_matrix.Matrix(argparse.Namespace(
            build="pie", work=os.path.join(folder, "built"), prefix=prefix, cc=options.cc))
        stand_in.prepare()
        archives = os.path.join(folder, "sdk", "output", "release", "lib")
        os.makedirs(archives)
        for name in ("iot_sdk", "iot_hal", "iot_tls"):
            shutil.copy(os.path.join(stand_in.work, f"lib{name}.a"), archives)
        link_matrix.run([options.cc, "-r", "-nostdlib", "-o", os.path.join(folder, "main.o"),
                         *(os.path.join(stand_in.work, name) for name in ("main.o", "firmware.o"))])
        shutil.copy(os.path.join(options.pki, f"{options.device}.crt"), os.path.join(folder, "dev.pem"))
        shutil.copy(os.path.join(options.pki, f"{options.device}.key"), os.path.join(folder, "dev.key"))
        shutil.rmtree(stand_in.work)

    def shell(self, lines):
        """Exit status and output of these lines, as they come in a fresh copy of the project."""
        for name in ("fw", "fw.map", "device_credentials.c", CREDENTIALS):
            if os.path.exists(os.path.join(self.folder, name)):
                os.remove(os.path.join(self.folder, name))
        done = subprocess.run(["bash", "-eu", "-c", lines], cwd=self.folder, env=self.environment,
                              text=True, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        return done.returncode, done.stdout

    def firmware(self, lines):
        """What the firmware prints that these lines link."""
        status, said = self.shell(lines)
        if status != 0:
            sys.exit(f"{lines}\nended with {status}:\n{said}")
        return link_matrix.run([os.path.join(self.folder, "fw")]).stdout


def expect(what, seen, wanted):
    if seen != wanted:
        sys.exit(f"{what}: expected\n{wanted}\nand got\n{seen}")


def swap(project, lines):
    """There and back with these lines."""
    old = without(link_line(lines), CREDENTIALS, OBJECT)
    with open(os.path.join(project.folder, "dev.pem"), encoding="ascii") as file:
        certificate = f"certificate: {file.read()}\n"
    before = project.firmware(old)
    expect("before", before, f"original: MQTT\n{ORIGINALS}")
    expect("swapped", project.firmware(lines), f"original: MQTT\n{OURS}{certificate}")
    expect("swapped, the MQTT client as well",
           project.firmware(lines.replace("linksdk_hal.o", "linksdk_mqtt.o")), f"{OURS}{certificate}")
    expect("switched back", project.firmware(old), before)


def mistakes(project, lines):
    """What goes wrong has to be noticed, each at its place."""
    # Half of the way back: the original defines the credentials itself.
    status, said = project.shell(without(lines, OBJECT))
    if status == 0 or "multiple definition of `g_cli_crt'" not in said:
        sys.exit(f"without the object, and with credentials, linking ended with {status}:\n{said}")
    # The archive loses in silence, so the last line has to speak.
    archive = without(lines, CREDENTIALS).replace("linksdk_hal.o", "liblinksdk_hal.a")
    status, said = project.shell(archive)
    linked = os.path.exists(os.path.join(project.folder, "fw"))
    if status == 0 or not linked:
        sys.exit(f"with the archive, linked: {linked}, status {status}, which was to be noticed:\n{said}")


def control(project, lines):
    """Lines that link both, the original first, and do not look at the link map."""
    linking, _ = lines.rstrip().rsplit("\n", 1)
    wrong = linking.replace(f" {OBJECT}", "").replace("-liot_tls", f"-liot_tls {OBJECT} -Wl,-z,muldefs")
    try:
        swap(project, wrong)
    except SystemExit as found:
        if str(found).startswith("swapped: expected") and "original: TLS" in str(found):
            return
        raise
    sys.exit("control: the original was linked, and nobody noticed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("readme", "prefix", "pki", "device"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--cc", default="gcc")
    parser.add_argument("--control", action="store_true")
    options = parser.parse_args()
    lines = lines_of(options.readme)
    with tempfile.TemporaryDirectory(prefix="linksdk-swap-") as folder:
        project = Project(folder, options)
        if options.control:
            control(project, lines)
            return
        swap(project, lines)
        mistakes(project, lines)
    print("before: the original; after README.md's lines: the library; back again: the original")


if __name__ == "__main__":
    main()
