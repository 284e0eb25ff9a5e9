# The examples in c-examples/: built as their README says, run against the simulated platform, and
# held to C99 and C++.

set(examples "${root}/c-examples")
set(example_work "${CMAKE_CURRENT_BINARY_DIR}/work/example")
add_test(NAME setup.example
         COMMAND ${Python3_EXECUTABLE} "${CMAKE_CURRENT_SOURCE_DIR}/build_example.py"
                 --tool "${LINKSDK_X509}" --pki "${platform_pki}" --prefix "${prefix}"
                 --work "${example_work}")
set_tests_properties(setup.example PROPERTIES
                     FIXTURES_REQUIRED platform_pki FIXTURES_SETUP example)

# example_test(NAME PROGRAM [RUN options of run.py...] [WITH options of example.py...]
#              WORDS arguments...)
function(example_test name program)
  cmake_parse_arguments(PARSE_ARGV 2 arg "" "" "RUN;WITH;WORDS")
  server_test(example.${name} simulator platform_pki
              RUN ${arg_RUN}
              PROGRAM ${Python3_EXECUTABLE} "${CMAKE_CURRENT_SOURCE_DIR}/example.py"
                      ${arg_WITH} -- "${example_work}/build/${program}" ${arg_WORDS})
  set_tests_properties(example.${name} PROPERTIES FIXTURES_REQUIRED "platform_pki;example")
endfunction()

set(identity_shown --shows "identity +{\"productKey\":\"${product_key}\"")
foreach(version ${tls_versions})
  example_test(tls${version} mqtt_example
               RUN --tls ${version}
               WITH --shows "TLSv${version}" ${identity_shown} --shows "this is device ${device_name}"
                    --shows "subscribed to /${product_key}/${device_name}/user/get"
                    --shows "received .*hello from the device" --shows disconnected
               WORDS localhost {port})
endforeach()
example_test(wrong_server mqtt_example
             RUN --server-cert server-unknown-ca
             WITH --expect 1 --shows "state code -0x0F06"
             WORDS localhost {port})

set(identity_file "${CMAKE_CURRENT_BINARY_DIR}/work/example.identity_persist/identity")
example_test(identity_persist identity_persist
             WITH --fresh "${identity_file}"
                  --shows "no identity is stored" --shows "connects  &\n" ${identity_shown}
                  --shows "topics begin with /${product_key}/${device_name}/"
                  --then "an identity is stored" --then "connects  ${device_name}&${product_key}\n"
                  --then "topics begin with /${product_key}/${device_name}/"
             WORDS localhost {port} "${identity_file}")

example_test(hal_only hal_only
             WITH --shows "CONNACK +accepted" --shows "topic +/ext/auth/identity/response"
                  --shows "payload +{.*${device_name}"
             WORDS localhost {port} {pki}/platform-ca.crt)
example_test(hal_only.wrong_server hal_only
             RUN --server-cert server-wrong-name
             WITH --expect 1 --shows "connecting: .*state code -0x0F06"
             WORDS localhost {port} {pki}/platform-ca.crt)

example_test(diagnostics diagnostics
             WITH --shows "clock +20" --shows "engine +${LinkSdkHal_ENGINE}"
                  --shows "agreed +TLSv1" --shows "server +CN=localhost"
                  --shows "device +certificate ends in"
             WORDS localhost {port})
example_test(diagnostics.wrong_server diagnostics
             RUN --server-cert server-expired
             WITH --expect 1 --shows "FAILED +the server's certificate was refused: it has expired"
                  --shows "code +-0x0F06" --shows "look at +the clock" --shows "read +docs/"
             WORDS localhost {port})

example_test(multithread multithread
             WITH --shows "received" --shows "\"message\":5"
             WORDS localhost {port})

# The private key is where only PKCS#11 reaches it: the built example has none in it.
set(ecdsa_pki "${CMAKE_CURRENT_BINARY_DIR}/ecdsa-pki")
add_test(NAME setup.ecdsa_pki
         COMMAND ${Python3_EXECUTABLE} "${CMAKE_CURRENT_SOURCE_DIR}/fresh.py" "${ecdsa_pki}"
                 "${LINKSDK_X509}" pki --out "${ecdsa_pki}" --device ${device_name}
                 --product-key ${product_key} --key-type ecdsa)
set_tests_properties(setup.ecdsa_pki PROPERTIES FIXTURES_SETUP ecdsa_pki)
foreach(pki platform_pki ecdsa_pki)
  set(name example.secure_element.${pki})
  server_test(${name} simulator ${pki}
              PROGRAM ${Python3_EXECUTABLE} "${CMAKE_CURRENT_SOURCE_DIR}/softhsm.py"
                      --work "${CMAKE_CURRENT_BINARY_DIR}/work/${name}/token" --key {pki}/device.key
                      -- ${Python3_EXECUTABLE} "${CMAKE_CURRENT_SOURCE_DIR}/example.py"
                      ${identity_shown} --shows "agreed +TLSv1.*presented"
                      -- "${example_work}/build/secure_element" localhost {port}
                      {pki}/platform-ca.crt {pki}/device.crt {module} {token} {pin} {label})
  if(TEST ${name})
    set_tests_properties(${name} PROPERTIES FIXTURES_REQUIRED "${pki};example")
  endif()
endforeach()

# example.py fails when something is not printed, or not in that order.
set(print_two ${CMAKE_COMMAND} -E echo "first second")
add_test(NAME example.control
         COMMAND ${Python3_EXECUTABLE} "${CMAKE_CURRENT_SOURCE_DIR}/example.py"
                 --shows second --shows first -- ${print_two})
set_tests_properties(example.control PROPERTIES WILL_FAIL TRUE)

# What the examples' own CMake file does not do: the same files as C++.
file(GLOB example_sources CONFIGURE_DEPENDS "${examples}/*.c")
foreach(source IN LISTS example_sources)
  get_filename_component(name "${source}" NAME_WE)
  add_test(NAME example.cxx.${name}
           COMMAND ${CMAKE_CXX_COMPILER} -x c++ -std=c++11 -O1 -Wall -Wextra -Werror
                   -I "${prefix}/include" -I "${prefix}/include/linksdk"
                   -isystem "${P11_KIT_INCLUDE}" -c -o /dev/null "${source}")
endforeach()

set(example_rules ${Python3_EXECUTABLE} "${CMAKE_CURRENT_SOURCE_DIR}/example_sources.py")
add_test(NAME example.sources COMMAND ${example_rules} "${examples}")
add_test(NAME example.sources.control COMMAND ${example_rules} --control)
