// What an operator sees of a connection: a row of a table, or an object of JSON.
#pragma once

#include "curvecp/core/address.hpp"
#include "curvecp/core/keys.hpp"
#include "curvecp/core/wall_time.hpp"

#include <string>

namespace curvecp::daemon {

struct ConnectionStatus {
    std::uint64_t number = 0;
    std::string name;  // that the rules give to the key; empty where they give none
    PublicKey key;
    Address remote;
    std::string service;
    std::int64_t handler = 0;  // process
    Duration age{};
    Duration idle{};
    std::uint64_t bytes_in = 0;   // message bytes from the client
    std::uint64_t bytes_out = 0;  // message bytes to the client
    std::uint64_t rate = 0;       // of both, a second
};

// Lines without their ends; header and rows have their columns in the same places.
[[nodiscard]] std::string status_header();
[[nodiscard]] std::string status_row(const ConnectionStatus& status);
[[nodiscard]] std::string status_json(const ConnectionStatus& status, WallTime now);

// 42, 1.5k, 23M: four characters at most, for columns.
[[nodiscard]] std::string short_number(std::uint64_t number);
// 12s, 3m07s, 5h12m, 3d04h.
[[nodiscard]] std::string short_duration(Duration duration);

}  // namespace curvecp::daemon
