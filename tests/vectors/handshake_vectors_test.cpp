// The recorded connections played to our server, our client and our established connection.
#include "curvecp/core/client_handshake.hpp"
#include "curvecp/core/server_handshake.hpp"
#include "tests/support/seeded_random.hpp"
#include "tests/vectors/recording.hpp"

using namespace curvecp;
using namespace curvecp::testing;

namespace {

ServerIdentity server_of(const Vectors& vectors) {
    return {Locked<SecretKey>(vectors.as<SecretKey>("server_long_term_secret")),
            vectors.as<ServerName>("server_name"), vectors.as<Extension>("server_extension")};
}

ClientIdentity client_of(const Vectors& vectors) {
    return {vectors.as<PublicKey>("client_long_term_public"),
            Locked<SecretKey>(vectors.as<SecretKey>("client_long_term_secret"))};
}

LongTermNonces nonces_of(const Vectors& vectors, std::string_view who) {
    LongTermNonces nonces{Locked<NonceKey>(vectors.as<NonceKey>(std::string(who) + "_noncekey"))};
    nonces.add_block(0, 1);
    return nonces;
}

// A jar whose two keys are the recorded one.
CookieJar jar_of(const Vectors& vectors, SeededRandom& random) {
    random.script(vectors["minute_key"]);
    random.script(vectors["minute_key"]);
    return CookieJar{TimePoint{}};
}

// A greeting with the recorded short-term key, whose first nonce is the recorded Hello's.
ClientGreeting greeting_of(const Vectors& vectors, SeededRandom& random) {
    random.script(vectors["client_short_term_secret"]);
    std::array<std::uint8_t, 8> drawn{};
    store_le(counter_of(vectors, "hello").value << 16U, MutableFixedBytes<8>(drawn));
    random.script(drawn);
    auto greeting = ClientGreeting::start({vectors.as<PublicKey>("server_long_term_public"),
                                           vectors.as<Extension>("server_extension"),
                                           vectors.as<ServerName>("server_name")});
    REQUIRE(greeting.has_value());
    return std::move(*greeting);
}

// What the server says to a Hello; nullopt where it answers with a Cookie, or nothing at all.
std::optional<DropReason> say_hello(MutableBytes datagram, const ServerIdentity& server,
                                    const CookieJar& jar, LongTermNonces nonces,
                                    std::array<std::uint8_t, Cookie::kSize>& answer) {
    auto packet = classify_to_server(datagram);
    if (auto* hello = std::get_if<Hello>(&packet)) {
        return answer_hello(*hello, server.extension, *server.long_term, jar, nonces,
                            Cookie{answer});
    }
    return DropReason::NotAPacket;
}

bool accepts(MutableBytes datagram, const ServerIdentity& server, const CookieJar& jar) {
    auto packet = classify_to_server(datagram);
    auto* initiate = std::get_if<Initiate>(&packet);
    return initiate != nullptr &&
           std::holds_alternative<AcceptedInitiate>(accept_initiate(*initiate, server, jar));
}

// Bytes that no box protects and that nobody compares, by the specification.
template <class... Fields>
bool in_fields(std::size_t i) {
    return ((i >= Fields::kOffset && i < Fields::kEnd) || ...);
}

// A connection with the recorded shared key.
struct Established {
    Established(const Vectors& vectors, NonceCounter first)
        : connection(arena.store(client_short_server_short(vectors)).value(),
                     NonceSequence(first)) {}

    KeyArena arena{1};
    Connection connection;
};

template <class Packet>
auto opened_by(Connection& connection, CountedBox kind, const Packet& packet) {
    return connection.open(
        kind, NonceCounter::load(field<typename Packet::NonceTail>(packet.bytes)), packet.box());
}

ServerMessage server_message(MutableBytes datagram) {
    return std::get<ServerMessage>(classify_to_client(datagram));
}

}  // namespace

TEST_CASE("our server answers the recorded Hello with a Cookie that the recorded client can use") {
    for_each_recording([](const Vectors& vectors) {
        SeededRandom random(1);
        const auto server = server_of(vectors);
        const auto jar = jar_of(vectors, random);
        auto greeting = greeting_of(vectors, random);
        auto hello = copy_of(vectors["hello.packet"]);
        std::array<std::uint8_t, Cookie::kSize> answer{};
        CHECK(say_hello(hello, server, jar, nonces_of(vectors, "server"), answer) == std::nullopt);

        LongTermNonces nonces = nonces_of(vectors, "client");
        KeyArena arena(1);
        const std::array extensions{vectors.as<Extension>("client_extension")};
        CHECK(greeting.on_cookie(Cookie{answer}, extensions, client_of(vectors), nonces, arena)
                  .has_value());
    });
}

