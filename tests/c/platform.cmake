# Tests against the simulated platform: refusals by MQTT, reconnection, what must not be sent.

set(device --host localhost --port {port} --ca {pki}/platform-ca.crt
    --cert {pki}/device.crt --key {pki}/device.key)

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

test_program(yield_bounds sdk)
server_test(yield_bounds simulator platform_pki
            PROGRAM $<TARGET_FILE:yield_bounds> ${device} --control {control})
if(TEST yield_bounds)
  set_tests_properties(yield_bounds PROPERTIES RUN_SERIAL TRUE)
endif()

test_program(destroy_threads sdk)
server_test(destroy_threads simulator platform_pki SECONDS 120
            PROGRAM $<TARGET_FILE:destroy_threads> ${device} --control {control} --rounds 4)

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
