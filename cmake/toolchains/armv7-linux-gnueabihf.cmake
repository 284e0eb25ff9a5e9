# Linux on ARMv7-A with hardware floating point and the GNU C library, with Debian's cross compiler (package
# gcc-arm-linux-gnueabihf; to run the tests also qemu-user):
#
#   cmake -S . -B build/armv7 -DCMAKE_TOOLCHAIN_FILE=cmake/toolchains/armv7-linux-gnueabihf.cmake
#
# Another compiler: -DCMAKE_C_COMPILER=... and, with a sysroot, -DCMAKE_SYSROOT=... (docs/cross.md).
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR armv7)

if(NOT CMAKE_C_COMPILER)
  set(CMAKE_C_COMPILER arm-linux-gnueabihf-gcc)
endif()
if(NOT CMAKE_CXX_COMPILER)
  set(CMAKE_CXX_COMPILER arm-linux-gnueabihf-g++)
endif()

# What Rust calls this target.
set(LINKSDK_RUST_TARGET armv7-unknown-linux-gnueabihf CACHE STRING "Rust target triple")

# Where the target's C library is, to link and to run.
if(CMAKE_SYSROOT)
  set(linksdk_target_root "${CMAKE_SYSROOT}")
else()
  set(linksdk_target_root /usr/arm-linux-gnueabihf)
endif()
set(CMAKE_FIND_ROOT_PATH "${linksdk_target_root}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
# The installed package lies outside, wherever CMAKE_PREFIX_PATH says.
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE BOTH)

# Programs of the target run on this machine through QEMU.
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-arm -L "${linksdk_target_root}" CACHE STRING
    "command in front of a program of the target")
