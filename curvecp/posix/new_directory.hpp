// A directory being made: taken away again, with all that is in it, unless it was finished.
#pragma once

#include "curvecp/core/bytes.hpp"
#include "curvecp/posix/fd.hpp"

#include <string>
#include <vector>

#include <sys/types.h>

namespace curvecp {

// All modes are as given, whatever the umask. Every failure throws a StartError.
class NewDirectory {
  public:
    // Refuses a path that exists. Nobody else may look into it until it is finished.
    explicit NewDirectory(const std::string& path);
    NewDirectory(const NewDirectory&) = delete;
    NewDirectory& operator=(const NewDirectory&) = delete;
    ~NewDirectory();

    // Names are relative to the directory, a folder comes before what is in it.
    void add_folder(const std::string& name, mode_t mode);
    void add_file(const std::string& name, mode_t mode, Bytes content);

    // On disk with all that is in it when it returns.
    void finish(mode_t mode);

  private:
    [[nodiscard]] std::string path_of(const std::string& name) const { return path_ + "/" + name; }
    void sync_folder(const std::string& name) const;

    struct Entry {
        std::string name;
        bool is_folder;
    };

    std::string path_;
    Fd directory_;
    std::vector<Entry> entries_;
    bool finished_ = false;
};

}  // namespace curvecp
