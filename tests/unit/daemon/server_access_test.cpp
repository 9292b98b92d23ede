// Who is let in, by rules and limits, and what those are told who are not.
#include "tests/unit/daemon/server_door.hpp"

#include <doctest/doctest.h>

using namespace curvecp;
using namespace curvecp::daemon;
using std::chrono::seconds;

TEST_CASE("a denied address gets no answer at all, and cannot move in either") {
    AccessPolicy policy;
    policy.addresses.deny(range_of("203.0.113.0/24"));
    Door door(std::move(policy));
    TestClient client = door.client();
    CHECK(door.knock(client, "203.0.113.9") == DropReason::DeniedAddress);
    REQUIRE_FALSE(door.knock(client));
    const auto moved = door.send(client.message(), "203.0.113.9");
    CHECK(std::get<DropReason>(moved) == DropReason::DeniedAddress);
    CHECK(door.server.connection(door.newest).path == Door::from("192.0.2.1"));
    CHECK(std::holds_alternative<Server::Deliver>(door.send(client.message(), "192.0.2.9")));
    CHECK(door.server.connection(door.newest).path == Door::from("192.0.2.9"));
}

TEST_CASE("an Initiate from a denied address is dropped, wherever its cookie came from") {
    AccessPolicy policy;
    policy.addresses.deny(range_of("203.0.113.0/24"));
    Door door(std::move(policy));
    TestClient client = door.client();
    auto cookie = door.send(client.hello());
    REQUIRE(client.take_cookie(std::get<Server::Reply>(cookie).packet));
    CHECK(door.initiate(client, "203.0.113.9") == DropReason::DeniedAddress);
}

TEST_CASE("of all keys only the authorized ones are let in, with what their line grants") {
    Door door(AccessPolicy{});
    TestClient client = door.client();
    static_cast<void>(door.server.replace(
        hosts_of(door.keys),
        service_of(listing(client, "name=alice env=A=1 command=\"exec cat\""))));
    CHECK(door.knock() == DropReason::KeyNotAuthorized);
    CHECK_FALSE(door.knock(client));
    CHECK(door.granted.name == "alice");
    CHECK(door.granted.environment == std::vector<std::string>{"A=1"});
    CHECK(door.granted.command == "exec cat");
}

TEST_CASE("a key that claims to be authorized must be proved") {
    Door door(AccessPolicy{});
    TestClient victim = door.client();
    TestClient thief = door.client();
    static_cast<void>(door.server.replace(hosts_of(door.keys), service_of(listing(victim))));
    thief.claim(victim.long_term());
    auto cookie = door.send(thief.hello());
    REQUIRE(thief.take_cookie(std::get<Server::Reply>(cookie).packet));
    CHECK(door.initiate(thief) == DropReason::BadVouch);
}

TEST_CASE("an authorized key has its addresses, also after a move, and its last day") {
    Door door(AccessPolicy{});
    TestClient client = door.client();
    static_cast<void>(door.server.replace(
        hosts_of(door.keys), service_of(listing(client, "from=192.0.2.0/24 expires=1970-01-11"))));
    CHECK(door.knock(client, "203.0.113.1") == DropReason::KeyNotAuthorized);
    door.server.set_today(11);
    CHECK(door.knock(client) == DropReason::KeyNotAuthorized);
    door.server.set_today(10);
    REQUIRE_FALSE(door.knock(client));
    CHECK(std::get<DropReason>(door.send(client.message(), "203.0.113.1")) ==
          DropReason::DeniedAddress);
    CHECK(std::holds_alternative<Server::Deliver>(door.send(client.message(), "192.0.2.200")));
}

