#include "curvecp/posix/key_directory.hpp"

#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/pipe.hpp"

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace curvecp;
namespace fs = std::filesystem;

namespace {

struct Scratch {
    fs::path folder;
    std::string keys;

    Scratch() {
        std::string name = (fs::temp_directory_path() / "keydir.XXXXXX").string();
        folder = mkdtemp(name.data());
        keys = (folder / "keys").string();
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() { fs::remove_all(folder); }

    [[nodiscard]] std::string file(const char* name) const { return keys + "/" + name; }
    void put(const char* name, const std::string& content) const {
        std::ofstream(file(name), std::ios::binary) << content;
    }
    [[nodiscard]] std::string read(const char* name) const {
        std::ifstream stream(file(name), std::ios::binary);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
};

unsigned mode_of(const std::string& path) {
    struct stat status {};
    REQUIRE(stat(path.c_str(), &status) == 0);
    return status.st_mode & 07777U;
}

template <class Work>
std::string complaint_of(Work work) {
    try {
        work();
    } catch (const StartError& error) {
        return error.what();
    }
    return "none";
}

constexpr const char* kFiles[] = {"publickey", ".expertsonly/secretkey", ".expertsonly/lock",
                                  ".expertsonly/noncekey", ".expertsonly/noncecounter"};
constexpr std::size_t kSizes[] = {32, 32, 1, 32, 8};

int wait_for(pid_t pid) {
    int status = -1;
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

TEST_CASE_FIXTURE(Scratch, "a new directory has the files, sizes and modes of the specification") {
    for (const mode_t mask : {mode_t{0}, mode_t{077}, mode_t{0777}}) {
        CAPTURE(mask);
        const mode_t old = umask(mask);
        KeyDirectory::create(keys);
        umask(old);
        CHECK(mode_of(keys) == 0755);
        CHECK(mode_of(file(".expertsonly")) == 0700);
        for (std::size_t i = 0; i < std::size(kFiles); ++i) {
            CAPTURE(kFiles[i]);
            CHECK(mode_of(file(kFiles[i])) == (i == 0 ? 0644 : 0600));
            CHECK(fs::file_size(file(kFiles[i])) == kSizes[i]);
        }
        CHECK(read(".expertsonly/noncecounter") == std::string(8, '\0'));
        fs::remove_all(keys);
    }
}

TEST_CASE_FIXTURE(Scratch, "the keys of a directory belong together, and no two are alike") {
    KeyDirectory::create(keys);
    const KeyDirectory directory(keys);
    CHECK(public_key_of(*directory.secret_key()) == directory.public_key());
    KeyDirectory::create(keys + "2");
    const KeyDirectory other(keys + "2");
    CHECK(other.public_key() != directory.public_key());
    CHECK(!equal_in_constant_time(other.nonce_key()->reveal(), directory.nonce_key()->reveal()));
}

TEST_CASE_FIXTURE(Scratch, "a path that exists is never touched") {
    const auto complaint = [&] { return complaint_of([&] { KeyDirectory::create(keys); }); };
    const std::string expected = "cannot create " + keys + ": it already exists";
    fs::create_directory(keys);
    CHECK(complaint() == expected);
    CHECK(fs::is_empty(keys));
    fs::remove(keys);
    fs::create_symlink("nowhere", keys);
    CHECK(complaint() == expected);
    fs::remove(keys);
    std::ofstream(keys) << "x";
    CHECK(complaint() == expected);
    CHECK(fs::file_size(keys) == 1);
}

TEST_CASE_FIXTURE(Scratch, "what was half made is removed when it cannot be finished") {
    CHECK(complaint_of([&] { KeyDirectory::create(keys + "/deep"); }) ==
          "cannot create " + keys + "/deep: No such file or directory");
    // Files that may not grow: the first one fails in the middle.
    const pid_t pid = fork();
    if (pid == 0) {
        rlimit none{0, 0};
        setrlimit(RLIMIT_FSIZE, &none);
        static_cast<void>(std::signal(SIGXFSZ, SIG_IGN));
        const auto complaint = complaint_of([&] { KeyDirectory::create(keys); });
        _exit(complaint == "cannot create " + keys + "/publickey: File too large" ? 0 : 1);
    }
    CHECK(wait_for(pid) == 0);
    CHECK(fs::is_empty(folder));
}

TEST_CASE_FIXTURE(Scratch, "a missing, short or long file is named with what is wrong") {
    CHECK(complaint_of([&] { KeyDirectory directory(keys); }) ==
          "cannot open key directory " + keys + ": No such file or directory");
    KeyDirectory::create(keys);
    KeyDirectory directory(keys);
    const std::string secret = read(".expertsonly/secretkey");
    put(".expertsonly/secretkey", secret.substr(1));
    const auto load = [&] { static_cast<void>(directory.secret_key()); };
    CHECK(complaint_of(load) == file(".expertsonly/secretkey") + " has 31 bytes, 32 are needed");
    put(".expertsonly/secretkey", secret + "x");
    CHECK(complaint_of(load) == file(".expertsonly/secretkey") + " has 33 bytes, 32 are needed");
    fs::remove(file(".expertsonly/secretkey"));
    CHECK(complaint_of(load) ==
          "cannot open " + file(".expertsonly/secretkey") + ": No such file or directory");
    put(".expertsonly/noncekey", "");
    CHECK(complaint_of([&] { static_cast<void>(directory.nonce_key()); }) ==
          file(".expertsonly/noncekey") + " has 0 bytes, 32 are needed");
    put(".expertsonly/noncecounter", "1234567");
    CHECK(complaint_of([&] { static_cast<void>(directory.take_nonce_counters(1)); }) ==
          file(".expertsonly/noncecounter") + " has 7 bytes, 8 are needed");
    fs::remove(file("publickey"));
    CHECK(mkfifo(file("publickey").c_str(), 0600) == 0);
    CHECK(complaint_of([&] { static_cast<void>(directory.public_key()); }) ==
          file("publickey") + " is not a regular file");
}

TEST_CASE_FIXTURE(Scratch, "a file that may not be read is named with the reason") {
    KeyDirectory::create(keys);
    const pid_t pid = fork();
    if (pid == 0) {
        if (chmod(folder.c_str(), 0755) != 0) _exit(2);
        if (geteuid() == 0 && setuid(65534) != 0) _exit(3);
        if (geteuid() != 65534) fs::permissions(file(".expertsonly"), fs::perms::none);
        const auto complaint =
            complaint_of([&] { static_cast<void>(KeyDirectory(keys).secret_key()); });
        _exit(complaint == "cannot open " + file(".expertsonly/secretkey") + ": Permission denied"
                  ? 0
                  : 1);
    }
    CHECK(wait_for(pid) == 0);
    fs::permissions(file(".expertsonly"), fs::perms::owner_all);
}

TEST_CASE_FIXTURE(Scratch, "a secret key of another pair is refused, loose modes are not") {
    KeyDirectory::create(keys);
    const KeyDirectory directory(keys);
    fs::permissions(file(".expertsonly/secretkey"), fs::perms::all);
    CHECK(public_key_of(*directory.secret_key()) == directory.public_key());
    put(".expertsonly/secretkey", std::string(32, 'x'));
    CHECK(complaint_of([&] { static_cast<void>(directory.secret_key()); }) ==
          file(".expertsonly/secretkey") + " does not belong to " + file("publickey"));
}

TEST_CASE_FIXTURE(Scratch, "nonce counters are taken in order, little-endian and in place") {
    KeyDirectory::create(keys);
    KeyDirectory directory(keys);
    struct stat before {};
    struct stat after {};
    stat(file(".expertsonly/noncecounter").c_str(), &before);
    CHECK(directory.take_nonce_counters(1) == 0);
    CHECK(directory.take_nonce_counters(1U << 20U) == 1);
    CHECK(std::get<std::uint64_t>(directory.try_take_nonce_counters(1)) == (1U << 20U) + 1);
    CHECK(read(".expertsonly/noncecounter") == std::string("\x02\0\x10\0\0\0\0\0", 8));
    stat(file(".expertsonly/noncecounter").c_str(), &after);
    CHECK(before.st_ino == after.st_ino);
}

TEST_CASE_FIXTURE(Scratch, "nonce counters never wrap") {
    KeyDirectory::create(keys);
    KeyDirectory directory(keys);
    put(".expertsonly/noncecounter", std::string("\xfe\xff\xff\xff\xff\xff\xff\xff", 8));
    CHECK(directory.take_nonce_counters(1) == 0xfffffffffffffffeU);
    CHECK(complaint_of([&] { static_cast<void>(directory.take_nonce_counters(1)); }) ==
          file(".expertsonly/noncecounter") + " is used up: make a new key directory");
    const auto taken = directory.try_take_nonce_counters(1);
    REQUIRE(std::holds_alternative<StartError>(taken));
    CHECK(std::get<StartError>(taken).what() ==
          file(".expertsonly/noncecounter") + " is used up: make a new key directory");
    CHECK(read(".expertsonly/noncecounter") == std::string(8, '\xff'));
}

TEST_CASE_FIXTURE(Scratch, "processes that take counters at the same time never get the same") {
    KeyDirectory::create(keys);
    constexpr int kProcesses = 6;
    constexpr int kBlocks = 30;
    const Pipe pipe = make_pipe(Blocking::Both);
    std::vector<pid_t> children;
    for (int i = 0; i < kProcesses; ++i) {
        const pid_t pid = fork();
        if (pid == 0) {
            KeyDirectory directory(keys);
            for (int block = 0; block < kBlocks; ++block) {
                const std::uint64_t first = directory.take_nonce_counters(3);
                if (write(pipe.write.get(), &first, sizeof first) != sizeof first) _exit(1);
            }
            _exit(0);
        }
        children.push_back(pid);
    }
    std::vector<std::uint64_t> firsts(kProcesses * kBlocks);
    for (auto& first : firsts) REQUIRE(::read(pipe.read.get(), &first, sizeof first) == 8);
    for (const pid_t child : children) CHECK(wait_for(child) == 0);
    std::sort(firsts.begin(), firsts.end());
    for (std::size_t i = 0; i < firsts.size(); ++i) CHECK(firsts[i] == 3 * i);
}

TEST_CASE_FIXTURE(Scratch,
                  "a record lock of another process, as the reference takes it, is waited for") {
    KeyDirectory::create(keys);
    const Pipe locked = make_pipe(Blocking::Both);
    const pid_t pid = fork();
    if (pid == 0) {
        const Fd lock(open(file(".expertsonly/lock").c_str(), O_RDWR | O_CLOEXEC));
        if (lockf(lock.get(), F_LOCK, 0) != 0) _exit(1);
        if (write(locked.write.get(), "x", 1) != 1) _exit(2);
        usleep(50'000);
        put(".expertsonly/noncecounter", std::string(8, '\x01'));
        _exit(0);
    }
    char ready = 0;
    REQUIRE(::read(locked.read.get(), &ready, 1) == 1);
    KeyDirectory directory(keys);
    CHECK(directory.take_nonce_counters(1) == 0x0101010101010101U);
    CHECK(wait_for(pid) == 0);
}

TEST_CASE_FIXTURE(Scratch, "a running program does not wait for another process's record lock") {
    KeyDirectory::create(keys);
    KeyDirectory directory(keys);
    CHECK(directory.take_nonce_counters(1) == 0);
    const Pipe locked = make_pipe(Blocking::Both);
    const Pipe enough = make_pipe(Blocking::Both);
    const pid_t pid = fork();
    char byte = 0;
    if (pid == 0) {
        alarm(5);  // so that whoever does wait fails, and does not hang
        const Fd lock(open(file(".expertsonly/lock").c_str(), O_RDWR | O_CLOEXEC));
        if (lockf(lock.get(), F_LOCK, 0) != 0) _exit(1);
        if (write(locked.write.get(), "x", 1) != 1) _exit(2);
        _exit(::read(enough.read.get(), &byte, 1) == 1 ? 0 : 3);
    }
    REQUIRE(::read(locked.read.get(), &byte, 1) == 1);
    const auto busy = directory.try_take_nonce_counters(1);
    CHECK(std::holds_alternative<StartError>(busy));
    CHECK(write(enough.write.get(), "x", 1) == 1);
    CHECK(wait_for(pid) == 0);
    CHECK(std::get<std::uint64_t>(directory.try_take_nonce_counters(1)) == 1);
}
