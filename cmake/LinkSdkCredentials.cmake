# Puts a device's certificate and key into a program at build time:
#
#   find_package(LinkSdkHal REQUIRED)
#   linksdk_embed_credentials(TARGET fw CERT dev.pem KEY dev.key [CA roots.pem])
#
# The companion command linksdk-x509 checks that the two belong together and writes the C file that
# defines g_cli_crt and g_cli_key (and with CA iotx_ca_crt) into the build folder, readable by its
# owner only, never into the source tree. It is written again when one of the files changes, and
# compiled into TARGET. Relative paths start at the current source folder.
#
# The command is looked for beside this package and on the path; set LINKSDK_X509 to name another.

function(linksdk_embed_credentials)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "TARGET;CERT;KEY;CA" "")
  set(usage "linksdk_embed_credentials(TARGET target CERT file KEY file [CA file])")
  foreach(name TARGET CERT KEY)
    if(NOT arg_${name})
      message(FATAL_ERROR "${name} is missing: ${usage}")
    endif()
  endforeach()
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "not understood: ${arg_UNPARSED_ARGUMENTS}; the call is ${usage}")
  endif()
  if(NOT TARGET ${arg_TARGET})
    message(FATAL_ERROR "linksdk_embed_credentials: there is no target ${arg_TARGET} yet; "
                        "call it after add_executable or add_library")
  endif()
  if(TARGET ${arg_TARGET}_credentials)
    message(FATAL_ERROR "linksdk_embed_credentials: ${arg_TARGET} has credentials already")
  endif()

  # The command runs on this machine, also when the target does not.
  # This file is in PREFIX/lib/cmake/LinkSdkHal, or in one of PREFIX/lib/TRIPLE.
  get_filename_component(bin "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../../../bin" ABSOLUTE)
  find_program(LINKSDK_X509 linksdk-x509
               HINTS "${bin}" "${CMAKE_CURRENT_FUNCTION_LIST_DIR}/../../../../bin"
               DOC "the companion command of linksdk-hal" NO_CMAKE_FIND_ROOT_PATH)
  if(NOT LINKSDK_X509)
    message(FATAL_ERROR
      "linksdk_embed_credentials needs the command linksdk-x509, which was found neither in "
      "${bin} nor on the path. Install linksdk-hal with "
      "-DLINKSDK_INSTALL_TOOL=ON, or build the command (cargo build --release --package "
      "linksdk-x509) and set LINKSDK_X509 to its path.")
  endif()

  set(inputs "")
  set(options "")
  foreach(name CERT KEY CA)
    if(arg_${name})
      get_filename_component(path "${arg_${name}}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_SOURCE_DIR}")
      string(TOLOWER ${name} option)
      list(APPEND options --${option} "${path}")
      list(APPEND inputs "${path}")
    endif()
  endforeach()
  if(CMAKE_CURRENT_BINARY_DIR STREQUAL CMAKE_CURRENT_SOURCE_DIR)
    message(FATAL_ERROR "linksdk_embed_credentials would write the private key into the source "
                        "tree: build in another folder (cmake -S . -B build)")
  endif()

  set(folder "${CMAKE_CURRENT_BINARY_DIR}/linksdk-credentials")
  file(MAKE_DIRECTORY "${folder}")
  file(CHMOD "${folder}" PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
  # A build folder often lies below the source tree.
  file(WRITE "${folder}/.gitignore" "*\n")
  set(source "${folder}/${arg_TARGET}.c")
  add_custom_command(OUTPUT "${source}"
    COMMAND "${LINKSDK_X509}" embed ${options} --out "${source}" --force
    DEPENDS ${inputs} "${LINKSDK_X509}"
    COMMENT "Embedding the credentials of ${arg_TARGET}" VERBATIM)

  # A target of its own: the caller's may have been made in another folder.
  add_library(${arg_TARGET}_credentials OBJECT "${source}")
  get_target_property(position_independent ${arg_TARGET} POSITION_INDEPENDENT_CODE)
  if(position_independent)
    set_property(TARGET ${arg_TARGET}_credentials PROPERTY POSITION_INDEPENDENT_CODE ON)
  endif()
  set(object "$<TARGET_OBJECTS:${arg_TARGET}_credentials>")
  get_target_property(type ${arg_TARGET} TYPE)
  if(type STREQUAL "STATIC_LIBRARY")
    # Out of an archive a linker would not take it: the names are defined, weak and NULL, already.
    # So every program that links the library gets the object itself.
    add_dependencies(${arg_TARGET} ${arg_TARGET}_credentials)
    target_link_options(${arg_TARGET} INTERFACE "${object}")
    set_property(TARGET ${arg_TARGET} APPEND PROPERTY INTERFACE_LINK_DEPENDS "${object}")
  else()
    target_sources(${arg_TARGET} PRIVATE "${object}")
  endif()
endfunction()
