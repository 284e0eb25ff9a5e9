# Keys that the library never sees: in a SoftHSM2 token, or behind a function that fails.

# The header is the same for every target, so this machine's does.
find_path(P11_KIT_INCLUDE p11-kit/pkcs11.h PATH_SUFFIXES p11-kit-1 REQUIRED NO_CMAKE_FIND_ROOT_PATH)
test_program(token_exchange hal)
target_sources(token_exchange PRIVATE "${root}/c-examples/pkcs11_signer.c")
target_include_directories(token_exchange SYSTEM PRIVATE "${P11_KIT_INCLUDE}")
target_link_libraries(token_exchange PRIVATE ${CMAKE_DL_LIBS})

foreach(version ${tls_versions})
  foreach(key rsa ecdsa)
    set(name softhsm.tls${version}.${key})
    server_test(${name} openssl interop_pki
                RUN --tls ${version} --server-cert server-${key}
                PROGRAM ${Python3_EXECUTABLE} "${CMAKE_CURRENT_SOURCE_DIR}/softhsm.py"
                        --work "${CMAKE_CURRENT_BINARY_DIR}/work/${name}/token"
                        --key {pki}/device-${key}.key
                        -- $<TARGET_FILE:token_exchange> ${at_server}
                        --certificate {pki}/device-${key}.crt --module {module} --token {token}
                        --pin {pin} --label {label})
  endforeach()
endforeach()

test_program(signer hal)
server_test(signer openssl interop_pki
            RUN --tls ${newest_tls} --server-cert server-rsa
            PROGRAM $<TARGET_FILE:signer> --host localhost --port {port} --ca {pki}/platform-ca.crt
                    --certificate {pki}/device-rsa.crt --expired {pki}/device-expired.crt)
