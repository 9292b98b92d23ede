# What every program is compiled and linked with: hardening for release, or instruments for tests.
add_library(curvecp_hardening INTERFACE)
if(CURVECP_SANITIZE)
  target_compile_options(curvecp_hardening INTERFACE
    -fsanitize=${CURVECP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(curvecp_hardening INTERFACE -fsanitize=${CURVECP_SANITIZE})
elseif(CURVECP_COVERAGE)
  target_compile_options(curvecp_hardening INTERFACE --coverage)
  target_link_options(curvecp_hardening INTERFACE --coverage)
elseif(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_options(curvecp_hardening INTERFACE
    -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -D_GLIBCXX_ASSERTIONS
    -fstack-protector-strong -fstack-clash-protection -fcf-protection)
  target_link_options(curvecp_hardening INTERFACE -Wl,-z,relro,-z,now,-z,noexecstack)
endif()

# curvecp_program(NAME [STATIC] SOURCES... LIBS...): a program of the suite. STATIC: it is started
# once for each connection, so it is linked to start fast where CURVECP_STATIC is on.
function(curvecp_program name)
  cmake_parse_arguments(ARG "STATIC" "" "SOURCES;LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LIBS} curvecp_warnings curvecp_hardening)
  target_compile_definitions(${name} PRIVATE CURVECP_VERSION="${PROJECT_VERSION}")
  if(ARG_STATIC AND CURVECP_STATIC)
    target_link_options(${name} PRIVATE -static-pie)
  else()
    target_link_options(${name} PRIVATE -pie)
  endif()
  install(TARGETS ${name} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endfunction()

# curvecp_library(NAME SOURCES... LIBS...): a part of the suite. What it may include follows from LIBS.
function(curvecp_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARG_LIBS} PRIVATE curvecp_warnings curvecp_hardening)
endfunction()
