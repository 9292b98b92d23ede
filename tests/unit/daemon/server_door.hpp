// A server with a policy, and clients that knock at its door.
#pragma once

#include "curvecp/core/hex.hpp"
#include "tests/unit/daemon/server_fixture.hpp"

namespace curvecp::daemon {

inline std::vector<Host> hosts_of(const KeyPair& keys) {
    std::vector<Host> hosts;
    hosts.push_back({extension_of(1), Locked<SecretKey>(SecretKey(keys.secret_key.reveal())),
                     nonces_for_tests()});
    return hosts;
}

inline std::vector<Service> service_of(AccessPolicy policy, std::string_view name = "server.test") {
    std::vector<Service> services;
    services.push_back({"only", extension_of(1), 0, {name_of(name)}, std::move(policy)});
    return services;
}

inline AuthorizedKeys keys_of(const std::string& text) {
    return std::get<AuthorizedKeys>(parse_authorized_keys(text));
}

inline AddressRange range_of(std::string_view text) {
    return parse_range(text).value();
}

// A server with one service and its policy.
class Door {
  public:
    explicit Door(AccessPolicy policy, std::size_t places = 10)
        : server(hosts_of(keys), service_of(std::move(policy)), places, now) {}

    [[nodiscard]] TestClient client(std::string_view name = "server.test") const {
        return TestClient(keys.public_key, extension_of(7), name);
    }
    [[nodiscard]] static Path from(std::string_view ip) {
        return {{parse_ip(ip).value(), 4000}, parse_ip("198.51.100.1").value()};
    }
    Server::Action send(Packet packet, std::string_view ip = "192.0.2.1") {
        sent = std::move(packet);
        return server.on_datagram(now, from(ip), sent);
    }
    // Why a new client is not let in; nothing where it is, and then it is connected.
    std::optional<DropReason> knock(TestClient& client, std::string_view ip = "192.0.2.1") {
        auto action = send(client.hello(), ip);
        if (const auto* reason = std::get_if<DropReason>(&action)) return *reason;
        REQUIRE(client.take_cookie(std::get<Server::Reply>(action).packet));
        return initiate(client, ip);
    }
    std::optional<DropReason> initiate(TestClient& client, std::string_view ip = "192.0.2.1") {
        return enter(send(client.initiate(), ip));
    }
    std::optional<DropReason> enter(Server::Action action) {
        explanation.clear();
        if (const auto* reason = std::get_if<DropReason>(&action)) return *reason;
        if (const auto* refused = std::get_if<Server::Refuse>(&action)) {
            explanation.assign(refused->packet.begin(), refused->packet.end());
            return refused->reason;
        }
        granted = std::get<Server::Open>(action).grant;
        newest = server.on_handler_started(std::move(std::get<Server::Open>(action)));
        return std::nullopt;
    }
    std::optional<DropReason> knock(std::string_view ip = "192.0.2.1") {
        TestClient stranger = client();
        return knock(stranger, ip);
    }
    // An Initiate that is to be asked about.
    Server::Ask ask(TestClient& client) {
        auto action = send(client.hello());
        REQUIRE(client.take_cookie(std::get<Server::Reply>(action).packet));
        return std::get<Server::Ask>(send(client.initiate()));
    }

    KeyPair keys = make_key_pair();
    TimePoint now{std::chrono::hours(1)};
    Server server;
    Packet sent;
    Packet explanation;
    Server::Grant granted;
    ConnectionId newest;
};

inline AccessPolicy listing(const TestClient& client, const std::string& options = "") {
    AccessPolicy policy;
    policy.keys = keys_of(to_hex(client.long_term().bytes()) + " " + options);
    policy.limits.count_keys = policy.keys->limit_any();
    return policy;
}

}  // namespace curvecp::daemon
