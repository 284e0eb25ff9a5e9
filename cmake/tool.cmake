# The companion command linksdk-x509, with man pages and completions: built for this machine and
# installed beside the library. linksdk_embed_credentials (LinkSdkCredentials.cmake) runs it.
#
# Expects LINKSDK_CARGO and LINKSDK_RUST_TARGET.
set(default ON)
if(LINKSDK_RUST_TARGET)
  # The prefix is for another machine.
  set(default OFF)
endif()
option(LINKSDK_INSTALL_TOOL "build and install the companion command linksdk-x509" ${default})
if(NOT LINKSDK_INSTALL_TOOL)
  return()
endif()

set(folder "${CMAKE_CURRENT_BINARY_DIR}/tool")
set(tool "${folder}/tool/linksdk-x509")
set(pages "")
foreach(command "" -pki -simulate -embed -check -completions -man)
  list(APPEND pages "${folder}/man/linksdk-x509${command}.1")
endforeach()
# Only Cargo knows when its inputs changed, so it is always asked.
add_custom_target(linksdk_x509_tool ALL
  COMMAND "${CMAKE_COMMAND}" -E env --unset=MAKEFLAGS --unset=MFLAGS --unset=CARGO_TARGET_DIR
    --unset=CARGO_BUILD_TARGET
    "${LINKSDK_CARGO}" build --manifest-path "${CMAKE_CURRENT_SOURCE_DIR}/Cargo.toml"
    --package linksdk-x509 --profile tool --locked --target-dir "${folder}"
  COMMAND "${CMAKE_COMMAND}" -E make_directory "${folder}/completions"
  COMMAND "${tool}" man --out "${folder}/man"
  COMMAND "${tool}" completions bash > "${folder}/completions/linksdk-x509"
  COMMAND "${tool}" completions zsh > "${folder}/completions/_linksdk-x509"
  COMMAND "${tool}" completions fish > "${folder}/completions/linksdk-x509.fish"
  BYPRODUCTS "${tool}" ${pages}
  COMMENT "Building the companion command linksdk-x509"
  USES_TERMINAL VERBATIM)

install(PROGRAMS "${tool}" DESTINATION bin)
install(FILES ${pages} DESTINATION share/man/man1)
install(FILES "${folder}/completions/linksdk-x509"
        DESTINATION share/bash-completion/completions)
install(FILES "${folder}/completions/_linksdk-x509" DESTINATION share/zsh/site-functions)
install(FILES "${folder}/completions/linksdk-x509.fish"
        DESTINATION share/fish/vendor_completions.d)
