# Builds the library for one link profile and finishes it: one object file in which only the
# export list is global, and an archive around it.
#
# Two TLS libraries in one firmware share hundreds of global names; with the wrong link order they
# link silently and crash at run time. A finished object has nothing that could meet them.
#
#   cmake -D CARGO=... -D SOURCE_DIR=... -D TARGET_DIR=... -D PROFILE=release|size
#         -D FEATURES=hal,engine-rustls -D EXPORTS=cmake/exports/hal.txt
#         -D CC=... -D OBJCOPY=... -D READELF=... -D NM=... -D AR=... -D OBJECT=x.o -D ARCHIVE=x.a
#         -D NATIVE_LIBRARIES="-lpthread ..."
#         [-D RUST_TARGET=aarch64-unknown-linux-gnu -D "C_FLAGS=..." -D SYSROOT=...]
#         -P finish.cmake
cmake_minimum_required(VERSION 3.25)

foreach(argument CARGO SOURCE_DIR TARGET_DIR PROFILE FEATURES EXPORTS CC OBJCOPY READELF NM AR OBJECT ARCHIVE
        NATIVE_LIBRARIES)
  if(NOT DEFINED ${argument})
    message(FATAL_ERROR "finish.cmake: ${argument} is missing; run it through the CMake build")
  endif()
endforeach()

function(run what)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    file(REMOVE "${OBJECT}" "${ARCHIVE}")
    message(FATAL_ERROR "${what} failed (${result})")
  endif()
endfunction()

# A crate-type list with rlib, as in Cargo.toml, would silently switch link-time optimisation off.
set(cargo_command "${CARGO}" rustc --manifest-path "${SOURCE_DIR}/Cargo.toml" --package linksdk-hal
    --lib --crate-type staticlib --profile "${PROFILE}" --locked
    --no-default-features --features "${FEATURES}" --target-dir "${TARGET_DIR}")
set(built "${TARGET_DIR}")
if(RUST_TARGET)
  list(APPEND cargo_command --target "${RUST_TARGET}")
  string(APPEND built "/${RUST_TARGET}")
endif()
string(APPEND built "/${PROFILE}/liblinksdk_hal.a")
# Panics name source files: without the folders of the machine that builds, which are nobody's business,
# make the archive larger and no two builds the same.
execute_process(COMMAND "${CARGO}" fetch --quiet --locked --manifest-path "${SOURCE_DIR}/Cargo.toml"
                COMMAND_ERROR_IS_FATAL ANY)
set(cargo_home "$ENV{CARGO_HOME}")
if(NOT cargo_home)
  set(cargo_home "$ENV{HOME}/.cargo")
endif()
file(GLOB registries LIST_DIRECTORIES true "${cargo_home}/registry/src/*")
set(remapped "")
foreach(folder IN LISTS registries)
  list(APPEND remapped "--remap-path-prefix=${folder}/=")
endforeach()
list(APPEND remapped "--remap-path-prefix=${SOURCE_DIR}/=")
# The pre-shared key of the Link SDK has 64 bytes; Mbed TLS takes 32 unless it is compiled otherwise.
set(environment --unset=MAKEFLAGS --unset=MFLAGS --unset=CARGO_TARGET_DIR)
if(FEATURES MATCHES "engine-mbedtls")
  list(APPEND environment "CFLAGS=$ENV{CFLAGS} -DMBEDTLS_PSK_MAX_LEN=64")
endif()
if(DEFINED ENV{RUSTFLAGS})
  list(JOIN remapped " " remapped)
  list(APPEND environment "RUSTFLAGS=$ENV{RUSTFLAGS} ${remapped}")
else()
  list(JOIN remapped "','" remapped)
  list(APPEND cargo_command --config "build.rustflags=['${remapped}']")
endif()
# The C parts, too, are for the target. What the environment already says stays.
if(RUST_TARGET)
  string(REGEX REPLACE "[-.]" "_" target "${RUST_TARGET}")
  string(TOUPPER "${target}" TARGET)
  if(SYSROOT)
    string(APPEND C_FLAGS " --sysroot=${SYSROOT}")
  endif()
  string(STRIP "${C_FLAGS}" C_FLAGS)
  foreach(setting "CARGO_TARGET_${TARGET}_LINKER=${CC}" "CC_${target}=${CC}" "AR_${target}=${AR}"
          "CFLAGS_${target}=${C_FLAGS}")
    string(REGEX REPLACE "=.*" "" name "${setting}")
    if(NOT DEFINED ENV{${name}})
      list(APPEND environment "${setting}")
    endif()
  endforeach()
