// The client's half of the handshake: a greeting that waits for a Cookie, then an initiation that
// puts messages into Initiates until the server has spoken. Each state owns only what it may know,
// so that leaving it wipes the rest. Specification: client.
#pragma once

#include "curvecp/core/connection.hpp"
#include "curvecp/core/long_term_nonce.hpp"
#include "curvecp/core/packet.hpp"

namespace curvecp {

// Who a client is. Nobody who finds this memory later should learn who talked to whom.
struct ClientIdentity {
    Wiped<PublicKey> public_key;
    Locked<SecretKey> secret_key;
};

// The server that a client means.
struct ServerContact {
    PublicKey long_term;
    Extension extension;
    Wiped<ServerName> name;
};

// After the Cookie: everything in an Initiate but the message.
class ClientInitiation {
  public:
    // Writes an Initiate with a message of at most kMaxInitiateMessageSize bytes into `packet`,
    // which has room for Initiate::kOverhead more. False where the nonces are used up.
    [[nodiscard]] bool write(Connection& connection, const Extension& client_extension,
                             Bytes message, const Initiate& packet) const noexcept;

  private:
    friend class ClientGreeting;
    // C, V, N and K are no keys, but say who talked.
    using Introduction = Secret<struct IntroductionTag, Initiate::kMessageOffset>;
    using KeptCookie = Secret<struct KeptCookieTag, SealedCookie::kSize>;

    PublicKey client_short_term_;
    Extension server_extension_;
    Introduction introduction_;
    KeptCookie cookie_;
};

// Before the Cookie.
class ClientGreeting {
  public:
    // nullopt where the server's long-term key is a low-order point.
    [[nodiscard]] static std::optional<ClientGreeting> start(ServerContact server);

    void write_hello(const Extension& client_extension, const Hello& packet) noexcept;

    // Everything that follows from a Cookie that is this server's answer.
    struct Answered {
        ClientInitiation initiation;
        Connection connection;
        PublicKey client_short_term;
    };
    // nullopt, and nothing changed, where the Cookie's extensions or box are not right (the
    // client's extension may be any of `client_extensions`) or `nonces` or `arena` are used up.
    [[nodiscard]] std::optional<Answered> on_cookie(const Cookie& cookie,
                                                    std::span<const Extension> client_extensions,
                                                    const ClientIdentity& identity,
                                                    LongTermNonces& nonces, KeyArena& arena);

  private:
    ClientGreeting(ServerContact server, KeyPair client_short_term,
                   SharedKey client_short_server_long);

    ServerContact server_;
    Locked<KeyPair> client_short_term_;
    Locked<SharedKey> client_short_server_long_;
    NonceSequence nonces_ = NonceSequence::random();
};

}  // namespace curvecp
