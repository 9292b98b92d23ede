#include "curvecp/posix/confinement.hpp"

#include "curvecp/posix/failure.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include <sys/stat.h>
#include <unistd.h>

namespace curvecp {
namespace {

struct ResourceName {
    std::string_view name;
    int resource;
    bool in_bytes;
};

constexpr std::array kResources{
    ResourceName{"memory", RLIMIT_AS, true},     ResourceName{"processes", RLIMIT_NPROC, false},
    ResourceName{"files", RLIMIT_NOFILE, false}, ResourceName{"cpu", RLIMIT_CPU, false},  // s
    ResourceName{"core", RLIMIT_CORE, true},
};

[[noreturn]] void throw_bad_limit(std::string_view text, std::string_view reason) {
    throw UsageError("option --resource-limit " + std::string(text) + ": " + std::string(reason));
}

// How many bits a unit shifts by; 0 where there is none.
unsigned shift_of(char unit) noexcept {
    constexpr std::string_view kUnits = "KMG";
    constexpr unsigned kStep = 10;
    const auto found = kUnits.find(unit);
    return found == std::string_view::npos ? 0 : kStep * static_cast<unsigned>(found + 1);
}

std::optional<rlim_t> amount(std::string_view digits, unsigned shift) noexcept {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), value);
    if (error != std::errc() || end != digits.end()) return std::nullopt;
    const std::uint64_t scaled = value << shift;
    if (scaled >> shift != value || scaled >= RLIM_INFINITY) return std::nullopt;
    return scaled;
}

std::string_view name_of(int resource) noexcept {
    for (const auto& known : kResources) {
        if (known.resource == resource) return known.name;
    }
    return "resource";
}

}  // namespace

ResourceLimit parse_resource_limit(std::string_view text) {
    const auto equals = text.find('=');
    const auto known = std::find_if(kResources.begin(), kResources.end(), [&](const auto& each) {
        return each.name == text.substr(0, equals);
    });
    if (equals == std::string_view::npos || known == kResources.end()) {
        throw_bad_limit(text, "must be NAME=N, NAME " + std::string(kResourceNames));
    }
    std::string_view digits = text.substr(equals + 1);
    const unsigned shift = known->in_bytes && !digits.empty() ? shift_of(digits.back()) : 0;
    if (shift != 0) digits.remove_suffix(1);
    const auto value = amount(digits, shift);
    if (!value) throw_bad_limit(text, "N must be a number");
    return {known->resource, *value};
}

void require_possible(const Confinement& confinement) {
    for (const auto& [resource, value] : confinement.limits) {
        rlimit limit{};
        // glibc takes an enumeration.
        if (getrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0 &&
            (value <= limit.rlim_max || geteuid() == 0)) {
            continue;
        }
        throw StartError("option --resource-limit " + std::string(name_of(resource)) + "=" +
                         std::to_string(value) + ": only " + std::to_string(limit.rlim_max) +
                         " are allowed");
    }
    if (confinement.root_directory.empty()) return;
    struct stat status {};
    const bool is_there = stat(confinement.root_directory.c_str(), &status) == 0;
    if (is_there && S_ISDIR(status.st_mode) && geteuid() == 0) return;
    const int error = !is_there ? errno : S_ISDIR(status.st_mode) ? EPERM : ENOTDIR;
    throw StartError("option --chroot " + confinement.root_directory, error);
}

}  // namespace curvecp
