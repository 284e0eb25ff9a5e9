#!/usr/bin/env python3
"""Links firmware on a stand-in for the Link SDK in every way that the tables of docs/linking.md list, and
compares what happened with what they say.

    link_matrix.py --document docs/linking.md --prefix DIR --work DIR --build pie [--cc gcc]
    link_matrix.py ... --control   says the opposite of each row, and succeeds only when each is contradicted

What happened is seen twice, in the link map and in what the program prints; the two have to agree.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from functools import partial

HERE = os.path.dirname(os.path.abspath(__file__))
LINK = os.path.join(HERE, "..", "link")
STANDIN = os.path.join(HERE, "standin")
SKIPPED = 77
OURS, NO_CERTIFICATE, ERROR = "ours", "ours, no certificate", "error"
ORIGINAL, MIXED = "**original**", "**mixed**"
OUTCOMES = {OURS, NO_CERTIFICATE, ERROR, ORIGINAL, MIXED}

# The members as the SDK has them; -liot_*_cut are the archives after `ar d` of what is replaced.
SDK = {"infra_compat.o": "ioctl.c", "infra_registry.o": "registry.c", "root_ca.o": "root_ca.c",
       "iotx_cm_mqtt.o": "connection_manager.c", "infra_net.o": "infra_net.c"}
SDK_MQTT = {"mqtt_api.o": "mqtt_api.c", "iotx_mqtt_client.o": "iotx_mqtt_client.c"}
HAL = {"HAL_OS_linux.o": "os.c", "HAL_DTLS_mbedtls.o": "HAL_DTLS_mbedtls.c"}
HAL_TLS = {"HAL_TLS_mbedtls.o": "HAL_TLS_mbedtls.c"}
TLS = {"ssl_tls.o": "ssl_tls.c"}
ARCHIVES = {"iot_sdk": {**SDK, **SDK_MQTT}, "iot_hal": {**HAL, **HAL_TLS}, "iot_tls": TLS,
            "iot_sdk_cut": SDK, "iot_hal_cut": HAL, "credentials": {"credentials.o": "credentials.c"}}
FIRMWARE = {"firmware.o": [], "calls_client.o": ["-DCALLS_CLIENT"], "calls_ours.o": ["-DCALLS_OURS"],
            "assigns.o": ["-DASSIGNS_CREDENTIALS"]}


@dataclass
class Build:
    """How the firmware and the SDK are compiled, archived and linked."""
    compile: list = field(default_factory=list)
    link: list = field(default_factory=list)
    ar: str = "ar"
    linker: str = "ld.bfd"
    shared: bool = False


BUILDS = {
    "pie": Build(["-fPIE"], ["-pie"]),
    "no-pie": Build(["-fno-pie"], ["-no-pie"]),
    "static": Build(["-fno-pie"], ["-static"]),
    "gc-sections": Build(["-ffunction-sections", "-fdata-sections"], ["-Wl,--gc-sections"]),
    "lto": Build(["-O2", "-flto"], ["-O2", "-flto"], ar="gcc-ar"),
    "shared": Build(["-fPIC"], ["-shared", "-Wl,-z,defs"], shared=True),
    "gold": Build(["-fPIE"], ["-pie", "-fuse-ld=gold"], linker="ld.gold"),
    "lld": Build(["-fPIE"], ["-pie", "-fuse-ld=lld"], linker="ld.lld"),
}


def run(command, expect=(0,)):
    done = subprocess.run(command, text=True, check=False, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    if done.returncode not in expect:
        sys.exit(f"{' '.join(command)}\nended with {done.returncode}\n{done.stdout}")
    return done


def table(document, heading):
    """The rows of the table under a heading: words of the first cell, the other cells."""
    with open(document, encoding="utf-8") as file:
        text = file.read()
    if f"\n## {heading}\n" not in text:
        sys.exit(f"{document} has no section '{heading}'")
    section = text.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = []
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| `"):
            rows.append((cells[0].strip("`"), cells[1:]))
    return rows


class Matrix:
    def __init__(self, options):
        self.options = options
        self.build = BUILDS[options.build]
        self.work = os.path.join(os.path.abspath(options.work), options.build)
        self.lib = os.path.join(os.path.abspath(options.prefix), "lib")
        shutil.rmtree(self.work, ignore_errors=True)
        os.makedirs(self.work)

    def compile(self, output, source, flags=()):
        folder = LINK if os.path.exists(os.path.join(LINK, source)) else STANDIN
        include = os.path.join(self.options.prefix, "include", "linksdk")
        run([self.options.cc, "-std=c99", "-Wall", "-Wextra", "-Werror", "-Wno-address", *self.build.compile,
             f"-I{include}", f"-I{STANDIN}", "-DSTANDIN_FIRST=3", *flags, "-c", "-o", output,
             os.path.join(folder, source)])

    def prepare(self):
        for name, members in ARCHIVES.items():
            folder = os.path.join(self.work, name)
            os.mkdir(folder)
            objects = [os.path.join(folder, member) for member in members]
            for path, source in zip(objects, members.values()):
                self.compile(path, source)
            run([self.build.ar, "rcs", os.path.join(self.work, f"lib{name}.a"), *objects])
        for name, flags in FIRMWARE.items():
            self.compile(os.path.join(self.work, name), "firmware.c", flags)
        self.compile(os.path.join(self.work, "credentials.o"), "credentials.c")
        self.compile(os.path.join(self.work, "main.o"), "main.c")
        self.compile(os.path.join(self.work, "uses_sdk.o"), "main.c", ["-DUSES_SDK"])
        # One archive made of all three, with ours as its last and as its first member.
        for profile in ("hal", "mqtt"):
            theirs = [os.path.join(self.work, name, member)
                      for name in ("iot_sdk", "iot_hal", "iot_tls") for member in ARCHIVES[name]]
            ours = os.path.join(self.lib, f"linksdk_{profile}.o")
            for name, members in (("merged", [*theirs, ours]), ("ours_merged", [ours, *theirs])):
                run([self.build.ar, "rcs", os.path.join(self.work, f"lib{name}_{profile}.a"), *members])

    def words(self, line, profile):
        """The link line of a row, for the compiler."""
        places = {"OBJECT": os.path.join(self.lib, f"linksdk_{profile}.o"),
                  "ARCHIVE": os.path.join(self.lib, f"liblinksdk_{profile}.a"),
                  "-lmerged": f"-lmerged_{profile}", "-lours_merged": f"-lours_merged_{profile}"}
        result = []
        for word in line.split():
            word = places.get(word, word)
            if word in FIRMWARE or word in ("credentials.o", "main.o", "uses_sdk.o"):
                word = os.path.join(self.work, word)
            result.append(word)
        return result

    def outcome(self, line, profile):
        program = os.path.join(self.work, "program")
        linked = os.path.join(self.work, "libfirmware.so") if self.build.shared else program
        linkmap = os.path.join(self.work, "firmware.map")
        for path in (program, linked, linkmap):
            if os.path.exists(path):
                os.remove(path)
        main = [] if self.build.shared else [os.path.join(self.work, "main.o")]
        command = [self.options.cc, *self.build.link, "-o", linked, *main, *self.words(line, profile),
                   f"-L{self.work}", "-lpthread", "-lrt", f"-Wl,-Map={linkmap}"]
        done = run(command, expect=(0, 1))
        if done.returncode != 0:
            if not re.search("multiple definition|duplicate symbol|undefined reference|undefined symbol",
                             done.stdout):
                sys.exit(f"{' '.join(command)}\nfails, but not over symbols:\n{done.stdout}")
            return ERROR
        if self.build.shared:
            run([self.options.cc, "-o", program, os.path.join(self.work, "main.o"), linked,
                 f"-Wl,-rpath,{self.work}"])
        text = run([program]).stdout
        with open(linkmap, encoding="utf-8", errors="replace") as file:
            in_map = self.in_map(file.read(), profile)
        said = self.said(text, profile)
        if in_map == said == {OURS}:
            missed = "credentials" in line and "certificate: device\n" not in text
            return NO_CERTIFICATE if missed else OURS
        if said == {ORIGINAL} and ORIGINAL in in_map:
            return ORIGINAL
        if in_map == said == {OURS, ORIGINAL}:
            return MIXED
        sys.exit(f"{line} ({profile}): the link map has {in_map}, but the program printed\n{text}")

    def loading(self, line, option, profile):
        """Who answers firmware in a shared library, linked with the option, that a program loads."""
        library = ["firmware.o", "OBJECT", "-liot_sdk", "-liot_hal", "-liot_tls", *option.split()]
        run([self.options.cc, *self.build.link, "-o", os.path.join(self.work, "libfirmware.so"),
             *self.words(" ".join(library), profile), f"-L{self.work}", "-lpthread", "-lrt"])
        program = os.path.join(self.work, "program")
        run([self.options.cc, "-o", program, *self.words(line, profile), f"-L{self.work}",
             f"-Wl,-rpath,{self.work}"])
        said = self.said(run([program]).stdout, profile)
        if len(said) != 1:
            sys.exit(f"{line} ({profile}): the program used {said}")
        return said.pop()

    @staticmethod
    def in_map(text, profile):
        """Whose functions the link map shows in the program."""
        members = [*HAL_TLS, *(SDK_MQTT if profile == "mqtt" else {})]
        found = set()
        if any(re.search(rf"lib\w+\.a\({re.escape(member)}\)", text) for member in members):
            found.add(ORIGINAL)
        # Where the section went, as ld and gold write it (0 is nowhere), and as lld does.
        ours = rf"linksdk_{profile}\.o\)?"
        section = rf"\.text\.{'HAL_SSL_Establish' if profile == 'hal' else 'IOT_MQTT_Construct'}"
        placed = [rf"{section}\s+0x0*[1-9a-f][0-9a-f]*\s+0x[0-9a-f]+\s+\S*{ours}\n",
                  rf"{ours}:\({section}\)"]
        if any(re.search(pattern, text) for pattern in placed):
            found.add(OURS)
        return found

    @staticmethod
    def said(text, profile):
        """Whose functions and data the program says to have used."""
        replaced = ["original: TLS", "certificate: sample"] + (["original: MQTT"] if profile == "mqtt" else [])
        found = {ORIGINAL} if any(f"{line}\n" in text for line in replaced) else set()
        return found | {OURS} if "ours: TLS\n" in text else found


def documented(options):
    """(line, profile, outcome) of the tables, with the exceptions of this build."""
    exceptions = {}
    for line, (builds, profile, outcome) in table(options.document, "Where a linker differs"):
        for build in builds.split(", "):
            if build not in BUILDS:
                sys.exit(f"{options.document}: no build is called '{build}'")
            exceptions[line, profile.strip("`"), build] = outcome
    rows = []
    for line, outcomes in table(options.document, "The matrix"):
        for profile, outcome in zip(("hal", "mqtt"), outcomes):
            rows.append((line, profile, exceptions.pop((line, profile, options.build), outcome)))
    lines = {line for line, _, _ in rows}
    strangers = [line for line, _, _ in exceptions if line not in lines]
    if strangers:
        sys.exit(f"{options.document}: exceptions for lines that the matrix lacks: {strangers}")
    unknown = {outcome for _, _, outcome in rows} - OUTCOMES
    if unknown:
        sys.exit(f"{options.document}: outcomes are {OUTCOMES}, not {unknown}")
    # What the document promises below its table.
    for line, profile, outcome in rows:
        cause = "merged" in line or "muldefs" in line or (
            "ARCHIVE" in line and "-Wl,-u,linksdk_engine" not in line)
        if outcome in (ORIGINAL, MIXED) and not cause:
            sys.exit(f"{options.document}: '{line}' ({profile}) loses for no reason that is named")
    # A table that shrinks would pass, too.
    every = " ".join(lines)
    for word in ("OBJECT", "ARCHIVE", "-Wl,--whole-archive", "-Wl,--start-group", "credentials.o",
                 "-lcredentials", "-Wl,-z,muldefs", "-Wl,-u,linksdk_engine", "-lmerged", "-liot_hal_cut"):
        if word not in every:
            sys.exit(f"{options.document}: no line of the matrix has {word}")
    if len(lines) < 30:
        sys.exit(f"{options.document}: the matrix has only {len(lines)} lines")
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("document", "prefix", "work"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--build", choices=sorted(BUILDS), required=True)
    parser.add_argument("--cc", default="gcc")
    parser.add_argument("--control", action="store_true")
    options = parser.parse_args()
    if shutil.which(BUILDS[options.build].linker) is None:
        print(f"{BUILDS[options.build].linker} is not installed")
        return SKIPPED
    rows = documented(options)
    matrix = Matrix(options)
    matrix.prepare()
    links = [(line, profile, expected, matrix.outcome) for line, profile, expected in rows]
    if matrix.build.shared:
        for line, (option, *outcomes) in table(options.document, "Programs that load firmware"):
            links += [(line, profile, expected, partial(matrix.loading, option=option.strip("`").replace("none", "")))
                      for profile, expected in zip(("hal", "mqtt"), outcomes)]
        if len(links) < len(rows) + 6:
            sys.exit(f"{options.document}: too few programs load firmware")
    found = 0
    for line, profile, expected, link in links:
        if options.control:
            expected = ERROR if expected != ERROR else OURS
        outcome = link(line, profile=profile)
        if outcome != expected:
            found += 1
            if not options.control:
                print(f"{profile}: {line}\n    documented: {expected}, happened: {outcome}")
    shutil.rmtree(matrix.work)
    print(f"{len(links)} links, {found} differences")
    return int(found != (len(links) if options.control else 0))


if __name__ == "__main__":
    sys.exit(main())
