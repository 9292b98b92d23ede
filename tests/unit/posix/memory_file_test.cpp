#include "curvecp/posix/memory_file.hpp"

#include "curvecp/posix/failure.hpp"

#include <optional>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

using namespace curvecp;

namespace {

Fd duplicate(int fd) {
    return Fd(fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

}  // namespace

TEST_CASE("a file in memory is read by whoever inherits it, and overwritten when it dies") {
    std::optional<MemoryFile> file(std::in_place, 5000);
    CHECK(file->is_wiped());
    CHECK((fcntl(file->fd(), F_GETFD) & FD_CLOEXEC) != 0);
    file->bytes()[4999] = 7;
    CHECK(!file->is_wiped());
    {
        const auto heir = MemoryFile::inherited(duplicate(file->fd()));
        REQUIRE(heir.bytes().size() == 5000);
        CHECK(heir.bytes()[4999] == 7);
    }
    CHECK(file->is_wiped());
    file->bytes()[0] = 8;
    const Fd other = duplicate(file->fd());
    file.reset();
    std::uint8_t byte = 9;
    CHECK(pread(other.get(), &byte, 1, 0) == 1);
    CHECK(byte == 0);
}

TEST_CASE("a file in memory cannot change its size") {
    const MemoryFile file(100);
    CHECK(ftruncate(file.fd(), 50) != 0);
    CHECK(ftruncate(file.fd(), 200) != 0);
}

TEST_CASE("what is no file in memory, or could change its size, is not taken for one") {
    CHECK_THROWS_AS(static_cast<void>(MemoryFile::inherited(Fd(open("/dev/null", O_RDWR)))),
                    StartError);
    Fd unsealed(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    REQUIRE(ftruncate(unsealed.get(), 100) == 0);
    CHECK_THROWS_AS(static_cast<void>(MemoryFile::inherited(std::move(unsealed))), StartError);
}
