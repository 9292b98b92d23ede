// The directory of a long-term key pair. Specification: section 1, "Key directory". Every failure
// throws a StartError that names the file and says what is wrong with it.
#pragma once

#include "curvecp/core/keys.hpp"
#include "curvecp/posix/failure.hpp"
#include "curvecp/posix/fd.hpp"
#include "curvecp/posix/key_file.hpp"

#include <string>
#include <variant>

namespace curvecp {

class KeyDirectory {
  public:
    // Makes a directory with a new key pair, on disk when it returns; nothing is left of it where
    // that fails. Never touches a path that exists.
    static void create(const std::string& path);

    // Opens the directory; its files are read when they are asked for.
    explicit KeyDirectory(std::string path);

    [[nodiscard]] PublicKey public_key() const;
    // Also makes sure that it is the secret half of public_key().
    [[nodiscard]] Locked<SecretKey> secret_key() const;
    [[nodiscard]] Locked<NonceKey> nonce_key() const;

    // The first of `count` (at least 1) nonce counters that nobody else has had or will get; they
    // are spent on disk before this returns. Waits for other processes that are taking some.
    [[nodiscard]] std::uint64_t take_nonce_counters(std::uint64_t count);
    // The same where nothing may throw or wait, while the program runs: it needs no rights on the
    // files after a first take_nonce_counters(). What is wrong where it failed, also where another
    // process is taking some.
    [[nodiscard]] std::variant<std::uint64_t, StartError> try_take_nonce_counters(
        std::uint64_t count) noexcept;

    // Throws where this process, which may have become another user, could not open it today as it
    // did before.
    void require_access() const;

  private:
    [[nodiscard]] std::uint64_t take_nonce_counters(std::uint64_t count, RecordLock::Busy busy);
    [[nodiscard]] KeyFile file(const char* name, KeyFile::Access access) const;

    std::string path_;
    Fd directory_;
    std::optional<KeyFile> lock_;
    std::optional<KeyFile> counters_;
};

}  // namespace curvecp
