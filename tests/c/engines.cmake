# What the engines differ in, and what they share with other libraries in the firmware.

test_program(old_servers hal)
foreach(want rsa psk)
  server_test(old_servers.${want} openssl interop_pki
              RUN --tls 1.2 --server-cert server-rsa --optional-client-cert --only ${want}
              PROGRAM $<TARGET_FILE:old_servers> ${at_server} --want ${want})
endforeach()

test_program(session_store hal)
# What an earlier run stored must not count.
add_test(NAME setup.session_store
         COMMAND ${Python3_EXECUTABLE} "${CMAKE_CURRENT_SOURCE_DIR}/fresh.py"
                 "${CMAKE_CURRENT_BINARY_DIR}/work/session_memory" ${CMAKE_COMMAND} -E
                 make_directory "${CMAKE_CURRENT_BINARY_DIR}/work/session_memory")
set_tests_properties(setup.session_store PROPERTIES FIXTURES_SETUP session_memory)
server_test(session_store openssl interop_pki
            RUN --tls 1.2 --server-cert server-rsa
            PROGRAM $<TARGET_FILE:session_store> ${at_server} ${rsa_device}
                    --other-ca {pki}/other-ca.crt
                    --memory "${CMAKE_CURRENT_BINARY_DIR}/work/session_memory/memory")
set_tests_properties(session_store PROPERTIES FIXTURES_REQUIRED "interop_pki;session_memory")

test_program(unset_clock hal)
foreach(version ${tls_versions})
  server_test(unset_clock.tls${version} openssl interop_pki
              RUN --tls ${version} --server-cert server-ecdsa
              PROGRAM $<TARGET_FILE:unset_clock> ${at_server} ${ecdsa_device}
                      --other-ca {pki}/other-ca.crt)
endforeach()

test_program(far_future hal)
foreach(version ${tls_versions})
  server_test(far_future.tls${version} openssl interop_pki
              RUN --tls ${version} --server-cert server-long --optional-client-cert
              PROGRAM $<TARGET_FILE:far_future> ${at_server}
                      --cert {pki}/device-long.crt --key {pki}/device-long.key)
endforeach()

# Another Mbed TLS in the same program, before and behind ours on the link line.
left_out(collision.all skip)
if(skip)
  return()
endif()
foreach(library tls x509 crypto)
  find_library(MBED_${library} NAMES libmbed${library}.a REQUIRED)
  list(APPEND other_mbedtls "${MBED_${library}}")
endforeach()
find_path(MBEDTLS_INCLUDE mbedtls/ssl.h REQUIRED)
foreach(form object archive)
  foreach(order before behind)
    set(name collision.${form}.${order})
    add_executable(${name} collision.c support.c)
    target_include_directories(${name} SYSTEM PRIVATE "${MBEDTLS_INCLUDE}")
    target_include_directories(${name} PRIVATE "${prefix}/include")
    if(form STREQUAL "object")
      set(ours "${prefix}/lib/linksdk_hal.o")
    else()
      set(ours "${prefix}/lib/liblinksdk_hal.a")
    endif()
    if(order STREQUAL "before")
      target_link_libraries(${name} PRIVATE ${ours} ${other_mbedtls})
    else()
      target_link_libraries(${name} PRIVATE ${other_mbedtls} ${ours})
    endif()
    target_link_libraries(${name} PRIVATE util rt pthread m dl)
    server_test(${name} openssl interop_pki
                RUN --tls 1.2 --server-cert server-rsa
                PROGRAM $<TARGET_FILE:${name}> ${at_server} ${rsa_device})
  endforeach()
endforeach()