TEST_CASE("no byte of a recorded Hello may change but the zeros and the client's extension") {
    for_each_recording([](const Vectors& vectors) {
        SeededRandom random(1);
        const auto server = server_of(vectors);
        const auto jar = jar_of(vectors, random);
        std::array<std::uint8_t, Cookie::kSize> answer{};
        for (std::size_t i = 0; i < Hello::kSize; ++i) {
            CAPTURE(i);
            auto hello = copy_of(vectors["hello.packet"]);
            hello[i] ^= 1U;
            const bool free = in_fields<Hello::ClientExtension, Hello::Zeros>(i);
            // X25519 ignores the topmost bit of a key, not the lowest of a byte.
            const auto dropped =
                say_hello(hello, server, jar, nonces_of(vectors, "server"), answer);
            CHECK(dropped.has_value() != free);
        }
    });
}

TEST_CASE("our server accepts the recorded Initiate and learns from it what the client sent") {
    for_each_recording([](const Vectors& vectors) {
        SeededRandom random(1);
        auto datagram = copy_of(vectors["initiate_1.packet"]);
        const auto initiate = std::get<Initiate>(classify_to_server(datagram));
        const auto answer = accept_initiate(initiate, server_of(vectors), jar_of(vectors, random));
        REQUIRE(std::holds_alternative<AcceptedInitiate>(answer));
        const auto& accepted = std::get<AcceptedInitiate>(answer);
        CHECK(same(accepted.client_short_term.bytes(), vectors["client_short_term_public"]));
        CHECK(same(accepted.client_long_term.bytes(), vectors["client_long_term_public"]));
        CHECK(same(accepted.client_extension.bytes(), vectors["client_extension"]));
        CHECK(same(accepted.client_short_server_short.reveal(),
                   client_short_server_short(vectors).reveal()));
        CHECK(accepted.nonce == counter_of(vectors, "initiate_1"));
        CHECK(same(accepted.message, vectors["initiate_1.message"]));
    });
}

TEST_CASE("no byte of a recorded Initiate may change but the client's extension") {
    for_each_recording([](const Vectors& vectors) {
        SeededRandom random(1);
        const auto server = server_of(vectors);
        const auto jar = jar_of(vectors, random);
        const Bytes recorded = vectors["initiate_1.packet"];
        for (std::size_t i = 0; i < recorded.size(); ++i) {
            CAPTURE(i);
            auto initiate = copy_of(recorded);
            initiate[i] ^= 1U;
            CHECK(accepts(initiate, server, jar) == in_fields<Initiate::ClientExtension>(i));
        }
    });
}

TEST_CASE("a recorded Initiate is not for a server with another name, key or minute key") {
    for_each_recording([](const Vectors& vectors) {
        SeededRandom random(1);
        const auto jar = jar_of(vectors, random);
        const Bytes recorded = vectors["initiate_1.packet"];
        auto initiate = copy_of(recorded);
        ServerIdentity other_name = server_of(vectors);
        other_name.name.bytes().front() ^= 1U;
        CHECK_FALSE(accepts(initiate, other_name, jar));

        initiate = copy_of(recorded);
        const ServerIdentity other_key{Locked<SecretKey>(make_key_pair().secret_key),
                                       vectors.as<ServerName>("server_name"),
                                       vectors.as<Extension>("server_extension")};
        CHECK_FALSE(accepts(initiate, other_key, jar));

        initiate = copy_of(recorded);
        CHECK_FALSE(accepts(initiate, server_of(vectors), CookieJar{TimePoint{}}));
    });
}

TEST_CASE("our client writes the recorded Hello byte for byte") {
    for_each_recording([](const Vectors& vectors) {
        SeededRandom random(1);
        auto greeting = greeting_of(vectors, random);
        std::array<std::uint8_t, Hello::kSize> hello{};
        greeting.write_hello(vectors.as<Extension>("client_extension"), Hello{hello});
        CHECK(same(hello, vectors["hello.packet"]));
    });
}

