# Linux on 64-bit ARM with the GNU C library, with Debian's cross compiler (package gcc-aarch64-linux-gnu; to
# run the tests also qemu-user):
#
#   cmake -S . -B build/aarch64 -DCMAKE_TOOLCHAIN_FILE=cmake/toolchains/aarch64-linux-gnu.cmake
#
# Another compiler: -DCMAKE_C_COMPILER=... and, with a sysroot, -DCMAKE_SYSROOT=... (docs/cross.md).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)

if(NOT CMAKE_C_COMPILER)
  set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)
endif()
if(NOT CMAKE_CXX_COMPILER)
  set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
endif()

# What Rust calls this target.
set(LINKSDK_RUST_TARGET aarch64-unknown-linux-gnu CACHE STRING "Rust target triple")

# Where the target's C library is, to link and to run.
if(CMAKE_SYSROOT)
  set(linksdk_target_root "${CMAKE_SYSROOT}")
else()
  set(linksdk_target_root /usr/aarch64-linux-gnu)
endif()
set(CMAKE_FIND_ROOT_PATH "${linksdk_target_root}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
# The installed package lies outside, wherever CMAKE_PREFIX_PATH says.
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)

# Programs of the target run on this machine through QEMU.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L "${linksdk_target_root}" CACHE STRING
    "command in front of a program of the target")
