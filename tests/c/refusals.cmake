# Connections that must not come about, against a broker with certificates of our own making. Each
# line: what is wrong, where it shows, the server's certificate, the device's credentials, the
# state code, words of the state message, words of the log line.

test_program(refusal sdk)

function(refusal name at server_cert ca cert key code text log)
  set(credentials "")
  if(cert)
    list(APPEND credentials --cert "{pki}/${cert}.crt")
  endif()
  if(key)
    list(APPEND credentials --key "{pki}/${key}.key")
  endif()
  server_test(refusal.${name} mosquitto interop_pki
              RUN --server-cert ${server_cert}
              PROGRAM $<TARGET_FILE:refusal> --host localhost --port {port} --ca "{pki}/${ca}.crt"
                      ${credentials} --at ${at} --code ${code} --text "${text}" --log "${log}")
endfunction()

# The server is not who it should be.
refusal(wrong_ca establish server-rsa other-ca device-rsa device-rsa
        -0x0F06 "no certificate of ca_crt issued it" "check ca_crt")
refusal(wrong_name establish server-other-name platform-ca device-rsa device-rsa
        -0x0F06 "not for localhost" "check ca_crt, the host name")
refusal(expired_server establish server-expired platform-ca device-rsa device-rsa
        -0x0F06 "it has expired" "the device's clock")
# The device's credentials cannot be right: refused before anything is sent.
refusal(mismatched_key establish server-rsa platform-ca device-rsa device-unknown
        -0x0F03 "do not belong together" "come from the same device")
refusal(certificate_without_key establish server-rsa platform-ca device-rsa ""
        -0x0F03 "g_cli_crt is set but g_cli_key is not" "must both be set")
refusal(key_without_certificate establish server-rsa platform-ca "" device-rsa
        -0x0F03 "g_cli_key is set but g_cli_crt is not" "must both be set")
refusal(expired_device establish server-rsa platform-ca device-expired device-expired
        -0x0F04 "device certificate has expired" "check the device's clock")
# The server does not want the device. In TLS 1.3 it says so after our side of the handshake.
if(newest_tls STREQUAL "1.3")
  refusal(unknown_device read server-rsa platform-ca device-unknown device-unknown
          -0x0F07 "refused the device" "registered and enabled on the platform")
  refusal(no_credentials read server-rsa platform-ca "" ""
          -0x0F07 "the server wants a device certificate" "g_cli_crt and g_cli_key are NULL")
else()
  refusal(unknown_device establish server-rsa platform-ca device-unknown device-unknown
          -0x0F07 "refused the device" "registered and enabled on the platform")
  refusal(no_credentials establish server-rsa platform-ca "" ""
          -0x0F08 "may want a device certificate" "g_cli_crt and g_cli_key are NULL")
endif()
