# Endurance, in short: a device under random faults, and the same with a leak, which must be noticed.

left_out(soak.short skip)
if(skip)
  return()
endif()
set(soak "${CMAKE_CURRENT_SOURCE_DIR}/../soak")
add_executable(soak_device "${soak}/device.c")
target_link_libraries(soak_device PRIVATE LinkSdk::sdk Threads::Threads)
set(soak_run ${Python3_EXECUTABLE} "${soak}/soak.py" --device $<TARGET_FILE:soak_device>
    --tool "${LINKSDK_X509}" --pki "${platform_pki}" --product-key ${product_key}
    --device-name ${device_name})
set(soak_work "${CMAKE_CURRENT_BINARY_DIR}/work/soak")
add_test(NAME soak.short COMMAND ${soak_run} --work "${soak_work}/short" --minutes 0.6 --seed 1)
set(controls "")
# What notices is the same for both engines.
if(LinkSdkHal_ENGINE STREQUAL "rustls")
  set(controls leak leak-descriptor lose)
endif()
foreach(control IN LISTS controls)
  set(leak_value 1000)
  set(leak-descriptor_value 20)
  set(lose_value 5)
  add_test(NAME soak.${control}.control
           COMMAND ${Python3_EXECUTABLE} "${soak}/noticed.py" ${control} "${soak_work}/${control}/soak.json"
                   -- ${soak_run} --work "${soak_work}/${control}" --minutes 0.4 --seed 2
                   --${control} ${${control}_value})
  set_tests_properties(soak.${control}.control PROPERTIES FIXTURES_REQUIRED platform_pki TIMEOUT 240)
endforeach()
set_tests_properties(soak.short PROPERTIES FIXTURES_REQUIRED platform_pki TIMEOUT 240)

add_executable(soak_many "${soak}/many.c")
target_link_libraries(soak_many PRIVATE LinkSdk::sdk Threads::Threads)
set(many_run ${Python3_EXECUTABLE} "${soak}/many.py" --many $<TARGET_FILE:soak_many>
    --tool "${LINKSDK_X509}")
add_test(NAME soak.many COMMAND ${many_run} --work "${soak_work}/many" --devices 20)
add_test(NAME soak.many.control COMMAND ${many_run} --work "${soak_work}/many-control" --devices 5 --forget 1)
set_tests_properties(soak.many.control PROPERTIES WILL_FAIL TRUE)
set_tests_properties(soak.many soak.many.control PROPERTIES TIMEOUT 240)
