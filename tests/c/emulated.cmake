# Tests of a package for another architecture: its programs run through the emulator that the
# toolchain file names (CMAKE_CROSSCOMPILING_EMULATOR). What makes no sense there is left out, with
# its reason; CMake prints both, and left-out.txt in the build folder lists them.

set(emulator "")
set(left_out_rules "") # a pattern of test names, the reason, and so on
set(left_out_file "${CMAKE_CURRENT_BINARY_DIR}/left-out.txt")
file(WRITE "${left_out_file}" "")

if(CMAKE_CROSSCOMPILING)
  if(NOT CMAKE_CROSSCOMPILING_EMULATOR)
    message(FATAL_ERROR "these tests are for ${CMAKE_SYSTEM_PROCESSOR}: set CMAKE_CROSSCOMPILING_EMULATOR to what "
            "runs its programs here, as the files in cmake/toolchains/ do")
  endif()
  set(emulator ${CMAKE_CROSSCOMPILING_EMULATOR})
  set(left_out_rules
    "[.]valgrind$" "valgrind runs only programs of its own architecture"
    "^documentation[.]" "the documents' commands are for the machine that they run on"
    "^(softhsm|example[.]secure_element)[.]" "the PKCS#11 module, SoftHSM2, would have to be one of the target's architecture"
    "^soak[.]" "what an emulated process holds of memory is mostly the emulator's"
    "^no_thread" "QEMU does not hold an emulated process to its limits of memory"
    "^out_of_memory" "it starts hundreds of processes, and each would run through the emulator"
    "^collision[.]" "Debian's libmbedtls is installed for this machine's architecture only")
endif()

# Sets `result` to TRUE when the test of this name is left out, and says so.
function(left_out name result)
  set(${result} FALSE PARENT_SCOPE)
  set(rules ${left_out_rules})
  while(rules)
    list(POP_FRONT rules pattern reason)
    if(name MATCHES "${pattern}")
      message(STATUS "left out: ${name}: ${reason}")
      file(APPEND "${left_out_file}" "${name}: ${reason}\n")
      set(${result} TRUE PARENT_SCOPE)
      return()
    endif()
  endwhile()
endfunction()