TEST_CASE("limits count connections, and give every place back") {
    AccessPolicy policy;
    policy.limits.per_address = 2;
    policy.limits.per_prefix_v4 = 3;
    Door door(std::move(policy));
    REQUIRE_FALSE(door.knock());
    const ConnectionId first = door.newest;
    REQUIRE_FALSE(door.knock());
    CHECK(door.knock() == DropReason::AddressLimit);
    REQUIRE_FALSE(door.knock("192.0.2.2"));
    CHECK(door.knock("192.0.2.3") == DropReason::PrefixLimit);
    CHECK_FALSE(door.knock("192.0.3.3"));
    door.server.on_handler_end(first);
    CHECK_FALSE(door.knock());
    CHECK(door.knock("192.0.2.3") == DropReason::PrefixLimit);
}

TEST_CASE("a client that moves is counted where it is, and is never refused for that") {
    AccessPolicy policy;
    policy.limits.per_address = 1;
    Door door(std::move(policy));
    TestClient client = door.client();
    REQUIRE_FALSE(door.knock(client, "192.0.2.1"));
    const ConnectionId moving = door.newest;
    REQUIRE_FALSE(door.knock("192.0.2.2"));
    CHECK(std::holds_alternative<Server::Deliver>(door.send(client.message(), "192.0.2.2")));
    CHECK_FALSE(door.knock("192.0.2.1"));
    door.server.on_handler_end(moving);
    CHECK(door.knock("192.0.2.2") == DropReason::AddressLimit);
}

TEST_CASE("a handler that does not start takes no place") {
    AccessPolicy policy;
    policy.limits.per_address = 1;
    policy.limits.rate = 1;
    Door door(std::move(policy));
    TestClient client = door.client();
    auto cookie = door.send(client.hello());
    REQUIRE(client.take_cookie(std::get<Server::Reply>(cookie).packet));
    CHECK(std::holds_alternative<Server::Open>(door.send(client.initiate())));
    door.server.on_handler_failed();
    CHECK_FALSE(door.initiate(client));
}

TEST_CASE("a key's connections are limited, by its line or for all keys, and by proof alone") {
    Door door(AccessPolicy{});
    TestClient client = door.client();
    static_cast<void>(
        door.server.replace(hosts_of(door.keys), service_of(listing(client, "max=1"))));
    REQUIRE_FALSE(door.knock(client));
    TestClient again(door.keys.public_key);
    again.become(client);
    CHECK(door.knock(again) == DropReason::KeyLimit);
    door.server.on_handler_end(door.newest);
    CHECK_FALSE(door.initiate(again));
}

TEST_CASE("new connections of an address are limited in time") {
    AccessPolicy policy;
    policy.limits.rate = 2;
    Door door(std::move(policy));
    CHECK_FALSE(door.knock());
    CHECK_FALSE(door.knock());
    CHECK(door.knock() == DropReason::RateLimit);
    CHECK_FALSE(door.knock("192.0.2.2"));
    door.now += seconds(1);
    CHECK_FALSE(door.knock());
}

TEST_CASE("the last places are for authorized keys") {
    Door door(AccessPolicy{}, 3);
    TestClient client = door.client();
    AccessPolicy policy = listing(client);
    policy.limits.reserve = 2;
    policy.ask = true;
    static_cast<void>(door.server.replace(hosts_of(door.keys), service_of(std::move(policy))));
    const auto ask_in = [&](TestClient stranger) {
        return door.enter(door.server.on_answer(door.now, door.ask(stranger), Server::Answer::Allow,
                                                {"guest", {}, {}}));
    };
    CHECK_FALSE(ask_in(door.client()));
    CHECK(door.granted.name == "guest");
    CHECK(door.knock() == DropReason::Reserved);
    CHECK_FALSE(door.knock(client));
}

