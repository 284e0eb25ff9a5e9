# The C programs under something that watches them: a tool of valgrind (scripts/memcheck.sh), which is put
# before each program, or sanitizers (scripts/sanitize.sh), which the compiler has put into it. What makes
# no sense there is left out, with its reason, as in emulated.cmake.

set(LINKSDK_CHECKER "" CACHE STRING "memcheck, helgrind or drd of valgrind, or sanitizers; empty: nothing watches")
set(checked "${root}/tests/checked")
set(slower 1) # how many times as long a program may take

if(LINKSDK_CHECKER)
  list(APPEND left_out_rules "[.]valgrind$" "the test itself is run under a checker here"
       "^cycles[.]control$" "what it leaks is a descriptor, which is not what is looked for here"
       "^out_of_memory" "checkers put their own malloc in the place of the one that fails here"
       "^no_thread$" "it leaves no address space for another thread, and checkers need much of it themselves")
endif()
if(LINKSDK_CHECKER MATCHES "^(memcheck|helgrind|drd)$")
  list(APPEND left_out_rules
       "^(time_bounds[.]|establish_bounds[.]|idle[.]|yield_bounds$)" "it measures milliseconds and processor time, and valgrind takes many times as much of both")
  set(slower 10)
  # Valgrind runs one thread at a time; without the fair order, a thread that never waits keeps its turn for
  # ever where there is more than one processor.
  set(emulator ${VALGRIND} --tool=${LINKSDK_CHECKER} -s --error-exitcode=99 --num-callers=40 --fair-sched=yes
      "--suppressions=${checked}/${LINKSDK_CHECKER}.supp")
  if(LINKSDK_CHECKER STREQUAL "memcheck")
    list(APPEND emulator --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite)
  endif()
endif()

# For the scripts that start programs themselves.
string(JOIN " " emulator_line ${emulator})

# Mistakes made on purpose; what a checker says of its own is in `found_*`.
function(planted_mistakes)
  add_executable(planted "${checked}/planted.c")
  target_link_libraries(planted PRIVATE LinkSdk::sdk Threads::Threads)
  set(found_none "")
  if(LINKSDK_CHECKER STREQUAL "memcheck")
    set(found_leak "10 bytes in 1 blocks are definitely lost")
    set(found_read "Invalid read of size 1")
  elseif(LINKSDK_CHECKER STREQUAL "helgrind")
    set(found_race "Possible data race during .* by thread")
  elseif(LINKSDK_CHECKER STREQUAL "drd")
    set(found_race "Conflicting (load|store) by thread")
  elseif(LINKSDK_CHECKER STREQUAL "sanitizers")
    set(found_leak "LeakSanitizer: detected memory leaks")
    set(found_read "heap-buffer-overflow")
    set(found_overflow "signed integer overflow")
  endif()
  foreach(mistake none leak read race overflow)
    if(NOT DEFINED found_${mistake})
      continue()
    endif()
    set(name planted.${mistake})
    add_test(NAME ${name} COMMAND ${emulator} $<TARGET_FILE:planted> ${mistake})
    set_tests_properties(${name} PROPERTIES LABELS "program;threads" TIMEOUT 120)
    if(found_${mistake})
      set_tests_properties(${name} PROPERTIES PASS_REGULAR_EXPRESSION "${found_${mistake}}")
    endif()
  endforeach()
endfunction()
