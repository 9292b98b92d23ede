# Defines Sodium::sodium. A static library where CURVECP_STATIC is on and one is there.
if(CURVECP_STATIC)
  find_library(SODIUM_LIBRARY NAMES libsodium.a sodium)
else()
  find_library(SODIUM_LIBRARY NAMES sodium)
endif()
find_path(SODIUM_INCLUDE_DIR sodium.h)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Sodium DEFAULT_MSG SODIUM_LIBRARY SODIUM_INCLUDE_DIR)
if(Sodium_FOUND AND NOT TARGET Sodium::sodium)
  add_library(Sodium::sodium UNKNOWN IMPORTED)
  set_target_properties(Sodium::sodium PROPERTIES
    IMPORTED_LOCATION ${SODIUM_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${SODIUM_INCLUDE_DIR})
endif()
