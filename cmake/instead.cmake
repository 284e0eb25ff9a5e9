# Functions of the engines that get others in their place, so that the linker removes what only they need.
#
# In the smallest build, the table of multiples of P-256's generator. On 64-bit processors ring multiplies
# the generator with a table of 150 KB, a fifth of that build, and any other point without one: point_table.c
# calls that. It takes half a million instructions more; a handshake with an RSA key (13 million) does it
# once, one with a P-256 key (3 million) twice.
#
# With the engine mbedtls, the server's side of the handshake, 20 KB, and hashes and ciphers that are never
# offered, 25 KB (never_taken.c): the configuration of its crate compiles them in.
#
# functions_instead(ARCHIVE OBJECT RESULT): compiles OBJECT, and sets RESULT to what the link of ARCHIVE
# needs: nothing when there is nothing to replace. What OBJECT defines as __wrap_X replaces X.
function(functions_instead archive object result)
  set(${result} "" PARENT_SCOPE)
  execute_process(COMMAND "${NM}" --defined-only --format=posix "${archive}"
                  OUTPUT_VARIABLE symbols ERROR_QUIET COMMAND_ERROR_IS_FATAL ANY)
  set(prefix "")
  if(FEATURES MATCHES "engine-mbedtls")
    set(source never_taken.c)
  elseif(FEATURES MATCHES "compact" AND symbols MATCHES "\necp_nistz256_precomputed ")
    string(REGEX MATCH "\n(ring_core_[0-9_]+)p256_point_mul T" found "${symbols}")
    set(prefix "${CMAKE_MATCH_1}")
    set(source point_table.c)
  else()
    return()
  endif()
  separate_arguments(flags UNIX_COMMAND "${C_FLAGS}")
  run("compiling ${object}" "${CC}" ${flags} -std=c99 -Wall -Wextra -Werror -Os -fPIC -ffunction-sections
      -fdata-sections "-DRING_PREFIX=${prefix}" -c "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/${source}" -o "${object}")
  execute_process(COMMAND "${NM}" --defined-only --extern-only --format=posix "${object}"
                  OUTPUT_VARIABLE replacements COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX MATCHALL "__wrap_[A-Za-z0-9_]+" replacements "${replacements}")
  set(options "")
  foreach(replacement IN LISTS replacements)
    string(REGEX REPLACE "^__wrap_" "" name "${replacement}")
    if(NOT symbols MATCHES "\n${name} T")
      message(WARNING "${archive} has no ${name}: what it needs stays in")
      return()
    endif()
    list(APPEND options "-Wl,--wrap=${name}")
  endforeach()
  set(${result} "${object}" ${options} PARENT_SCOPE)
endfunction()
