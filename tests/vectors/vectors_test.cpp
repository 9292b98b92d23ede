// Every box of the recorded connections, opened and sealed again.
#include "curvecp/core/cookie.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/vectors/recording.hpp"

using namespace curvecp;
using namespace curvecp::testing;

namespace {

// A box where it lies in a packet, and what is known of it.
struct Recorded {
    Bytes box;
    Bytes plaintext;
    Nonce nonce;
};

template <class Key>
void check_box(const Recorded& recorded, const Key& key) {
    std::vector<std::uint8_t> opened(recorded.plaintext.size());
    REQUIRE(open(opened, recorded.box, recorded.nonce, key));
    CHECK(same(opened, recorded.plaintext));
    std::vector<std::uint8_t> sealed(recorded.box.size());
    seal(sealed, recorded.plaintext, recorded.nonce, key);
    CHECK(same(sealed, recorded.box));
}

// Whether the box in a copy of the packet still opens when one byte of it is changed.
template <class Key>
void check_damage(const Recorded& recorded, const Key& key) {
    std::vector<std::uint8_t> box = copy_of(recorded.box);
    std::vector<std::uint8_t> opened(recorded.plaintext.size());
    for (std::size_t i = 0; i < box.size(); ++i) {
        CAPTURE(i);
        box[i] ^= 1U;
        CHECK_FALSE(open(opened, box, recorded.nonce, key));
        box[i] ^= 1U;
    }
}

template <class Packet>
Packet to_server(MutableBytes datagram) {
    auto packet = classify_to_server(datagram);
    REQUIRE(std::holds_alternative<Packet>(packet));
    return std::get<Packet>(packet);
}

template <class Packet>
Packet to_client(MutableBytes datagram) {
    auto packet = classify_to_client(datagram);
    REQUIRE(std::holds_alternative<Packet>(packet));
    return std::get<Packet>(packet);
}

template <class Layout>
Recorded counted_box(const Vectors& vectors, const std::string& name, CountedBox kind, Bytes packet,
                     Bytes box) {
    const auto counter = NonceCounter::load(field<typename Layout::NonceTail>(packet));
    const Nonce nonce = make_nonce(kind, counter);
    CHECK(nonce == vectors.as<Nonce>(name + ".nonce"));
    return {box, vectors[name + ".plaintext"], nonce};
}

void check_extensions(const Vectors& vectors, Bytes server, Bytes client) {
    CHECK(same(server, vectors["server_extension"]));
    CHECK(same(client, vectors["client_extension"]));
}

template <class Packet>
void check_messages_to_server(const Vectors& vectors, const std::string& kind, CountedBox box) {
    const auto names = vectors.numbered(kind);
    REQUIRE_FALSE(names.empty());
    for (const auto& name : names) {
        CAPTURE(name);
        auto datagram = copy_of(vectors[name + ".packet"]);
        const auto packet = to_server<Packet>(datagram);
        check_extensions(vectors, field<typename Packet::ServerExtension>(packet.bytes),
                         field<typename Packet::ClientExtension>(packet.bytes));
        CHECK(same(field<typename Packet::ClientShortTerm>(packet.bytes),
                   vectors["client_short_term_public"]));
        const auto recorded = counted_box<Packet>(vectors, name, box, packet.bytes, packet.box());
        check_box(recorded, client_short_server_short(vectors));
        check_damage(recorded, client_short_server_short(vectors));
    }
}

}  // namespace

TEST_CASE("a recorded secret key has the recorded public key") {
    for_each_recording([](const Vectors& vectors) {
        for (const std::string who :
             {"server_long_term", "server_short_term", "client_long_term", "client_short_term"}) {
            CAPTURE(who);
            const auto secret_key = vectors.as<SecretKey>(who + "_secret");
            CHECK(public_key_of(secret_key) == vectors.as<PublicKey>(who + "_public"));
        }
    });
}

TEST_CASE("both ends make the same shared key of a recorded connection") {
    for_each_recording([](const Vectors& vectors) {
        const auto clients =
            shared_key(vectors, "server_short_term_public", "client_short_term_secret");
        CHECK(same(clients.reveal(), client_short_server_short(vectors).reveal()));
    });
}

TEST_CASE("the server name has the recorded wire form") {
    for_each_recording([](const Vectors& vectors) {
        const auto name = parse_server_name("vectors.example.org");
        REQUIRE(name.has_value());
        CHECK(*name == vectors.as<ServerName>("server_name"));
    });
}

TEST_CASE("the box of a recorded Hello opens, is sealed alike, and no byte may change") {
    for_each_recording([](const Vectors& vectors) {
        auto datagram = copy_of(vectors["hello.packet"]);
        const auto hello = to_server<Hello>(datagram);
        check_extensions(vectors, field<Hello::ServerExtension>(hello.bytes),
                         field<Hello::ClientExtension>(hello.bytes));
        const auto recorded = counted_box<Hello>(vectors, "hello", CountedBox::Hello, hello.bytes,
                                                 field<Hello::Box>(hello.bytes));
        check_box(recorded, client_short_server_long(vectors));
        check_damage(recorded, client_short_server_long(vectors));
    });
}