endif()
execute_process(
  COMMAND "${CMAKE_COMMAND}" -E env ${environment}
          ${cargo_command} -- --print native-static-libs
  RESULT_VARIABLE result
  OUTPUT_VARIABLE printed ECHO_OUTPUT_VARIABLE
  ERROR_VARIABLE said ECHO_ERROR_VARIABLE)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "cargo could not build the library (features ${FEATURES}); see above")
endif()
if(NOT "${printed}${said}" MATCHES "native-static-libs: ([^\n]*)")
  message(FATAL_ERROR "rustc did not say which native libraries the archive needs")
endif()
# rustc may repeat a library; what is installed names each once, in rustc's order.
string(STRIP "${CMAKE_MATCH_1}" needed)
separate_arguments(needed UNIX_COMMAND "${needed}")
separate_arguments(named UNIX_COMMAND "${NATIVE_LIBRARIES}")
list(APPEND named -lgcc_s -lc) # the C compiler adds these
foreach(library IN LISTS needed)
  if(NOT library IN_LIST named)
    message(FATAL_ERROR "the archive needs ${library}: add it to LINKSDK_NATIVE_LIBRARIES in CMakeLists.txt")
  endif()
endforeach()

# cargo touches the archive also when nothing changed.
file(SHA256 "${built}" stamp)
foreach(input "${EXPORTS}" "${CMAKE_CURRENT_LIST_FILE}" "${CMAKE_CURRENT_LIST_DIR}/backtraces.cmake"
        "${CMAKE_CURRENT_LIST_DIR}/instead.cmake" "${CMAKE_CURRENT_LIST_DIR}/point_table.c"
        "${CMAKE_CURRENT_LIST_DIR}/never_taken.c")
  file(SHA256 "${input}" hash)
  string(APPEND stamp " ${hash}")
endforeach()
string(APPEND stamp " ${CC} ${OBJCOPY}")
if(EXISTS "${OBJECT}.stamp" AND EXISTS "${OBJECT}" AND EXISTS "${ARCHIVE}")
  file(READ "${OBJECT}.stamp" previous)
  if(previous STREQUAL stamp)
    return()
  endif()
endif()

file(STRINGS "${EXPORTS}" exports REGEX "^[A-Za-z_]")
set(roots "")
foreach(name IN LISTS exports)
  list(APPEND roots "-Wl,-u,${name}")
endforeach()
# A group left around DW.ref.rust_eh_personality makes a panic crash beside a second Rust library,
# hence --force-group-allocation; and without --strip-unneeded, garbage-collected weak references
# would become strong undefined symbols.
set(linked "${OBJECT}.linked")
include("${CMAKE_CURRENT_LIST_DIR}/instead.cmake")
functions_instead("${built}" "${OBJECT}.instead.o" instead)
run("linking ${OBJECT}" "${CC}" -r -nostdlib -Wl,--gc-sections -Wl,--force-group-allocation
    ${roots} -o "${linked}" ${instead} "${built}")
file(REMOVE "${OBJECT}.instead.o")
include("${CMAKE_CURRENT_LIST_DIR}/backtraces.cmake")
remove_backtraces("${linked}" ${roots})
# Who holds how much of it (scripts/holders.py), while the local names are still there.
execute_process(COMMAND "${NM}" --demangle --print-size --size-sort "${linked}"
                OUTPUT_FILE "${OBJECT}.symbols" ERROR_QUIET)
run("making symbols local in ${OBJECT}" "${OBJCOPY}" "--keep-global-symbols=${EXPORTS}"
    --strip-debug --strip-unneeded --remove-section=.llvmbc --remove-section=.llvmcmd
    "${linked}" "${OBJECT}")
file(REMOVE "${linked}" "${ARCHIVE}")

# The linker is silent about a root that nothing defines.
execute_process(COMMAND "${NM}" --defined-only --extern-only --format=posix "${OBJECT}"
                OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
string(REGEX REPLACE " [^\n]*" "" symbols "${symbols}")
string(REGEX MATCHALL "[^\n]+" symbols "${symbols}")
set(missing ${exports})
list(REMOVE_ITEM missing ${symbols})
set(unexpected ${symbols})
list(REMOVE_ITEM unexpected ${exports})
if(missing OR unexpected)
  file(REMOVE "${OBJECT}")
  list(JOIN missing " " missing)
  list(JOIN unexpected " " unexpected)
  message(FATAL_ERROR "the library does not match ${EXPORTS}\n"
          "  listed but not defined: ${missing}\n  defined but not listed: ${unexpected}")
endif()

run("making ${ARCHIVE}" "${AR}" rcsD "${ARCHIVE}" "${OBJECT}")
file(WRITE "${OBJECT}.stamp" "${stamp}")
