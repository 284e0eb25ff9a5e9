# Tests against the simulated platform: the example, refusals, reconnection, time bounds, threads.

set(device --host localhost --port {port} --ca {pki}/platform-ca.crt
    --cert {pki}/device.crt --key {pki}/device.key)
set(embedded "${CMAKE_CURRENT_BINARY_DIR}/device.c")

test_program(refusal sdk)
test_program(reconnection sdk)
test_program(time_bounds hal)

foreach(end close-notify fin rst)
  server_test(reconnection.${end} simulator platform_pki
              PROGRAM $<TARGET_FILE:reconnection> ${device} --control {control} --end ${end}
                      --product-key ${product_key} --device-name ${device_name})
endforeach()

server_test(time_bounds simulator platform_pki
            PROGRAM $<TARGET_FILE:time_bounds> ${device} --control {control})
# Measured times mean nothing while another test keeps the processor busy.
set_tests_properties(time_bounds PROPERTIES RUN_SERIAL TRUE)
