// The loop's part in who is let in: new rules, and questions to authorizers.
#include "curvecp/posix/clock.hpp"
#include "daemon/server_loop.hpp"

namespace curvecp::daemon {

void ServerLoop::name_services() {
    std::vector<std::string> labels;
    for (ServiceIndex i = 0; i < server_.services(); ++i)
        labels.push_back(server_.service(i).label);
    reporter_.set_services(std::move(labels));
}

std::string ServerLoop::reload(const Settings& settings) {
    if (settings.addresses != settings_.addresses) {
        return "other addresses to listen on need a restart";
    }
    if (settings.max_connections != settings_.max_connections) {
        return "another number of connections needs a restart";
    }
    Configuration configuration;
    try {
        configuration = configure(settings);
    } catch (const std::exception& error) {
        return error.what();
    }
    settings_ = settings;
    keys_ = std::move(configuration.directories);
    programs_ = std::move(configuration.programs);
    server_.set_today(day_of(wall_time()));
    const auto revoked =
        server_.replace(std::move(configuration.hosts), std::move(configuration.services));
    name_services();
    for (const ConnectionId id : revoked) end(id, {kKeyRevoked});
    wipe_traces();
    return {};
}

void ServerLoop::ask(Server::Ask question) {
    const PublicKey client = question.initiate.client_short_term;
    const ServiceProgram& program = program_of(question.meant.service);
    const std::string& name = program.names[question.meant.name];
    if (!attempt([&] { authorizers_.ask(program.authorizer, name, std::move(question)); })) {
        server_.on_question_lost(client);
    }
}

void ServerLoop::on_answer(Server::Ask question, AuthorizerAnswer answer) {
    const Path path = question.path;
    if (!attempt([&] {
            carry_out(path, server_.on_answer(now(), std::move(question), answer.answer,
                                              std::move(answer.grant)));
        })) {
        reporter_.on_out_of_memory(path);
    }
    flush_handlers(now());
    wipe_traces();
}

}  // namespace curvecp::daemon
