# Every order and layout of a link line in docs/linking.md, in every kind of build, and that of README.md.

# Both engines export the same names, so one of them tells all; and the programs run here.
if(LinkSdkHal_ENGINE STREQUAL "rustls" AND NOT CMAKE_CROSSCOMPILING)
  set(link_matrix ${Python3_EXECUTABLE} "${CMAKE_CURRENT_SOURCE_DIR}/link_matrix.py"
      --document "${root}/docs/linking.md" --prefix "${prefix}" --cc ${CMAKE_C_COMPILER})
  set(link_matrix_work "${CMAKE_CURRENT_BINARY_DIR}/work/link_matrix")
  foreach(build pie no-pie static gc-sections lto shared gold lld)
    add_test(NAME link_matrix.${build}
             COMMAND ${link_matrix} --build ${build} --work "${link_matrix_work}")
    set_tests_properties(link_matrix.${build} PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 300)
  endforeach()
  add_test(NAME link_matrix.control
           COMMAND ${link_matrix} --build gc-sections --control --work "${link_matrix_work}.control")

  # The lines of README.md, on a project that is not ours.
  if(EXISTS "${prefix}/bin/linksdk-x509")
    set(swap ${Python3_EXECUTABLE} "${CMAKE_CURRENT_SOURCE_DIR}/swap.py" --readme "${root}/README.md"
        --prefix "${prefix}" --pki "${platform_pki}" --device ${device_name} --cc ${CMAKE_C_COMPILER})
    add_test(NAME swap COMMAND ${swap})
    add_test(NAME swap.control COMMAND ${swap} --control)
    set_tests_properties(swap swap.control PROPERTIES FIXTURES_REQUIRED platform_pki TIMEOUT 120)
  endif()
endif()
