#!/usr/bin/env python3
"""Uses the installed package as firmware projects do, after moving it to another folder.

    consumer.py find_package|pkg_config|makefile --prefix DIR --work DIR [--cc gcc] [--cxx g++]
"""

import argparse
import os
import shutil
import subprocess
import sys

import emulator

SOURCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "consumer")
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror"]


def run(command, environment=None, expect=0):
    done = subprocess.run(emulator.command(command), env=environment, text=True, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != expect:
        sys.exit(f"{' '.join(command)}\nended with {done.returncode}, not {expect}\n{done.stdout}")
    return done.stdout


def find_package(options, prefix):
    build = os.path.join(options.work, "build")
    run(["cmake", "-S", os.path.join(SOURCES, "find_package"), "-B", build,
         f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_C_COMPILER={options.cc}"])
    run(["cmake", "--build", build])
    for program in ("application", "hal_only", "with_library", "with_private_library",
                    "beside_old_hal"):
        run([os.path.join(build, program)])


def pkg_config(options, prefix):
    environment = dict(os.environ, PKG_CONFIG_PATH=os.path.join(prefix, "lib/pkgconfig"))

    def flags(package):
        return run(["pkg-config", "--cflags", "--libs", package], environment).split()

    def build(program, source, words):
        output = os.path.join(options.work, program)
        run([options.cc, *STRICT, "-o", output, os.path.join(SOURCES, source), *words])
        return output

    run([build("application", "application.c", flags("linksdk"))])
    run([build("hal_only", "hal_only.c", flags("linksdk-hal"))])
    # The same file as C++; the object must not be taken for C++ source.
    sources = ["-x", "c++", os.path.join(SOURCES, "application.c"), "-x", "none"]
    program = os.path.join(options.work, "application_cxx")
    run([options.cxx, "-std=c++17", "-Wall", "-Wextra", "-Werror", "-o", program, *sources,
         *flags("linksdk")])
    run([program])

    old_object = os.path.join(options.work, "old_hal.o")
    old = os.path.join(options.work, "libold_hal.a")
    run([options.cc, *STRICT, "-c", "-o", old_object, os.path.join(SOURCES, "old_hal.c")])
    run([os.environ.get("AR", "ar"), "rcs", old, old_object])
    run([build("before_old_hal", "hal_only.c", [*flags("linksdk-hal"), old])])
    # After it, the object clashes, which is heard; the archive would lose in silence.
    said = run([options.cc, os.path.join(SOURCES, "hal_only.c"), old, *flags("linksdk-hal"),
                "-o", os.path.join(options.work, "clash")], expect=1)
    if "multiple definition" not in said:
        sys.exit(f"the clash is not reported as such:\n{said}")
    archive = [word.replace("linksdk_hal.o", "liblinksdk_hal.a") for word in flags("linksdk-hal")]
    run([build("loses_to_old_hal", "hal_only.c", [old, *archive])], expect=1)


def makefile(options, prefix):
    run(["make", "-C", os.path.join(SOURCES, "makefile"), f"PREFIX={prefix}",
         f"OUT={os.path.abspath(options.work)}", f"CC={options.cc}"])
    run([os.path.join(options.work, "application")])


def main():
    kinds = {"find_package": find_package, "pkg_config": pkg_config, "makefile": makefile}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=sorted(kinds))
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--cc", default="gcc")
    parser.add_argument("--cxx", default="g++")
    options = parser.parse_args()
    # MAKEFLAGS of a surrounding make would reach ours.
    for name in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL"):
        os.environ.pop(name, None)

    options.work = os.path.abspath(options.work)
    shutil.rmtree(options.work, ignore_errors=True)
    moved = os.path.join(options.work, "moved")
    shutil.copytree(options.prefix, moved)
    kinds[options.kind](options, moved)


if __name__ == "__main__":
    main()
