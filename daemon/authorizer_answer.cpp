#include "daemon/authorizer_answer.hpp"

#include "curvecp/core/hex.hpp"
#include "curvecp/core/json.hpp"

namespace curvecp::daemon {
namespace {

constexpr int kQuestionVersion = 1;

// Reads what an answer may be made of: an object of strings, and of one object of strings. Strict:
// JSON of RFC 8259 without \u, numbers and lists, for which there is no use.
class AnswerReader {
  public:
    explicit AnswerReader(std::string_view text) : rest_(text) {}

    // Calls take(name) behind each name; it reads the value and says whether that was right. False
    // where the text is no such object.
    template <class Take>
    [[nodiscard]] bool object(Take take) {
        if (!skip('{')) return false;
        if (skip('}')) return true;
        do {
            const auto name = string();
            if (!name || !skip(':') || !take(*name)) return false;
        } while (skip(','));
        return skip('}');
    }
    [[nodiscard]] std::optional<std::string> string() {
        if (!skip('"')) return std::nullopt;
        std::string text;
        while (!rest_.empty()) {
            char next = take();
            if (next == '"') return text;
            if (static_cast<unsigned char>(next) < 0x20) return std::nullopt;
            if (next == '\\') {
                if (rest_.empty()) return std::nullopt;
                next = take();
                if (next != '"' && next != '\\' && next != '/') return std::nullopt;
            }
            text += next;
        }
        return std::nullopt;
    }
    [[nodiscard]] bool at_end() {
        skip_blanks();
        return rest_.empty();
    }

  private:
    void skip_blanks() {
        while (!rest_.empty() && (rest_.front() == ' ' || rest_.front() == '\t' ||
                                  rest_.front() == '\r' || rest_.front() == '\n')) {
            rest_.remove_prefix(1);
        }
    }
    bool skip(char expected) {
        skip_blanks();
        if (rest_.empty() || rest_.front() != expected) return false;
        rest_.remove_prefix(1);
        return true;
    }
    char take() {
        const char next = rest_.front();
        rest_.remove_prefix(1);
        return next;
    }

    std::string_view rest_;
};

std::optional<Server::Answer> answer_named(std::string_view text) noexcept {
    if (text == "allow") return Server::Answer::Allow;
    if (text == "refuse") return Server::Answer::Refuse;
    if (text == "not now") return Server::Answer::NotNow;
    return std::nullopt;
}

// The members of an answer, each at most once.
class AnswerMembers {
  public:
    [[nodiscard]] bool take(const std::string& name, AnswerReader& reader) {
        if (name == "answer" && !answer) return take_answer(reader);
        if (name == "name" && grant.name.empty()) return take_name(reader);
        if (name == "env" && !has_env_) return take_env(reader);
        return false;
    }

    std::optional<Server::Answer> answer;
    Server::Grant grant;

  private:
    [[nodiscard]] bool take_answer(AnswerReader& reader) {
        const auto text = reader.string();
        if (text) answer = answer_named(*text);
        return answer.has_value();
    }
    [[nodiscard]] bool take_name(AnswerReader& reader) {
        const auto text = reader.string();
        if (text) grant.name = *text;
        return is_client_name(grant.name);
    }
    [[nodiscard]] bool take_env(AnswerReader& reader) {
        has_env_ = true;
        return reader.object([&](const std::string& name) {
            const auto value = reader.string();
            if (!value) return false;
            grant.environment.push_back(name + "=" + *value);
            // A `=` in the name would make another variable of it.
            return name.find('=') == std::string::npos && is_variable(grant.environment.back());
        });
    }

    bool has_env_ = false;
};

}  // namespace

std::string question_of(const Address& client, const PublicKey& client_long_term,
                        const std::string& server_name) {
    JsonObject question;
    question.add("v", kQuestionVersion)
        .add("key", std::string_view(to_hex(client_long_term.bytes())))
        .add("address", std::string_view(to_text(client.ip)))
        .add("port", client.port)
        .add("server", std::string_view(server_name));
    return std::move(question).take();
}

AuthorizerAnswer parse_answer(std::string_view line) {
    AnswerReader reader(line);
    AnswerMembers members;
    const bool read =
        reader.object([&](const std::string& name) { return members.take(name, reader); });
    if (!read || !reader.at_end() || !members.answer) return {};
    return {*members.answer, std::move(members.grant)};
}

}  // namespace curvecp::daemon