TEST_CASE("a refusal is silent, or the failure end of a stream where refusals are explained") {
    for (const bool explain : {false, true}) {
        Door door(AccessPolicy{});
        TestClient listed = door.client();
        AccessPolicy policy = listing(listed);
        policy.explain_refusal = explain;
        static_cast<void>(door.server.replace(hosts_of(door.keys), service_of(std::move(policy))));
        TestClient stranger = door.client();
        CHECK(door.knock(stranger) == DropReason::KeyNotAuthorized);
        REQUIRE(door.explanation.empty() == !explain);
        if (!explain) continue;
        CHECK(door.explanation.size() < Initiate::kOverhead);
        const auto message = stranger.open(door.explanation);
        REQUIRE(message);
        CHECK(message->size() == 192);
        CHECK((*message)[39] == 0x10);  // failure
        // Each try is told, and with another nonce.
        const Packet before = door.explanation;
        CHECK(door.initiate(stranger) == DropReason::KeyNotAuthorized);
        CHECK(door.explanation != before);
    }
}

TEST_CASE("a full server tells clients so where refusals are explained") {
    AccessPolicy policy;
    policy.explain_refusal = true;
    Door door(std::move(policy), 1);
    CHECK_FALSE(door.knock());
    CHECK(door.knock() == DropReason::ServerFull);
    CHECK(door.explanation.size() == kRefusalSize);
}

TEST_CASE("nobody is told anything who did not prove a key") {
    Door door(AccessPolicy{});
    TestClient listed = door.client();
    AccessPolicy policy = listing(listed);
    policy.explain_refusal = true;
    static_cast<void>(door.server.replace(hosts_of(door.keys), service_of(std::move(policy))));
    TestClient thief = door.client();
    thief.claim(door.client().long_term());
    auto cookie = door.send(thief.hello());
    REQUIRE(thief.take_cookie(std::get<Server::Reply>(cookie).packet));
    CHECK(door.initiate(thief) == DropReason::BadVouch);
    CHECK(door.explanation.empty());
}

TEST_CASE("whom the authorizer does not allow is not let in, and after `not now` may try again") {
    AccessPolicy policy;
    policy.ask = true;
    Door door(std::move(policy));
    TestClient client = door.client();
    Server::Ask question = door.ask(client);
    CHECK(question.initiate.client_long_term == client.long_term());
    CHECK(door.initiate(client) == DropReason::Asking);
    const auto answer = [&](Server::Answer what) {
        return door.enter(door.server.on_answer(door.now, std::move(question), what, {}));
    };
    CHECK(answer(Server::Answer::NotNow) == DropReason::AuthorizerNotNow);
    const auto again = [&] { question = std::get<Server::Ask>(door.send(client.initiate())); };
    again();
    CHECK(answer(Server::Answer::Refuse) == DropReason::AuthorizerRefused);
    again();
    CHECK(answer(Server::Answer::Failed) == DropReason::AuthorizerFailed);
    again();
    CHECK_FALSE(answer(Server::Answer::Allow));
    CHECK(std::holds_alternative<Server::Deliver>(door.send(client.message())));
}

TEST_CASE("limits hold for those who waited for the authorizer") {
    AccessPolicy policy;
    policy.ask = true;
    policy.limits.per_address = 1;
    Door door(std::move(policy));
    TestClient one = door.client();
    TestClient two = door.client();
    auto first = door.ask(one);
    auto second = door.ask(two);
    CHECK_FALSE(
        door.enter(door.server.on_answer(door.now, std::move(first), Server::Answer::Allow, {})));
    CHECK(door.enter(door.server.on_answer(door.now, std::move(second), Server::Answer::Allow,
                                           {})) == DropReason::AddressLimit);
}

TEST_CASE("questions are bounded") {
    AccessPolicy policy;
    policy.ask = true;
    Door door(std::move(policy));
    for (std::size_t i = 0; i < Server::kMostQuestions; ++i) {
        TestClient client = door.client();
        static_cast<void>(door.ask(client));
    }
    CHECK(door.knock() == DropReason::AuthorizerBusy);
}

