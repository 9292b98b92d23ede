#include "curvecp/posix/text_file.hpp"

#include "curvecp/posix/failure.hpp"

#include <doctest/doctest.h>

using namespace curvecp;

namespace {

std::string complaint_about_file(const std::string& path) {
    try {
        static_cast<void>(read_text_file(path));
    } catch (const StartError& error) {
        return error.what();
    }
    return "it was read";
}

}  // namespace

TEST_CASE("a text file is read whole, also one that does not know its size") {
    CHECK(read_text_file("/proc/self/status").starts_with("Name:"));
    CHECK(read_text_file("/dev/null").empty());
}

TEST_CASE("a file that cannot be read, or has no end, is named") {
    CHECK(complaint_about_file("/no/such/file") == "/no/such/file: No such file or directory");
    CHECK(complaint_about_file("/proc") == "/proc: Is a directory");
    CHECK(complaint_about_file("/dev/zero") == "/dev/zero: File too large");
}
