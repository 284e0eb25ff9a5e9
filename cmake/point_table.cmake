# Takes the table of multiples of P-256's generator out of the smallest build.
#
# On 64-bit processors ring multiplies the generator with a table of 150 KB, a sixth of that build, and
# any other point without one. A handshake multiplies the generator once or twice: without the table it
# takes 2 % more instructions. So the references to the two functions that read the table go to
# point_table.c, which calls ring's function for other points, and the linker removes what is left alone.
#
# replace_point_table(ARCHIVE OBJECT RESULT): compiles OBJECT, and sets RESULT to what the link of ARCHIVE
# needs: nothing when it has no such table.
function(replace_point_table archive object result)
  set(${result} "" PARENT_SCOPE)
  execute_process(COMMAND "${NM}" --defined-only --format=posix "${archive}"
                  OUTPUT_VARIABLE symbols ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
  if(NOT symbols MATCHES "\necp_nistz256_precomputed ")
    return()
  endif()
  string(REGEX MATCH "\n(ring_core_[0-9_]+)p256_point_mul T" found "${symbols}")
  set(prefix "${CMAKE_MATCH_1}")
  foreach(name p256_point_mul_base p256_point_mul_base_vartime)
    if(NOT prefix OR NOT symbols MATCHES "\n${prefix}${name} T")
      message(WARNING "${archive}: this ring multiplies points in another way; its table stays in")
      return()
    endif()
  endforeach()
  separate_arguments(flags UNIX_COMMAND "${C_FLAGS}")
  run("compiling ${object}" "${CC}" ${flags} -std=c99 -Wall -Wextra -Werror -Os -fPIC -ffunction-sections
      -fdata-sections "-DRING_PREFIX=${prefix}" -c "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/point_table.c" -o "${object}")
  set(${result} "${object}" "-Wl,--wrap=${prefix}p256_point_mul_base"
      "-Wl,--wrap=${prefix}p256_point_mul_base_vartime" PARENT_SCOPE)
endfunction()
