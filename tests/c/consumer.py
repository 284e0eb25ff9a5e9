#!/usr/bin/env python3
"""Uses the installed package as firmware projects do, in a folder other than the one it was installed for.

    consumer.py find_package|pkg_config|makefile --installed-by BUILD --work DIR [--cc gcc] [--cxx g++]
    consumer.py ... --prefix DIR ...

With --installed-by, the package is installed out of BUILD for a prefix that does not exist, below DESTDIR,
and used from a third place; with --prefix a copy of what is installed there is used.
"""

import argparse
import glob
import os
import shutil
import sys

import package
from package import run

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCES = os.path.join(HERE, "..", "consumer")
STANDIN = os.path.join(HERE, "standin")
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror"]


def find_package(options, prefix):
    def configure(name, *words, expect=0):
        return run(["cmake", "-S", os.path.join(SOURCES, name), "-B", os.path.join(options.work, name),
                    f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_C_COMPILER={options.cc}",
                    f"-DSTANDIN={STANDIN}", *words], expect=expect)

    configure("find_package")
    build = os.path.join(options.work, "find_package")
    run(["cmake", "--build", build])
    programs = ["application", "hal_only", "mqtt_only", "with_library", "with_private_library",
                "beside_old_hal", "hal_static"]
    if glob.glob(os.path.join(prefix, "lib", "liblinksdk.so*")):
        programs += ["shared", "shared_defines"]
    for program in programs:
        run([os.path.join(build, program)])
    # The names of another minor version may be other names.
    configure("version", f"-DWANTED={package.MAJOR}.{package.MINOR}")
    other = f"{package.MAJOR}.{package.MINOR + 1}"
    said = configure("version", f"-DWANTED={other}", expect=1)
    if f"compatible with requested version \"{other}\"" not in " ".join(said.split()):
        sys.exit(f"another version is not refused as such:\n{said}")


def pkg_config(options, prefix):
    folder = os.path.join(prefix, "lib/pkgconfig")
    environment = dict(os.environ, PKG_CONFIG_PATH=folder)

    def flags(name):
        return run(["pkg-config", "--cflags", "--libs", name], environment).split()

    def build(program, source, words, before=()):
        output = os.path.join(options.work, program)
        run([options.cc, *STRICT, *before, "-o", output, os.path.join(SOURCES, source), *words])
        return output

    run([build("application", "application.c", flags("linksdk"))])
    run([build("hal_only", "hal_only.c", flags("linksdk-hal"))])
    run([build("hal_static", "hal_only.c", flags("linksdk-hal"), ["-static"])])
    standin = archive(options, "standin", flags("linksdk-mqtt"),
                      glob.glob(os.path.join(STANDIN, "*.c")))
    linksdk_headers = "-I" + os.path.join(prefix, "include/linksdk")
    run([build("mqtt_only", "mqtt_only.c", [linksdk_headers, *flags("linksdk-mqtt"), standin])])
    if os.path.exists(os.path.join(folder, "linksdk-shared.pc")):
        environment["LD_LIBRARY_PATH"] = os.path.join(prefix, "lib")
        for program, before in (("shared", []), ("shared_no_pie", ["-no-pie", "-fno-pie"]),
                                ("shared_defines", ["-DDEFINES_CREDENTIALS"])):
            run([build(program, "shared.c", flags("linksdk-shared"), before)], environment)
    # The same file as C++; the object must not be taken for C++ source.
    sources = ["-x", "c++", os.path.join(SOURCES, "application.c"), "-x", "none"]
    program = os.path.join(options.work, "application_cxx")
    run([options.cxx, "-std=c++17", "-Wall", "-Wextra", "-Werror", "-o", program, *sources,
         *flags("linksdk")])
    run([program])

    old = archive(options, "old_hal", [], [os.path.join(SOURCES, "old_hal.c")])
    run([build("before_old_hal", "hal_only.c", [*flags("linksdk-hal"), old])])
    # After it, the object clashes, which is heard (docs/linking.md has every order).
    said = run([options.cc, os.path.join(SOURCES, "hal_only.c"), old, *flags("linksdk-hal"),
                "-o", os.path.join(options.work, "clash")], expect=1)
    if "multiple definition" not in said:
        sys.exit(f"the clash is not reported as such:\n{said}")


def archive(options, name, flags, sources):
    """lib<name>.a of these sources."""
    includes = [word for word in flags if word.startswith("-I")]
    objects = []
    for source in sources:
        objects.append(os.path.join(options.work, f"{name}-{os.path.basename(source)}.o"))
        run([options.cc, *STRICT, *includes, *(f"{word}/linksdk" for word in includes), "-DSTANDIN_FIRST=3",
             "-c", "-o", objects[-1], source])
    path = os.path.join(options.work, f"lib{name}.a")
    run([os.environ.get("AR", "ar"), "rcs", path, *objects])
    return path


def makefile(options, prefix):
    run(["make", "-C", os.path.join(SOURCES, "makefile"), f"PREFIX={prefix}", f"STANDIN={STANDIN}",
         f"OUT={options.work}", f"CC={options.cc}"])
    for profile in ("application", "hal_only", "mqtt_only"):
        run([os.path.join(options.work, profile)])
        run([os.path.join(options.work, f"{profile}_archive")])


def main():
    kinds = {"find_package": find_package, "pkg_config": pkg_config, "makefile": makefile}
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("kind", choices=sorted(kinds))
    origin = parser.add_mutually_exclusive_group(required=True)
    origin.add_argument("--installed-by", metavar="BUILD")
    origin.add_argument("--prefix")
    parser.add_argument("--work", required=True)
    parser.add_argument("--cc", default="gcc")
    parser.add_argument("--cxx", default="g++")
    options = parser.parse_args()
    package.forget_make()

    options.work = os.path.abspath(options.work)
    shutil.rmtree(options.work, ignore_errors=True)
    moved = os.path.join(options.work, "moved")
    if options.installed_by:
        shutil.move(package.stage(options.installed_by, options.work), moved)
    else:
        shutil.copytree(options.prefix, moved, symlinks=True)
    kinds[options.kind](options, moved)


if __name__ == "__main__":
    main()
