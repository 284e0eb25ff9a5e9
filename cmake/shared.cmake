# liblinksdk.so: profile sdk for applications that share one copy of the library on a device.
#
# Only this profile. A shared library cannot win against an archive with the same functions: the linker
# takes the archive's without a word, so hal and mqtt beside the SDK's archives are objects and archives.

set(version_script "${CMAKE_CURRENT_BINARY_DIR}/linksdk.map")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS cmake/exports/sdk.txt)
file(STRINGS cmake/exports/sdk.txt exports REGEX "^[A-Za-z_]")
list(JOIN exports ";\n    " exports)
# The name of the version stays while programs linked before still work, as the SONAME does.
file(CONFIGURE OUTPUT "${version_script}" @ONLY CONTENT "LINKSDK_@PROJECT_VERSION_MAJOR@ {
  global:
    @exports@;
  local:
    *;
};
")

set(object "${CMAKE_CURRENT_BINARY_DIR}/linksdk.o")
set_source_files_properties("${object}" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
add_library(linksdk_shared SHARED "${object}")
add_dependencies(linksdk_shared linksdk_finished)
separate_arguments(native_libraries UNIX_COMMAND "${LINKSDK_NATIVE_LIBRARIES}")
set_target_properties(linksdk_shared PROPERTIES
                      OUTPUT_NAME linksdk LINKER_LANGUAGE C
                      VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}
                      LINK_DEPENDS "${version_script}")
target_link_options(linksdk_shared PRIVATE "-Wl,--version-script=${version_script}" -Wl,-z,defs
                    -Wl,-z,relro -Wl,-z,now -Wl,--as-needed)
target_link_libraries(linksdk_shared PRIVATE ${native_libraries})
install(TARGETS linksdk_shared LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
