# The commands and C files that the documents show (the conventions are told in docs_commands.py).

set(docs_commands ${Python3_EXECUTABLE} "${root}/tests/docs_commands.py" --prefix "${prefix}"
    --tool "${LINKSDK_X509}")
left_out(documentation.commands skip)
if(skip)
  return()
endif()
add_test(NAME documentation.commands
         COMMAND ${docs_commands} --work "${CMAKE_CURRENT_BINARY_DIR}/work/documentation")
add_test(NAME documentation.commands.control
         COMMAND ${docs_commands} --work "${CMAKE_CURRENT_BINARY_DIR}/work/documentation-control"
                 --control)
set_tests_properties(documentation.commands documentation.commands.control
                     PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77)
