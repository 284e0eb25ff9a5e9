# Tests against the simulated platform: the example, refusals by MQTT, reconnection.

set(device --host localhost --port {port} --ca {pki}/platform-ca.crt
    --cert {pki}/device.crt --key {pki}/device.key)
set(embedded "${CMAKE_CURRENT_BINARY_DIR}/device.c")

test_program(reconnection sdk)

foreach(end close-notify fin rst)
  server_test(reconnection.${end} simulator platform_pki
              PROGRAM $<TARGET_FILE:reconnection> ${device} --control {control} --end ${end}
                      --product-key ${product_key} --device-name ${device_name})
endforeach()
