# Every warning is an error: a conversion that loses bits is a bug in a protocol program.
add_library(curvecp_warnings INTERFACE)
target_compile_options(curvecp_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wold-style-cast -Wswitch-enum -Wnon-virtual-dtor
  -Woverloaded-virtual -Werror)
