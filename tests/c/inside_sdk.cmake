# Profile mqtt, inside a stand-in for the Link SDK: two libraries with different event numbers.

foreach(first 3 20)
  add_library(standin_${first} STATIC standin/registry.c standin/ioctl.c standin/root_ca.c
              standin/os.c standin/replaced.c standin/connection_manager.c)
  target_compile_definitions(standin_${first} PRIVATE STANDIN_FIRST=${first})
  target_include_directories(standin_${first} PUBLIC "${prefix}/include/linksdk")
  set(name inside_sdk.${first})
  add_executable(${name} inside_sdk.c support.c)
  target_link_libraries(${name} PRIVATE LinkSdk::mqtt standin_${first} Threads::Threads)
  server_test(${name} simulator platform_pki
              PROGRAM $<TARGET_FILE:${name}> --host localhost --port {port} --ca {pki}/platform-ca.crt
                      --cert {pki}/device.crt --key {pki}/device.key --product-key ${product_key}
                      --device-name ${device_name})
endforeach()

# The programs of profile sdk, as they are, in this profile.
add_executable(hostile_inside_sdk hostile.c support.c)
target_link_libraries(hostile_inside_sdk PRIVATE LinkSdk::mqtt standin_3 Threads::Threads)
server_test(inside_sdk.hostile simulator platform_pki SECONDS 300
            PROGRAM $<TARGET_FILE:hostile_inside_sdk> ${hostile_arguments} --count 8)
add_executable(dropped_inside_sdk dropped.c support.c)
target_link_libraries(dropped_inside_sdk PRIVATE LinkSdk::mqtt standin_20 Threads::Threads)
server_test(inside_sdk.dropped simulator platform_pki SECONDS 180
            PROGRAM $<TARGET_FILE:dropped_inside_sdk> ${device} --control {control}
                    --product-key ${product_key} --device-name ${device_name})
foreach(end close-notify fin rst)
  set(name inside_sdk.reconnection.${end})
  if(NOT TARGET reconnection_inside_sdk)
    add_executable(reconnection_inside_sdk reconnection.c support.c)
    target_link_libraries(reconnection_inside_sdk PRIVATE LinkSdk::mqtt standin_20 Threads::Threads)
  endif()
  server_test(${name} simulator platform_pki
              PROGRAM $<TARGET_FILE:reconnection_inside_sdk> --host localhost --port {port}
                      --ca {pki}/platform-ca.crt --cert {pki}/device.crt --key {pki}/device.key
                      --control {control} --end ${end} --product-key ${product_key}
                      --device-name ${device_name})
endforeach()