TEST_CASE("an answer to a question of before a reload lets nobody in") {
    AccessPolicy policy;
    policy.ask = true;
    Door door(policy);
    TestClient client = door.client();
    Server::Ask question = door.ask(client);
    static_cast<void>(door.server.replace(hosts_of(door.keys), service_of(std::move(policy))));
    CHECK(door.enter(door.server.on_answer(door.now, std::move(question), Server::Answer::Allow,
                                           {})) == DropReason::AuthorizerNotNow);
}

TEST_CASE("services behind one socket are told apart by extension, key and name") {
    const KeyPair one = make_key_pair();
    const KeyPair two = make_key_pair();
    std::vector<Host> hosts = hosts_of(one);
    hosts.push_back({extension_of(1), Locked<SecretKey>(SecretKey(two.secret_key.reveal())),
                     nonces_for_tests()});
    std::vector<Service> services;
    services.push_back({"a", extension_of(1), 0, {name_of("a.test"), name_of("www.a.test")}, {}});
    services.push_back({"b", extension_of(1), 0, {name_of("b.test")}, {}});
    services.push_back({"c", extension_of(1), 1, {name_of("c.test")}, {}});
    Server server(std::move(hosts), std::move(services), 10, TimePoint(std::chrono::hours(1)));
    const auto meant = [&](const KeyPair& keys, std::string_view name) -> std::optional<Meant> {
        TestClient client(keys.public_key, extension_of(7), name);
        Packet packet = client.hello();
        const TimePoint now{std::chrono::hours(1)};
        auto action = server.on_datagram(now, path_from(1), packet);
        REQUIRE(client.take_cookie(std::get<Server::Reply>(action).packet));
        packet = client.initiate();
        action = server.on_datagram(now, path_from(1), packet);
        if (const auto* open = std::get_if<Server::Open>(&action)) return open->meant;
        return std::nullopt;
    };
    CHECK(meant(one, "a.test")->service == 0);
    CHECK(meant(one, "www.a.test")->name == 1);
    CHECK(meant(one, "b.test")->service == 1);
    CHECK(meant(two, "c.test")->service == 2);
    CHECK_FALSE(meant(two, "a.test").has_value());  // another's key
    CHECK_FALSE(meant(one, "d.test").has_value());
}

TEST_CASE("a reload keeps connections, but for keys that were revoked") {
    Door door(AccessPolicy{});
    TestClient stays = door.client();
    TestClient goes = door.client();
    REQUIRE_FALSE(door.knock(stays));
    const ConnectionId kept = door.newest;
    REQUIRE_FALSE(door.knock(goes));
    const auto revoked =
        door.server.replace(hosts_of(door.keys), service_of(listing(stays, "max=1")));
    CHECK(revoked == std::vector<ConnectionId>{door.newest});
    door.server.on_handler_end(door.newest);
    CHECK(std::holds_alternative<Server::Deliver>(door.send(stays.message())));
    // Who is there already is counted under the new limits.
    TestClient again(door.keys.public_key);
    again.become(stays);
    CHECK(door.knock(again) == DropReason::KeyLimit);
    door.server.on_handler_end(kept);
    CHECK_FALSE(door.initiate(again));
}

TEST_CASE("a service that is gone takes no new clients, and keeps those that it has") {
    Door door(AccessPolicy{});
    TestClient client = door.client();
    REQUIRE_FALSE(door.knock(client));
    auto other = service_of({}, "other.test");
    other[0].label = "other";
    CHECK(door.server.replace(hosts_of(door.keys), std::move(other)).empty());
    CHECK(door.knock() == DropReason::WrongServerName);
    CHECK(std::holds_alternative<Server::Deliver>(door.send(client.message())));
    Packet answer(Server::packet_size(16));
    REQUIRE(door.server.seal_message(door.newest, Packet(16), answer));
    CHECK(client.open(answer));
    TestClient newcomer = door.client("other.test");
    CHECK_FALSE(door.knock(newcomer));
    CHECK(door.server.connection(door.newest).service == 1);
}