TEST_CASE("our client takes the recorded Cookie and goes on as the recorded client did") {
    for_each_recording([](const Vectors& vectors) {
        SeededRandom random(1);
        auto greeting = greeting_of(vectors, random);
        const auto extension = vectors.as<Extension>("client_extension");
        std::array<std::uint8_t, Hello::kSize> hello{};
        greeting.write_hello(extension, Hello{hello});
        auto cookie = copy_of(vectors["cookie.packet"]);
        LongTermNonces nonces = nonces_of(vectors, "client");
        KeyArena arena(1);
        auto answered =
            greeting.on_cookie(std::get<Cookie>(classify_to_client(cookie)), std::array{extension},
                               client_of(vectors), nonces, arena);
        REQUIRE(answered.has_value());

        const Bytes recorded = vectors["initiate_1.packet"];
        std::vector<std::uint8_t> initiate(recorded.size());
        REQUIRE(answered->initiation.write(answered->connection, extension,
                                           vectors["initiate_1.message"], Initiate{initiate}));
        CHECK(same(Bytes(initiate).first<Initiate::kBoxOffset>(),
                   recorded.first<Initiate::kBoxOffset>()));
        CHECK(accepts(initiate, server_of(vectors), jar_of(vectors, random)));
    });
}

TEST_CASE("no byte of a recorded Cookie may change") {
    for_each_recording([](const Vectors& vectors) {
        SeededRandom random(1);
        auto greeting = greeting_of(vectors, random);
        const auto identity = client_of(vectors);
        const std::array extensions{vectors.as<Extension>("client_extension")};
        LongTermNonces nonces = nonces_of(vectors, "client");
        KeyArena arena(1);
        for (std::size_t i = 0; i < Cookie::kSize; ++i) {
            CAPTURE(i);
            auto datagram = copy_of(vectors["cookie.packet"]);
            datagram[i] ^= 1U;
            auto packet = classify_to_client(datagram);
            auto* cookie = std::get_if<Cookie>(&packet);
            CHECK_FALSE(
                (cookie != nullptr &&
                 greeting.on_cookie(*cookie, extensions, identity, nonces, arena).has_value()));
        }
        auto cookie = copy_of(vectors["cookie.packet"]);
        CHECK(greeting.on_cookie(Cookie{MutableBytes(cookie).first<Cookie::kSize>()}, extensions,
                                 identity, nonces, arena));
    });
}

TEST_CASE("our connection opens each recorded message of the server once") {
    for_each_recording([](const Vectors& vectors) {
        Established client(vectors, NonceCounter{1});
        for (const auto& name : vectors.numbered("server_message")) {
            CAPTURE(name);
            auto damaged = copy_of(vectors[name + ".packet"]);
            damaged.back() ^= 1U;
            const auto dropped =
                opened_by(client.connection, CountedBox::ServerMessage, server_message(damaged));
            CHECK(std::get<DropReason>(dropped) == DropReason::BadMessage);

            auto datagram = copy_of(vectors[name + ".packet"]);
            const auto opened =
                opened_by(client.connection, CountedBox::ServerMessage, server_message(datagram));
            REQUIRE(std::holds_alternative<Connection::Opened>(opened));
            CHECK(
                same(std::get<Connection::Opened>(opened).plaintext, vectors[name + ".plaintext"]));
            CHECK(std::get<Connection::Opened>(opened).newest);

            auto repeated = copy_of(vectors[name + ".packet"]);
            const auto refused =
                opened_by(client.connection, CountedBox::ServerMessage, server_message(repeated));
            CHECK(std::get<DropReason>(refused) == DropReason::Repeated);
        }
    });
}

TEST_CASE("our connection seals the recorded messages byte for byte, nonces included") {
    for_each_recording([](const Vectors& vectors) {
        for (const std::string kind : {"client_message", "server_message"}) {
            const bool from_client = kind == "client_message";
            const auto names = vectors.numbered(kind);
            Established sender(vectors, counter_of(vectors, names.front()));
            for (const auto& name : names) {
                CAPTURE(name);
                const Bytes recorded = vectors[name + ".packet"];
                const std::size_t offset =
                    from_client ? ClientMessage::kBoxOffset : ServerMessage::kBoxOffset;
                std::array<std::uint8_t, 8> nonce{};
                std::vector<std::uint8_t> box(recorded.size() - offset);
                REQUIRE(sender.connection.seal(
                    from_client ? CountedBox::ClientMessage : CountedBox::ServerMessage, nonce, box,
                    vectors[name + ".plaintext"]));
                CHECK(same(nonce, recorded.subspan(offset - nonce.size(), nonce.size())));
                CHECK(same(box, recorded.subspan(offset)));
            }
        }
    });
}
