// Who is let in: the part of Server that knows rules and limits.
#include "daemon/server.hpp"

namespace curvecp::daemon {

std::optional<DropReason> Server::reason_to_ignore(const Path& path,
                                                   const Initiate& initiate) const {
    if (!services_.allow(path.peer.ip)) return DropReason::DeniedAddress;
    const PublicKey client(field<Initiate::ClientShortTerm>(initiate.bytes));
    if (spent_.contains(client)) return DropReason::CookieSpent;
    if (asking_.contains(client)) return DropReason::Asking;
    if (!services_.has_extension(Extension(field<Initiate::ServerExtension>(initiate.bytes)))) {
        return DropReason::WrongExtension;
    }
    // Nobody is told who has not proved who they are; and to look costs more than to drop.
    if (connections_.full() && !services_.explain()) return DropReason::ServerFull;
    return std::nullopt;
}

Server::Action Server::judge(TimePoint now, const Path& path, MutableBytes packet,
                             OpenedInitiate opened, Meant meant) {
    const ServiceIndex service = meant.service;
    const AccessPolicy& policy = services_[service].policy;
    if (!policy.addresses.allows(path.peer.ip)) return DropReason::DeniedAddress;
    AcceptedInitiate& client = opened.claims;
    const auto reason = reason_to_refuse(now, path.peer.ip, client.client_long_term, service);
    // The key may be another's, but it is refused whosoever it is, and to prove it costs most.
    if (reason && !policy.explain_refusal) return *reason;
    if (!is_vouched(opened, services_.key_of(service))) return DropReason::BadVouch;
    if (reason) return refuse(*reason, client, service);
    if (const auto charged = reason_to_refuse(client, service)) {
        return refuse(*charged, client, service);
    }
    const MutableBytes frame = frame_around(packet, client.message);
    const bool known = authorized(service, client.client_long_term) != nullptr;
    if (!policy.ask || known) {
        Grant grant = grant_of(service, client.client_long_term);
        return Open{std::move(client), path, frame, meant, std::move(grant)};
    }
    if (asking_.size() >= kMostQuestions) {
        return refuse(DropReason::AuthorizerBusy, client, service);
    }
    asking_.insert(client.client_short_term);
    return Ask{std::move(client), path, frame, meant, configuration_};
}

std::optional<DropReason> Server::reason_to_refuse(TimePoint now, const IpAddress& ip,
                                                   const PublicKey& client,
                                                   ServiceIndex service) const {
    const AccessPolicy& policy = services_[service].policy;
    const AuthorizedKey* const key = authorized(service, client);
    if (key == nullptr && policy.keys && !policy.ask) return DropReason::KeyNotAuthorized;
    if (key != nullptr && (key->is_expired(today_) || !key->is_from(ip))) {
        return DropReason::KeyNotAuthorized;
    }
    if (connections_.full()) return DropReason::ServerFull;
    if (is_kept(service, client)) return DropReason::Reserved;
    return services_.full(service, now, ip);
}

std::optional<DropReason> Server::reason_to_refuse(const AcceptedInitiate& client,
                                                   ServiceIndex service) const {
    if (spent_.full(client.minute_key)) return DropReason::SpentCookiesFull;
    return services_.full(service, client.client_long_term);
}

const AuthorizedKey* Server::authorized(ServiceIndex service, const PublicKey& client) const {
    const auto& keys = services_[service].policy.keys;
    return keys ? keys->find(client) : nullptr;
}

bool Server::is_kept(ServiceIndex service, const PublicKey& client) const {
    const std::size_t reserve = services_[service].policy.limits.reserve;
    return reserve != 0 && connections_.left() <= reserve && authorized(service, client) == nullptr;
}

bool Server::may_be_at(const ClientConnection& connection, const IpAddress& ip) const {
    if (!services_[connection.service].policy.addresses.allows(ip)) return false;
    const AuthorizedKey* const key = authorized(connection.service, connection.client_long_term);
    return key == nullptr || key->is_from(ip);
}

Server::Refuse Server::refuse(DropReason reason, const AcceptedInitiate& client,
                              ServiceIndex service) {
    Bytes packet;
    if (services_[service].policy.explain_refusal) {
        const auto place = std::span(answer_).first<kRefusalSize>();
        write_refusal(client, services_[service].extension, place);
        packet = place;
    }
    return {reason, service, client.client_long_term, packet};
}

Server::Grant Server::grant_of(ServiceIndex service, const PublicKey& client) const {
    const AuthorizedKey* const key = authorized(service, client);
    return key == nullptr ? Grant{} : Grant{key->name, key->environment, key->command};
}

Server::Action Server::on_answer(TimePoint now, Ask question, Answer answer, Grant grant) {
    on_deadline(now);
    const AcceptedInitiate& client = question.initiate;
    const ServiceIndex service = question.meant.service;
    asking_.erase(client.client_short_term);
    // What was asked may not be there any more; the client's next try is judged by the new rules.
    if (question.configuration != configuration_) return counted(DropReason::AuthorizerNotNow);
    const auto refused = [&](DropReason reason) {
        return counted(refuse(reason, client, service));
    };
    switch (answer) {
        case Answer::Refuse:
            return refused(DropReason::AuthorizerRefused);
        case Answer::Failed:
            return refused(DropReason::AuthorizerFailed);
        case Answer::NotNow:
            return counted(DropReason::AuthorizerNotNow);
        case Answer::Allow:
            break;
    }
    // Others were let in meanwhile.
    auto reason = reason_to_refuse(now, question.path.peer.ip, client.client_long_term, service);
    if (!reason) reason = reason_to_refuse(client, service);
    if (reason) return refused(*reason);
    return Open{std::move(question.initiate), question.path, question.frame, question.meant,
                std::move(grant)};
}

std::vector<ConnectionId> Server::replace(std::vector<Host> hosts, std::vector<Service> services) {
    services_.replace(std::move(hosts), std::move(services));
    ++configuration_;
    connections_.visit_all([&](ConnectionId /*id*/, const ClientConnection& connection) {
        services_.add(connection.service, connection.path.peer.ip, connection.client_long_term);
    });
    return revoked();
}

std::vector<ConnectionId> Server::revoked() const {
    std::vector<ConnectionId> revoked;
    connections_.visit_all([&](ConnectionId id, const ClientConnection& connection) {
        const AccessPolicy& policy = services_[connection.service].policy;
        if (!policy.keys || !services_.is_open(connection.service)) return;
        const AuthorizedKey* const key =
            authorized(connection.service, connection.client_long_term);
        const bool gone = key == nullptr ? !policy.ask : key->is_expired(today_);
        if (gone) revoked.push_back(id);
    });
    return revoked;
}

}  // namespace curvecp::daemon
