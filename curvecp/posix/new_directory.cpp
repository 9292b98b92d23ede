#include "curvecp/posix/new_directory.hpp"

#include "curvecp/posix/failure.hpp"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace curvecp {
namespace {

constexpr mode_t kOwnerOnly = 0700;

[[noreturn]] void fail(const std::string& path, int error) {
    throw StartError("cannot create " + path, error);
}

}  // namespace

NewDirectory::NewDirectory(const std::string& path) : path_(path) {
    if (mkdir(path.c_str(), kOwnerOnly) != 0) {
        if (errno == EEXIST) throw StartError("cannot create " + path + ": it already exists");
        fail(path, errno);
    }
    directory_.reset(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!directory_) {
        const int error = errno;
        rmdir(path.c_str());
        fail(path, error);
    }
}

NewDirectory::~NewDirectory() {
    if (finished_) return;
    while (!entries_.empty()) {
        const Entry& last = entries_.back();
        unlinkat(directory_.get(), last.name.c_str(), last.is_folder ? AT_REMOVEDIR : 0);
        entries_.pop_back();
    }
    rmdir(path_.c_str());
}

void NewDirectory::add_folder(const std::string& name, mode_t mode) {
    entries_.push_back({name, true});
    if (mkdirat(directory_.get(), name.c_str(), kOwnerOnly) != 0 ||
        fchmodat(directory_.get(), name.c_str(), mode, 0) != 0) {
        fail(path_of(name), errno);
    }
}

void NewDirectory::add_file(const std::string& name, mode_t mode, Bytes content) {
    entries_.push_back({name, false});
    const Fd file(openat(directory_.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                         S_IRUSR | S_IWUSR));
    if (!file || fchmod(file.get(), mode) != 0) fail(path_of(name), errno);
    const ssize_t written = write(file.get(), content.data(), content.size());
    if (written < 0) fail(path_of(name), errno);
    if (written != static_cast<ssize_t>(content.size())) fail(path_of(name), ENOSPC);
    if (fsync(file.get()) != 0) fail(path_of(name), errno);
}

void NewDirectory::sync_folder(const std::string& name) const {
    const Fd folder(openat(directory_.get(), name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || fsync(folder.get()) != 0) fail(path_of(name), errno);
}

void NewDirectory::finish(mode_t mode) {
    for (const auto& entry : entries_) {
        if (entry.is_folder) sync_folder(entry.name);
    }
    if (fchmod(directory_.get(), mode) != 0) fail(path_, errno);
    if (fsync(directory_.get()) != 0) fail(path_, errno);
    // The name is in the directory above. Where that may be entered but not read, it gets there
    // a little later by itself.
    const Fd above(openat(directory_.get(), "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (above && fsync(above.get()) != 0) fail(path_, errno);
    finished_ = true;
}

}  // namespace curvecp
