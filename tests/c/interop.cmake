# Tests against TLS and MQTT servers that are not ours.

set(at_server --host localhost --port {port} --ca {pki}/platform-ca.crt)
set(rsa_device --cert {pki}/device-rsa.crt --key {pki}/device-rsa.key)
set(ecdsa_device --cert {pki}/device-ecdsa.crt --key {pki}/device-ecdsa.key)

test_program(hal_exchange hal)
test_program(time_bounds hal)
test_program(three_threads hal)
foreach(version ${tls_versions})
  foreach(key rsa ecdsa)
    server_test(openssl.tls${version}.${key} openssl interop_pki
                RUN --tls ${version} --server-cert server-${key}
                PROGRAM $<TARGET_FILE:hal_exchange> ${at_server} ${${key}_device} --answer reversed)
  endforeach()
endforeach()
server_test(gnutls.tls${newest_tls}.rsa gnutls interop_pki
            RUN --tls ${newest_tls} --server-cert server-rsa
            PROGRAM $<TARGET_FILE:hal_exchange> ${at_server} ${rsa_device} --answer same)

# Memcheck takes what ring's AES-GCM computes from its partly filled tables for undefined.
set(chacha "")
if(LinkSdkHal_ENGINE STREQUAL "rustls")
  set(chacha --suite TLS_CHACHA20_POLY1305_SHA256)
endif()

server_test(three_threads openssl interop_pki
            RUN --tls ${newest_tls} --server-cert server-rsa
            PROGRAM $<TARGET_FILE:three_threads> ${at_server} ${rsa_device} --rounds 50)
server_test(three_threads.valgrind openssl interop_pki SECONDS 120
            RUN --tls ${newest_tls} --server-cert server-rsa ${chacha}
            PROGRAM ${memcheck} $<TARGET_FILE:three_threads> ${at_server} ${rsa_device} --rounds 3)

foreach(version ${tls_versions})
  # Measured times mean nothing while another test keeps the processor busy.
  server_test(time_bounds.tls${version} openssl interop_pki ALONE
              RUN --tls ${version} --server-cert server-rsa
              PROGRAM $<TARGET_FILE:time_bounds> ${at_server} ${rsa_device})
endforeach()

test_program(configuration hal)
server_test(configuration openssl interop_pki
            RUN --server-cert server-rsa --optional-client-cert
            PROGRAM $<TARGET_FILE:configuration> ${at_server} ${rsa_device}
                    --other-ca {pki}/other-ca.crt)

test_program(bad_arguments_hal hal)
server_test(bad_arguments_hal openssl interop_pki
            RUN --tls 1.2 --server-cert server-rsa
            PROGRAM $<TARGET_FILE:bad_arguments_hal> ${at_server} ${rsa_device})
server_test(bad_arguments_hal.valgrind openssl interop_pki SECONDS 120
            RUN --tls ${newest_tls} --server-cert server-rsa ${chacha}
            PROGRAM ${memcheck} $<TARGET_FILE:bad_arguments_hal> ${at_server} ${rsa_device})

test_program(broker_exchange sdk)
foreach(key rsa ecdsa)
  server_test(mosquitto.${key} mosquitto interop_pki
              RUN --server-cert server-${key}
              PROGRAM $<TARGET_FILE:broker_exchange> ${at_server} ${${key}_device})
endforeach()

test_program(broker_faults sdk)
set(at_broker ${at_server} ${rsa_device} --control {control})
server_test(broker_faults.restart mosquitto interop_pki
            RUN --server-cert server-ecdsa
            PROGRAM $<TARGET_FILE:broker_faults> ${at_broker} --what restart)
server_test(broker_faults.kept_session mosquitto interop_pki
            RUN --server-cert server-ecdsa --persistent
            PROGRAM $<TARGET_FILE:broker_faults> ${at_broker} --what kept-session)
server_test(broker_faults.take_over mosquitto interop_pki SECONDS 120
            RUN --server-cert server-ecdsa
            PROGRAM $<TARGET_FILE:broker_faults> ${at_broker} --what take-over)

test_program(bad_arguments_mqtt sdk)
server_test(bad_arguments_mqtt mosquitto interop_pki
            RUN --server-cert server-rsa
            PROGRAM $<TARGET_FILE:bad_arguments_mqtt> ${at_server} ${rsa_device})
server_test(bad_arguments_mqtt.valgrind mosquitto interop_pki SECONDS 120
            RUN --server-cert server-rsa ${chacha}
            PROGRAM ${memcheck} $<TARGET_FILE:bad_arguments_mqtt> ${at_server} ${rsa_device})
