#!/usr/bin/env python3
"""Compiles the installed headers as C99, C11 and C++ with warnings as errors, alone and together.

    headers.py --cc gcc --cxx g++ --prefix DIR --work DIR
"""

import argparse
import glob
import itertools
import os
import subprocess
import sys

LANGUAGES = [("c", "c99"), ("c", "c11"), ("c++", "c++11"), ("c++", "c++17")]
WARNINGS = ["-Wall", "-Wextra", "-Werror", "-Wpedantic", "-Wstrict-prototypes"]

# Declares again what the SDK's wrappers_tls.h and wrappers_defs.h declare, as firmware that includes
# both sees it; its own include guard is the SDK's, which linksdk_hal.h looks for.
STAND_IN = """
#ifndef _WRAPPERS_DEFS_H_
#define _WRAPPERS_DEFS_H_
#include <stdint.h>
#ifdef __cplusplus
extern "C" {
#endif
typedef struct {
    void *(*malloc)(uint32_t size);
    void (*free)(void *memory);
} ssl_hooks_t;
int HAL_SSL_Read(uintptr_t handle, char *buf, int len, int timeout_ms);
int HAL_SSL_Write(uintptr_t handle, const char *buf, int len, int timeout_ms);
int32_t HAL_SSL_Destroy(uintptr_t handle);
uintptr_t HAL_SSL_Establish(const char *host, uint16_t port, const char *ca_crt, uint32_t ca_crt_len);
#ifdef __cplusplus
}
#endif
#endif
"""


def compile_text(options, name, text, language, standard, extra=()):
    compiler = options.cc if language == "c" else options.cxx
    warnings = [word for word in WARNINGS if language == "c" or word != "-Wstrict-prototypes"]
    source = os.path.join(options.work, f"{name}.{'c' if language == 'c' else 'cpp'}")
    with open(source, "w", encoding="utf-8") as file:
        file.write(text)
    include = os.path.join(options.prefix, "include")
    done = subprocess.run(
        [compiler, "-x", language, f"-std={standard}", *warnings, *extra, "-fsyntax-only",
         f"-I{include}", f"-I{include}/linksdk", source],
        capture_output=True, text=True, check=False)
    return done.stderr if done.returncode != 0 else ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("cc", "cxx", "prefix", "work"):
        parser.add_argument(f"--{name}", required=True)
    options = parser.parse_args()
    os.makedirs(options.work, exist_ok=True)

    compat = sorted(os.path.basename(path)
                    for path in glob.glob(os.path.join(options.prefix, "include/linksdk/*.h")))
    if len(compat) < 5:
        sys.exit(f"only {len(compat)} headers are installed in include/linksdk")
    ours = ["linksdk_hal.h"]
    texts = {name.replace(".", "_"): f'#include "{name}"\n' for name in ours + compat}
    include_all = "".join(f'#include "{name}"\n' for name in ours + compat)
    texts["all_together"] = include_all
    texts["all_twice"] = include_all + include_all
    texts["all_in_reverse"] = "".join(f'#include "{name}"\n' for name in reversed(ours + compat))
    # Not beside the generated sources: they would include it in place of the installed one.
    os.makedirs(os.path.join(options.work, "sdk"), exist_ok=True)
    stand_in = os.path.join("sdk", "wrappers_tls.h")
    with open(os.path.join(options.work, stand_in), "w", encoding="utf-8") as file:
        file.write(STAND_IN)
    texts["beside_wrappers_tls"] = f'#include "{stand_in}"\n#include "linksdk_hal.h"\n'
    texts["before_wrappers_tls"] = f'#include "linksdk_hal.h"\n#include "{stand_in}"\n'

    failures = 0
    for (name, text), (language, standard) in itertools.product(texts.items(), LANGUAGES):
        # A C file of declarations only is legal in C but pedantic compilers want one definition.
        error = compile_text(options, f"{name}_{standard}", text + "int here;\n", language, standard)
        if error:
            failures += 1
            print(f"{name} as {standard}:\n{error}")
    if not compile_text(options, "control", '#include "linksdk_hal.h"\nint HAL_SSL_Read(void);\n',
                        "c", "c99"):
        failures += 1
        print("the control compiled: HAL_SSL_Read is not declared by linksdk_hal.h")
    print(f"{len(texts)} combinations in {len(LANGUAGES)} languages, {failures} failures")
    return int(failures != 0)


if __name__ == "__main__":
    sys.exit(main())
