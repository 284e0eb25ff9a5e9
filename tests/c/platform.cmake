# Tests against the simulated platform: the example, refusals by MQTT, reconnection.

set(device --host localhost --port {port} --ca {pki}/platform-ca.crt
    --cert {pki}/device.crt --key {pki}/device.key)

set(example "${CMAKE_CURRENT_BINARY_DIR}/work/example")
add_test(NAME setup.example
         COMMAND ${Python3_EXECUTABLE} "${CMAKE_CURRENT_SOURCE_DIR}/build_example.py"
                 --tool "${LINKSDK_X509}" --pki "${platform_pki}" --prefix "${prefix}"
                 --work "${example}")
set_tests_properties(setup.example PROPERTIES
                     FIXTURES_REQUIRED platform_pki FIXTURES_SETUP example)
foreach(version ${tls_versions})
  server_test(example.tls${version} simulator platform_pki
              RUN --tls ${version}
              PROGRAM "${example}/build/mqtt_example" localhost {port})
  set_tests_properties(example.tls${version} PROPERTIES
                       FIXTURES_REQUIRED "platform_pki;example")
endforeach()
server_test(example.wrong_server simulator platform_pki
            RUN --server-cert server-unknown-ca --expect 1
            PROGRAM "${example}/build/mqtt_example" localhost {port})
set_tests_properties(example.wrong_server PROPERTIES FIXTURES_REQUIRED "platform_pki;example")

server_test(refusal.not_registered simulator platform_pki
            PROGRAM $<TARGET_FILE:refusal> --host localhost --port {port}
                    --ca {pki}/platform-ca.crt --cert {pki}/device-unknown.crt
                    --key {pki}/device-unknown.key
                    --at connack --code -0x0304 --text "not authorised" --log "not authorised")

test_program(reconnection sdk)
foreach(end close-notify fin rst)
  server_test(reconnection.${end} simulator platform_pki
              PROGRAM $<TARGET_FILE:reconnection> ${device} --control {control} --end ${end}
                      --product-key ${product_key} --device-name ${device_name})
endforeach()

test_program(identity_store sdk)
server_test(identity_store simulator platform_pki
            PROGRAM $<TARGET_FILE:identity_store> ${device} --product-key ${product_key}
                    --device-name ${device_name}
                    --file "${CMAKE_CURRENT_BINARY_DIR}/work/identity_store/identity"
                    --platform-log "${CMAKE_CURRENT_BINARY_DIR}/work/identity_store/platform.jsonl")

test_program(dropped sdk)
server_test(dropped simulator platform_pki SECONDS 180
            PROGRAM $<TARGET_FILE:dropped> ${device} --control {control}
                    --product-key ${product_key} --device-name ${device_name})

# By address: a name would be resolved on a thread of its own, whose stack could be used again.
test_program(no_thread sdk)
server_test(no_thread simulator platform_pki
            PROGRAM $<TARGET_FILE:no_thread> --host 127.0.0.1 ${device} --control {control})

test_program(hostile sdk)
set(hostile_arguments ${device} --control {control} --product-key ${product_key}
    --device-name ${device_name})
server_test(hostile simulator platform_pki SECONDS 300
            PROGRAM $<TARGET_FILE:hostile> ${hostile_arguments})
# The simulator's suite cannot be chosen, and memcheck misjudges ring's AES-GCM (interop.cmake). What is
# tested is above the engine.
if(LinkSdkHal_ENGINE STREQUAL "mbedtls")
  server_test(hostile.valgrind simulator platform_pki SECONDS 300
              PROGRAM ${memcheck} $<TARGET_FILE:hostile> ${hostile_arguments})
endif()

test_program(callbacks sdk)
server_test(callbacks simulator platform_pki
            PROGRAM $<TARGET_FILE:callbacks> ${hostile_arguments})

test_program(connection_end hal)
foreach(version ${tls_versions})
  foreach(end close-notify fin rst)
    set(result -1)
    if(end STREQUAL "close-notify")
      set(result -2)
    endif()
    server_test(connection_end.tls${version}.${end} simulator platform_pki
                RUN --tls ${version}
                PROGRAM $<TARGET_FILE:connection_end> ${device} --control {control} --end ${end}
                        --result ${result})
  endforeach()
endforeach()
