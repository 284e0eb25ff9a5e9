# Tests against TLS and MQTT servers that are not ours.

set(at_server --host localhost --port {port} --ca {pki}/platform-ca.crt)
set(rsa_device --cert {pki}/device-rsa.crt --key {pki}/device-rsa.key)
set(ecdsa_device --cert {pki}/device-ecdsa.crt --key {pki}/device-ecdsa.key)

test_program(hal_exchange hal)
test_program(three_threads hal)
foreach(version 1.2 1.3)
  foreach(key rsa ecdsa)
    server_test(openssl.tls${version}.${key} openssl interop_pki
                RUN --tls ${version} --server-cert server-${key}
                PROGRAM $<TARGET_FILE:hal_exchange> ${at_server} ${${key}_device} --answer reversed)
  endforeach()
endforeach()
server_test(gnutls.tls1.3.rsa gnutls interop_pki
            RUN --tls 1.3 --server-cert server-rsa
            PROGRAM $<TARGET_FILE:hal_exchange> ${at_server} ${rsa_device} --answer same)

server_test(three_threads openssl interop_pki
            RUN --tls 1.3 --server-cert server-rsa
            PROGRAM $<TARGET_FILE:three_threads> ${at_server} ${rsa_device} --rounds 20)
server_test(three_threads.valgrind openssl interop_pki SECONDS 240
            RUN --tls 1.2 --server-cert server-rsa
            PROGRAM ${VALGRIND} --quiet --error-exitcode=99 --leak-check=no
                    $<TARGET_FILE:three_threads> ${at_server} ${rsa_device} --rounds 2)

test_program(broker_exchange sdk)
foreach(key rsa ecdsa)
  server_test(mosquitto.${key} mosquitto interop_pki
              RUN --server-cert server-${key}
              PROGRAM $<TARGET_FILE:broker_exchange> ${at_server} ${${key}_device})
endforeach()
