// curvecpmakekey: makes a key directory.
#include "curvecp/posix/key_directory.hpp"
#include "keytools/tool.hpp"

namespace {

std::string make_key(const std::string& key_directory) {
    curvecp::KeyDirectory::create(key_directory);
    return {};
}

}  // namespace

int main(int argc, char** argv) {
    return curvecp::keytools::run("curvecpmakekey", "Makes a CurveCP key directory.", make_key,
                                  argc, argv);
}
