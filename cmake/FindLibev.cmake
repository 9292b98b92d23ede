# Defines Libev::ev (Debian ships no libev.pc). A static library where CURVECP_STATIC is on.
if(CURVECP_STATIC)
  find_library(LIBEV_LIBRARY NAMES libev.a ev)
else()
  find_library(LIBEV_LIBRARY NAMES ev)
endif()
find_path(LIBEV_INCLUDE_DIR ev.h)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Libev DEFAULT_MSG LIBEV_LIBRARY LIBEV_INCLUDE_DIR)
if(Libev_FOUND AND NOT TARGET Libev::ev)
  add_library(Libev::ev UNKNOWN IMPORTED)
  set_target_properties(Libev::ev PROPERTIES
    IMPORTED_LOCATION ${LIBEV_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${LIBEV_INCLUDE_DIR})
endif()
