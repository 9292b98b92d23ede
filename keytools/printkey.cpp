// curvecpprintkey: prints the public key of a key directory.
#include "curvecp/core/hex.hpp"
#include "curvecp/posix/key_directory.hpp"
#include "keytools/tool.hpp"

namespace {

std::string print_key(const std::string& key_directory) {
    return curvecp::to_hex(curvecp::KeyDirectory(key_directory).public_key().bytes()) + "\n";
}

}  // namespace

int main(int argc, char** argv) {
    return curvecp::keytools::run("curvecpprintkey",
                                  "Prints the public key of a CurveCP key directory.", print_key,
                                  argc, argv);
}
