# Takes the printing of stack traces out of a linked object.
#
# Rust's standard library prints one when a program panics, and brings what reads ELF and DWARF files
# for it: 200 KB that no firmware can use, since its symbols are stripped and its panics are contained.
# Only a standard library of one's own could be built without it, with an unstable compiler. So the
# one function that everything hangs on, the Display of a stack trace, becomes one that writes nothing
# and succeeds; what only it needs is then removed by the linker.
#
# remove_backtraces(OBJECT ROOTS...): rewrites OBJECT. ROOTS: the options that keep what is exported.
function(remove_backtraces object)
  execute_process(COMMAND "${READELF}" --section-headers --wide "${object}"
                  OUTPUT_VARIABLE sections ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
  if(NOT sections MATCHES
     " (\\.text\\.[^ \n]*backtrace[^ \n]*DisplayBacktrace[^ \n]*fmt[^ \n]*) +PROGBITS +[0-9a-f]+ +[0-9a-f]+ ([0-9a-f]+)")
    message(WARNING "${object}: this Rust's standard library prints stack traces in another way; they stay in")
    return()
  endif()
  set(section "${CMAKE_MATCH_1}")
  set(length "0x${CMAKE_MATCH_2}")

  # As long as what it replaces, so that the unwind tables stay true. The result, in the register of an
  # int on every target, is fmt::Result's Ok.
  set(stub "${object}.stub")
  file(WRITE "${stub}.c" "__attribute__((section(\".text.stub\"), used)) int succeed(void) { return 0; }\n"
                         "__asm__(\".section .text.stub\\n.org ${length}\\n\");\n")
  execute_process(COMMAND "${CC}" -dumpmachine OUTPUT_VARIABLE machine COMMAND_ERROR_IS_FATAL ANY)
  set(flags -Os -fno-toplevel-reorder -fno-asynchronous-unwind-tables)
  if(machine MATCHES "^arm" AND NOT RUST_TARGET MATCHES "^thumb")
    list(APPEND flags -marm) # Rust's code for ARM is not Thumb code, gcc's is by default
  endif()
  run("compiling ${stub}.c" "${CC}" ${flags} -c "${stub}.c" -o "${stub}.o")
  run("cutting out ${stub}.o" "${OBJCOPY}" -O binary --only-section=.text.stub "${stub}.o" "${stub}.bin")
  run("replacing a function of ${object}" "${OBJCOPY}" "--remove-relocations=${section}"
      --update-section "${section}=${stub}.bin" --remove-section=.llvmbc --remove-section=.llvmcmd
      "${object}" "${object}.replaced")
  run("linking ${object} again" "${CC}" -r -nostdlib -Wl,--gc-sections ${ARGN} -o "${object}" "${object}.replaced")
  file(REMOVE "${stub}.c" "${stub}.o" "${stub}.bin" "${object}.replaced")
endfunction()