TEST_CASE("the box of a recorded Cookie opens, is sealed alike, and no byte may change") {
    for_each_recording([](const Vectors& vectors) {
        auto datagram = copy_of(vectors["cookie.packet"]);
        const auto cookie = to_client<Cookie>(datagram);
        check_extensions(vectors, field<Cookie::ServerExtension>(cookie.bytes),
                         field<Cookie::ClientExtension>(cookie.bytes));
        const Nonce nonce =
            make_nonce(LongTermBox::Cookie, LongTermNonce(field<Cookie::NonceTail>(cookie.bytes)));
        CHECK(nonce == vectors.as<Nonce>("cookie.nonce"));
        const Recorded recorded{field<Cookie::Box>(cookie.bytes), vectors["cookie.plaintext"],
                                nonce};
        check_box(recorded, client_short_server_long(vectors));
        check_damage(recorded, client_short_server_long(vectors));
    });
}

TEST_CASE("the recorded cookie opens under its minute key and is sealed alike by our jar") {
    for_each_recording([](const Vectors& vectors) {
        const Bytes sealed = field<Cookie::Sealed>(vectors["cookie.plaintext"]);
        const LongTermNonce tail(field<SealedCookie::NonceTail>(sealed));
        const Nonce nonce = make_nonce(LongTermBox::MinuteCookie, tail);
        CHECK(nonce == vectors.as<Nonce>("inner_cookie.nonce"));
        const Recorded recorded{field<SealedCookie::Box>(sealed), vectors["inner_cookie.plaintext"],
                                nonce};
        const auto minute_key = vectors.as<MinuteKey>("minute_key");
        check_box(recorded, minute_key);
        check_damage(recorded, minute_key);

        SeededRandom random(1);
        random.script(vectors["minute_key"]);
        random.script(vectors["minute_key"]);
        const CookieJar jar{TimePoint{}};
        std::array<std::uint8_t, SealedCookie::kSize> ours{};
        jar.seal(ours, vectors.as<PublicKey>("client_short_term_public"),
                 vectors.as<SecretKey>("server_short_term_secret"), tail);
        CHECK(same(ours, sealed));
    });
}

TEST_CASE("recorded Initiates open, are sealed alike, and no byte of their box may change") {
    for_each_recording([](const Vectors& vectors) {
        check_messages_to_server<Initiate>(vectors, "initiate", CountedBox::Initiate);
    });
}

TEST_CASE("recorded messages of the client open, are sealed alike, and no byte may change") {
    for_each_recording([](const Vectors& vectors) {
        REQUIRE(vectors.numbered("client_message").size() >= 2);
        check_messages_to_server<ClientMessage>(vectors, "client_message",
                                                CountedBox::ClientMessage);
    });
}

TEST_CASE("recorded messages of the server open, are sealed alike, and no byte may change") {
    for_each_recording([](const Vectors& vectors) {
        const auto names = vectors.numbered("server_message");
        REQUIRE(names.size() >= 3);
        for (const auto& name : names) {
            CAPTURE(name);
            auto datagram = copy_of(vectors[name + ".packet"]);
            const auto packet = to_client<ServerMessage>(datagram);
            check_extensions(vectors, field<ServerMessage::ServerExtension>(packet.bytes),
                             field<ServerMessage::ClientExtension>(packet.bytes));
            const auto recorded = counted_box<ServerMessage>(
                vectors, name, CountedBox::ServerMessage, packet.bytes, packet.box());
            check_box(recorded, client_short_server_short(vectors));
            check_damage(recorded, client_short_server_short(vectors));
        }
    });
}

TEST_CASE("the vouch of a recorded Initiate opens, is sealed alike, and no byte may change") {
    for_each_recording([](const Vectors& vectors) {
        const Bytes plaintext = vectors["initiate_1.plaintext"];
        CHECK(same(field<Initiate::ClientLongTerm>(plaintext), vectors["client_long_term_public"]));
        CHECK(same(field<Initiate::Name>(plaintext), vectors["server_name"]));
        const Bytes vouch = field<Initiate::VouchField>(plaintext);
        const Nonce nonce =
            make_nonce(LongTermBox::Vouch, LongTermNonce(field<Vouch::NonceTail>(vouch)));
        CHECK(nonce == vectors.as<Nonce>("initiate_1.vouch_nonce"));
        const Recorded recorded{field<Vouch::Box>(vouch), vectors["initiate_1.vouch_plaintext"],
                                nonce};
        check_box(recorded, client_long_server_long(vectors));
        check_damage(recorded, client_long_server_long(vectors));
    });
}
