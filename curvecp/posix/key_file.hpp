// A small file of known size that knows its name, so that every complaint can tell it.
#pragma once

#include "curvecp/core/bytes.hpp"
#include "curvecp/posix/fd.hpp"

#include <string>

namespace curvecp {

// Every failure throws a StartError that names the file.
class KeyFile {
  public:
    enum class Access { Read, ReadWrite };

    // `name` relative to `directory`, whose path is needed for complaints only.
    KeyFile(const Fd& directory, const std::string& path, const std::string& name, Access access);

    // The whole file, which has to have exactly this size. Nothing of it is kept elsewhere.
    void read(MutableBytes bytes) const;
    // Writes over the start of the file; on disk when it returns.
    void overwrite(Bytes bytes) const;

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }

  private:
    std::string name_;
    Fd fd_;
};

// An exclusive record lock on the whole file until the end of the scope. The reference takes one of
// the same kind. Specification: section 1, "Key directory".
class RecordLock {
  public:
    // Where another process holds it: waits, or throws the StartError at once.
    enum class Busy { Wait, Throw };
    RecordLock(const KeyFile& file, Busy busy);
    RecordLock(const RecordLock&) = delete;
    RecordLock& operator=(const RecordLock&) = delete;
    ~RecordLock();

  private:
    int fd_;
};

}  // namespace curvecp
