# Time, threads and memory, against servers that fail on purpose and networks that swallow everything.

set(at_faulty --host localhost --port {port} --ca {pki}/platform-ca.crt)

test_program(establish_bounds hal)
foreach(version ${tls_versions})
  server_test(establish_bounds.stall.tls${version} faulty interop_pki
              RUN --tls ${version} --server-cert server-ecdsa --behaviour sweep:stall close
              PROGRAM $<TARGET_FILE:establish_bounds> ${at_faulty} --code -0x0F0B --until-connected 1)
endforeach()
server_test(establish_bounds.drip faulty interop_pki ALONE
            RUN --tls ${newest_tls} --server-cert server-ecdsa --behaviour drip:3
            PROGRAM $<TARGET_FILE:establish_bounds> ${at_faulty} --code -0x0F0B)
server_test(establish_bounds.no_syn_ack full_backlog interop_pki ALONE
            PROGRAM $<TARGET_FILE:establish_bounds> --host 127.0.0.1 --port {port}
                    --ca {pki}/platform-ca.crt --code -0x0F0B)
server_test(establish_bounds.mute_dns mute_dns interop_pki ALONE
            PROGRAM $<TARGET_FILE:establish_bounds> --host device.example.com --port 443
                    --ca {pki}/platform-ca.crt --code -0x0F09)

test_program(idle hal)
foreach(behaviour echo partial)
  server_test(idle.read.${behaviour} faulty interop_pki
              RUN --tls ${newest_tls} --server-cert server-ecdsa --behaviour ${behaviour}
              PROGRAM $<TARGET_FILE:idle> ${at_faulty} --wait read)
endforeach()
server_test(idle.write faulty interop_pki
            RUN --tls ${newest_tls} --server-cert server-ecdsa --behaviour mute
            PROGRAM $<TARGET_FILE:idle> ${at_faulty} --wait write)

test_program(establishing hal)
server_test(establishing faulty interop_pki
            RUN --tls ${newest_tls} --server-cert server-ecdsa --behaviour echo cut:0:stall
            PROGRAM $<TARGET_FILE:establishing> ${at_faulty})

# Every way in which a connection can end. The places within the handshake are about those of
# ServerHello, of the certificate, and of its end.
set(every_end cut:0:fin cut:0:rst cut:3:fin cut:60:rst cut:200:fin cut:600:rst cut:700:fin
    garbage alert fin rst close data trash)
set(cycling ${at_faulty} --cert {pki}/device-ecdsa.crt --key {pki}/device-ecdsa.key
    --other-key {pki}/device-rsa.key)
test_program(cycles hal)
set(cycles 9600)
if(CMAKE_CROSSCOMPILING)
  set(cycles 480) # an emulated handshake takes many times as long
elseif(LINKSDK_CHECKER)
  set(cycles 64)
endif()
foreach(version ${tls_versions})
  server_test(cycles.tls${version} faulty interop_pki SECONDS 120
              RUN --tls ${version} --server-cert server-ecdsa --repeat --behaviour ${every_end}
              PROGRAM $<TARGET_FILE:cycles> ${cycling} --cycles ${cycles})
endforeach()
server_test(cycles.control faulty interop_pki
            RUN --tls ${newest_tls} --server-cert server-ecdsa --repeat --expect 1
                --behaviour ${every_end}
            PROGRAM $<TARGET_FILE:cycles> ${cycling} --cycles 160 --leak 1)
server_test(cycles.valgrind faulty interop_pki SECONDS 120
            RUN --tls 1.2 --server-cert server-ecdsa --repeat --suite ECDHE-ECDSA-CHACHA20-POLY1305
                --behaviour ${every_end}
            PROGRAM ${VALGRIND} --quiet --error-exitcode=99 --leak-check=full
                    --errors-for-leak-kinds=definite $<TARGET_FILE:cycles> ${cycling} --cycles 64)

# Memory that runs out at each place where a connection allocates. The control does not look at what
# malloc returns: a crash is found.
test_program(out_of_memory hal)
target_sources(out_of_memory PRIVATE failing_memory.c)
target_link_libraries(out_of_memory PRIVATE dl)
set(out_of_memory $<TARGET_FILE:out_of_memory> ${at_faulty} --engine ${LinkSdkHal_ENGINE}
    --cert {pki}/device-ecdsa.crt --key {pki}/device-ecdsa.key)
server_test(out_of_memory openssl interop_pki SECONDS 120
            RUN --tls ${newest_tls} --server-cert server-ecdsa
            PROGRAM ${out_of_memory} --seconds 25)
server_test(out_of_memory.control openssl interop_pki
            RUN --tls ${newest_tls} --server-cert server-ecdsa --expect 1
            PROGRAM ${out_of_memory} --seconds 10 --careless 1)
