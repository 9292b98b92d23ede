#include "curvecp/posix/key_directory.hpp"

#include "curvecp/core/endian.hpp"
#include "curvecp/core/random.hpp"
#include "curvecp/posix/new_directory.hpp"

#include <cerrno>
#include <limits>

#include <fcntl.h>
#include <unistd.h>

namespace curvecp {
namespace {

// Specification: names, modes and sizes of the files.
constexpr const char* kPublicKey = "publickey";
constexpr const char* kSecretFolder = ".expertsonly";
constexpr const char* kSecretKey = ".expertsonly/secretkey";
constexpr const char* kLock = ".expertsonly/lock";
constexpr const char* kNonceKey = ".expertsonly/noncekey";
constexpr const char* kNonceCounter = ".expertsonly/noncecounter";
constexpr mode_t kDirectoryMode = 0755;
constexpr mode_t kSecretFolderMode = 0700;
constexpr mode_t kPublicMode = 0644;
constexpr mode_t kSecretMode = 0600;
using CounterBytes = std::array<std::uint8_t, 8>;

// Reserves [counter, counter + count) in the file, whose lock is held.
std::uint64_t advance(const KeyFile& counters, std::uint64_t count) {
    CounterBytes bytes{};
    counters.read(bytes);
    const auto counter = load_le<std::uint64_t>(bytes);
    if (count > std::numeric_limits<std::uint64_t>::max() - counter) {
        throw StartError(counters.name() + " is used up: make a new key directory");
    }
    store_le<std::uint64_t>(counter + count, bytes);
    counters.overwrite(bytes);
    return counter;
}

}  // namespace

void KeyDirectory::create(const std::string& path) {
    const KeyPair pair = make_key_pair();
    NonceKey nonce_key;
    fill_random(nonce_key.reveal());
    NewDirectory directory(path);
    directory.add_file(kPublicKey, kPublicMode, pair.public_key.bytes());
    directory.add_folder(kSecretFolder, kSecretFolderMode);
    directory.add_file(kSecretKey, kSecretMode, pair.secret_key.reveal());
    directory.add_file(kLock, kSecretMode, std::array<std::uint8_t, 1>{});
    directory.add_file(kNonceKey, kSecretMode, nonce_key.reveal());
    directory.add_file(kNonceCounter, kSecretMode, CounterBytes{});
    directory.finish(kDirectoryMode);
}

KeyDirectory::KeyDirectory(std::string path)
    : path_(std::move(path)), directory_(open(path_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) {
    if (!directory_) throw StartError("cannot open key directory " + path_, errno);
}

KeyFile KeyDirectory::file(const char* name, KeyFile::Access access) const {
    return {directory_, path_, name, access};
}

PublicKey KeyDirectory::public_key() const {
    PublicKey key;
    file(kPublicKey, KeyFile::Access::Read).read(key.bytes());
    return key;
}

Locked<SecretKey> KeyDirectory::secret_key() const {
    const KeyFile secret_file = file(kSecretKey, KeyFile::Access::Read);
    SecretKey key;
    secret_file.read(key.reveal());
    if (public_key_of(key) != public_key()) {
        throw StartError(secret_file.name() + " does not belong to " + path_ + "/" + kPublicKey);
    }
    return Locked<SecretKey>(std::move(key));
}

Locked<NonceKey> KeyDirectory::nonce_key() const {
    NonceKey key;
    file(kNonceKey, KeyFile::Access::Read).read(key.reveal());
    return Locked<NonceKey>(std::move(key));
}

std::uint64_t KeyDirectory::take_nonce_counters(std::uint64_t count) {
    return take_nonce_counters(count, RecordLock::Busy::Wait);
}

std::uint64_t KeyDirectory::take_nonce_counters(std::uint64_t count, RecordLock::Busy busy) {
    // Kept open, because the rights to open them may be given up. To close a file would also give
    // up this process's lock on it.
    if (!lock_) lock_ = file(kLock, KeyFile::Access::ReadWrite);
    if (!counters_) counters_ = file(kNonceCounter, KeyFile::Access::ReadWrite);
    const RecordLock lock(*lock_, busy);
    return advance(*counters_, count);
}

void KeyDirectory::require_access() const {
    try {
        const KeyDirectory again(path_);
        for (const char* name : {kPublicKey, kSecretKey, kNonceKey}) {
            static_cast<void>(again.file(name, KeyFile::Access::Read));
        }
        for (const char* name : {kLock, kNonceCounter}) {
            static_cast<void>(again.file(name, KeyFile::Access::ReadWrite));
        }
    } catch (const StartError& error) {
        throw StartError(std::string(error.what()) + "; the key directory must belong to user " +
                         std::to_string(geteuid()));
    }
}

std::variant<std::uint64_t, StartError> KeyDirectory::try_take_nonce_counters(
    std::uint64_t count) noexcept {
    try {
        return take_nonce_counters(count, RecordLock::Busy::Throw);
    } catch (const StartError& error) {
        return error;
    }
}

}  // namespace curvecp
