#!/usr/bin/env python3
"""Checks the installed package as files: `cmake --install` under DESTDIR gives exactly the files that are
listed here, none of which knows where it was built or is to be.

    package.py --build BUILD --work DIR [--shared] [--tool]
    package.py ... --libdir lib64   the same with another folder for libraries
    package.py ... --control        spoils the package in two ways, and succeeds only when each is found
"""

import argparse
import os
import re
import shutil
import subprocess
import sys

import emulator

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
# Nothing can be found there by accident.
NOWHERE = "/nowhere/linksdk"
HEADERS = sorted(os.listdir(os.path.join(ROOT, "include", "compat")))
LISTED = ["include/linksdk_hal.h", *(f"include/linksdk/{name}" for name in HEADERS),
          *(f"lib/{name}" for profile in ("", "_hal", "_mqtt")
            for name in (f"linksdk{profile}.o", f"liblinksdk{profile}.a")),
          "lib/pkgconfig/linksdk.pc", "lib/pkgconfig/linksdk-hal.pc", "lib/pkgconfig/linksdk-mqtt.pc",
          "lib/cmake/LinkSdkHal/LinkSdkHalConfig.cmake",
          "lib/cmake/LinkSdkHal/LinkSdkHalConfigVersion.cmake",
          "lib/cmake/LinkSdkHal/LinkSdkCredentials.cmake"]
TOOL = ["bin/linksdk-x509", "share/bash-completion/completions/linksdk-x509",
        "share/zsh/site-functions/_linksdk-x509", "share/fish/vendor_completions.d/linksdk-x509.fish",
        *(f"share/man/man1/linksdk-x509{command}.1"
          for command in ("", "-pki", "-simulate", "-embed", "-check", "-completions", "-man"))]
with open(os.path.join(ROOT, "Cargo.toml"), encoding="utf-8") as manifest:
    VERSION = re.search(r'^version = "([0-9.]+)"', manifest.read(), re.MULTILINE).group(1)
MAJOR, MINOR = (int(part) for part in VERSION.split(".")[:2])
SHARED = ["lib/liblinksdk.so", f"lib/liblinksdk.so.{MAJOR}", f"lib/liblinksdk.so.{VERSION}",
          "lib/pkgconfig/linksdk-shared.pc"]


def forget_make():
    # MAKEFLAGS of a surrounding make would reach ours.
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
        os.environ.pop(name, None)


def run(command, environment=None, expect=0):
    done = subprocess.run(emulator.command(command), env=environment, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != expect:
        sys.exit(f"{' '.join(command)}\nended with {done.returncode}, not {expect}\n{done.stdout}")
    return done.stdout


def stage(build, work):
    """Installs for a prefix that does not exist, below a folder of ours; returns the prefix there."""
    below = os.path.join(work, "stage")
    run(["cmake", "--install", build, "--prefix", NOWHERE], dict(os.environ, DESTDIR=below))
    if os.path.exists(NOWHERE):
        sys.exit(f"DESTDIR was not honoured: there is a {NOWHERE}")
    return below + NOWHERE


def problems(prefix, build, listed):
    found = []
    installed = [os.path.relpath(os.path.join(folder, name), prefix)
                 for folder, _, names in os.walk(prefix) for name in names]
    found += [f"not installed: {name}" for name in sorted(set(listed) - set(installed))]
    found += [f"installed, but not listed: {name}" for name in sorted(set(installed) - set(listed))]
    strange = [os.fsencode(path) for path in (ROOT, os.path.abspath(build), NOWHERE, prefix)]
    for name in installed:
        if name.endswith((".pc", ".cmake", ".h")):
            with open(os.path.join(prefix, name), "rb") as file:
                text = file.read()
            found += [f"{name} names {path.decode()}" for path in strange if path in text]
    return found


def other_libdir(options):
    """A build with the finished files of BUILD, configured for another folder."""
    build = os.path.join(options.work, "build")
    words = ["-DLINKSDK_SHARED=OFF", "-DLINKSDK_INSTALL_TOOL=OFF", f"-DCMAKE_INSTALL_LIBDIR={options.libdir}"]
    run(["cmake", "-S", ROOT, "-B", build, *words])
    for name in os.listdir(options.build):
        if name.endswith((".o", ".a")):
            shutil.copy(os.path.join(options.build, name), build)
    prefix = stage(build, options.work)
    listed = [name.replace("lib/", f"{options.libdir}/", 1) if name.startswith("lib/") else name
              for name in LISTED]
    found = problems(prefix, build, listed)
    # What the files say about themselves has to lead to what is installed.
    environment = dict(os.environ, PKG_CONFIG_PATH=os.path.join(prefix, options.libdir, "pkgconfig"))
    for name in ("linksdk", "linksdk-hal", "linksdk-mqtt"):
        for word in run(["pkg-config", "--cflags", "--libs", name], environment).split():
            path = word.removeprefix("-I")
            if path.startswith("/") and not os.path.exists(path):
                found.append(f"{name}.pc leads to {path}, which is not there")
    # find_package refuses to be found when a file is missing.
    run(["cmake", "-S", os.path.join(ROOT, "tests/consumer/version"), "-B", os.path.join(options.work, "find"),
         f"-DLinkSdkHal_DIR={prefix}/{options.libdir}/cmake/LinkSdkHal", f"-DWANTED={MAJOR}.{MINOR}"])
    return found


def control(prefix, build, listed):
    """The spoilt packages that nothing was said about."""
    unnoticed = []
    pc = os.path.join(prefix, "lib/pkgconfig/linksdk.pc")
    with open(pc, "a", encoding="utf-8") as file:
        file.write(f"# {NOWHERE}\n")
    if not problems(prefix, build, listed):
        unnoticed.append("a path in linksdk.pc")
    shutil.copy(os.path.join(build, "linksdk.pc"), pc)
    os.rename(f"{prefix}/lib/linksdk.o", f"{prefix}/lib/linksdk")
    found = problems(prefix, build, listed)
    if found != ["not installed: lib/linksdk.o", "installed, but not listed: lib/linksdk"]:
        unnoticed.append(f"a renamed file: {found}")
    return unnoticed


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--shared", action="store_true")
    parser.add_argument("--tool", action="store_true")
    parser.add_argument("--libdir")
    parser.add_argument("--control", action="store_true")
    options = parser.parse_args()
    forget_make()
    options.work = os.path.abspath(options.work)
    shutil.rmtree(options.work, ignore_errors=True)
    listed = LISTED + (SHARED if options.shared else []) + (TOOL if options.tool else [])
    if options.libdir:
        found = other_libdir(options)
    else:
        prefix = stage(options.build, options.work)
        found = (control if options.control else problems)(prefix, options.build, listed)
    shutil.rmtree(options.work)
    print("\n".join(found) or "as listed")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
