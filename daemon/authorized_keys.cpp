#include "daemon/authorized_keys.hpp"

#include "curvecp/core/hex.hpp"

#include <charconv>
#include <chrono>

namespace curvecp::daemon {
namespace {

constexpr std::size_t kKeyDigits = 2 * kKeySize;
constexpr std::size_t kLongestName = 255;  // ours, so that a log line stays one
constexpr std::array<std::string_view, 6> kOptions{"name",    "from", "max",
                                                   "expires", "env",  "command"};

constexpr bool is_blank(char character) noexcept {
    return character == ' ' || character == '\t';
}
constexpr bool is_control(char character) noexcept {
    return static_cast<unsigned char>(character) < 0x20 || character == 0x7f;
}
constexpr bool is_digit(char character) noexcept {
    return character >= '0' && character <= '9';
}
constexpr bool begins_word(char character) noexcept {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           character == '_';
}

bool has_control(std::string_view text) noexcept {
    return std::any_of(text.begin(), text.end(), is_control);
}

template <class Number>
std::optional<Number> parse_whole(std::string_view text) noexcept {
    Number number = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end || text.empty() || !is_digit(text.front())) {
        return std::nullopt;
    }
    return number;
}

// 2027-01-31
std::optional<Day> parse_day(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto year = parse_whole<int>(text.substr(0, 4));
    const auto month = parse_whole<unsigned>(text.substr(5, 2));
    const auto day = parse_whole<unsigned>(text.substr(8, 2));
    if (!year || !month || !day) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(*month),
                                           std::chrono::day(*day)};
    if (!date.ok()) return std::nullopt;
    return static_cast<Day>(std::chrono::sys_days(date).time_since_epoch().count());
}

// One line, from its key to its end. Each function leaves `reason_` empty where all is well.
class LineParser {
  public:
    explicit LineParser(std::string_view rest) : rest_(rest) {}

    // What is wrong with the line; empty where it was read to its end.
    std::string parse() {
        if (has_control_but_tab(rest_)) return "control characters";
        const std::string_view digits = word();
        const auto read = digits.size() == kKeyDigits ? parse_hex<PublicKey>(digits) : std::nullopt;
        if (!read) return "a key is 64 hex digits";
        client = *read;
        while (reason_.empty() && skip_blanks() && !at_comment()) option();
        if (reason_.empty()) check_comment();
        return reason_;
    }

    PublicKey client;
    AuthorizedKey key;

  private:
    static bool has_control_but_tab(std::string_view text) noexcept {
        return std::any_of(text.begin(), text.end(), [](char character) {
            return is_control(character) && character != '\t';
        });
    }
    // False at the end of the line.
    bool skip_blanks() {
        while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
        return !rest_.empty();
    }
    std::string_view word() {
        const auto end = std::find_if(rest_.begin(), rest_.end(), is_blank);
        const std::string_view found =
            rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
        rest_.remove_prefix(found.size());
        return found;
    }
    [[nodiscard]] bool at_comment() const {
        const auto end = std::find_if(rest_.begin(), rest_.end(), is_blank);
        return rest_.front() == '#' || std::find(rest_.begin(), end, '=') == end;
    }
    // An option that stands in the comment would be lost in silence, and may open the door.
    void check_comment() {
        if (rest_.empty() || rest_.front() == '#') return;
        const auto is_option = [](std::string_view name) {
            return std::find(kOptions.begin(), kOptions.end(), name) != kOptions.end();
        };
        const std::string_view first = word();
        if (is_option(first)) reason_ = "option " + std::string(first) + " has no value";
        while (reason_.empty() && skip_blanks()) {
            const std::string_view next = word();
            const std::string_view name = next.substr(0, next.find('='));
            if (name.size() == next.size() || !is_option(name)) continue;
            reason_ = "option " + std::string(name) + " stands behind the comment";
        }
    }

    void option() {
        const std::size_t equals = rest_.find('=');
        const std::string name(rest_.substr(0, equals));
        rest_.remove_prefix(equals + 1);
        const auto value = this->value();
        if (!value) {
            reason_ = "option " + name + ": its value does not end where it should";
        } else if (!note(name)) {
            reason_ = "option " + name + " twice";
        } else {
            set(name, *value);
        }
    }
    // Plain until a blank, or in quotes.
    std::optional<std::string> value() {
        if (!rest_.empty() && rest_.front() == '"') return quoted();
        const std::string_view plain = word();
        if (plain.find('"') != std::string_view::npos) return std::nullopt;
        return std::string(plain);
    }
    std::optional<std::string> quoted() {
        std::string text;
        bool escaped = false;
        for (std::size_t i = 1; i < rest_.size(); ++i) {
            const char next = rest_[i];
            if (next == '"' && !escaped) {
                rest_.remove_prefix(i + 1);
                return rest_.empty() || is_blank(rest_.front()) ? std::optional(text)
                                                                : std::nullopt;
            }
            if (escaped && next != '"' && next != '\\') return std::nullopt;
            escaped = next == '\\' && !escaped;
            if (!escaped) text += next;
        }
        return std::nullopt;
    }
    // False where an option that is allowed once is there already.
    bool note(const std::string& name) {
        if (name == "env") return true;
        if (std::find(seen_.begin(), seen_.end(), name) != seen_.end()) return false;
        seen_.push_back(name);
        return true;
    }
    void set(const std::string& name, const std::string& value) {
        const auto need = [&](bool good, std::string_view what) {
            if (!good) reason_ = "option " + name + " " + value + ": " + std::string(what);
        };
        if (name == "name") {
            need(is_client_name(value), "not a name");
            key.name = value;
        } else if (name == "from") {
            need(set_from(value), "not addresses or ranges such as 192.0.2.0/24, with commas");
        } else if (name == "max") {
            key.max = parse_whole<std::uint32_t>(value);
            need(key.max && *key.max > 0, "not a number of connections");
        } else if (name == "expires") {
            key.last_day = parse_day(value);
            need(key.last_day.has_value(), "not a day such as 2027-01-31");
        } else if (name == "env") {
            need(is_variable(value), "not NAME=value, or a name that tells of the connection");
            key.environment.push_back(value);
        } else if (name == "command") {
            need(!value.empty() && !has_control(value), "not a command");
            key.command = value;
        } else {
            reason_ = "unknown option " + name;
        }
    }
    bool set_from(std::string_view value) {
        while (true) {
            const std::size_t comma = value.find(',');
            const auto range = parse_range(value.substr(0, comma));
            if (!range) return false;
            key.from.push_back(*range);
            if (comma == std::string_view::npos) return true;
            value.remove_prefix(comma + 1);
        }
    }

    std::string_view rest_;
    std::vector<std::string> seen_;
    std::string reason_;
};

}  // namespace

bool AuthorizedKey::is_from(const IpAddress& ip) const noexcept {
    return from.empty() || std::any_of(from.begin(), from.end(), [&ip](const AddressRange& range) {
               return range.contains(ip);
           });
}

std::variant<AuthorizedKeys, RuleError> parse_authorized_keys(std::string_view text) {
    AuthorizedKeys keys;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t size = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, size);
        text.remove_prefix(std::min(size + 1, text.size()));
        while (!line.empty() && (is_blank(line.back()) || line.back() == '\r')) {
            line.remove_suffix(1);
        }
        while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
        if (line.empty() || line.front() == '#') continue;
        LineParser parser(line);
        if (std::string reason = parser.parse(); !reason.empty()) return RuleError{number, reason};
        parser.key.line = number;
        if (!keys.add(parser.client, std::move(parser.key))) {
            return RuleError{number, "the key stands in line " +
                                         std::to_string(keys.find(parser.client)->line) + " too"};
        }
    }
    return keys;
}

bool is_variable(std::string_view text) noexcept {
    const std::string_view name = text.substr(0, text.find('='));
    if (name.size() == text.size() || name.empty() || !begins_word(name.front())) return false;
    if (name.starts_with("CURVECP") || name == "PROTO") return false;
    return !has_control(text) && std::all_of(name.begin(), name.end(), [](char character) {
        return begins_word(character) || is_digit(character);
    });
}

bool is_client_name(std::string_view text) noexcept {
    return !text.empty() && text.size() <= kLongestName && !has_control(text);
}

}  // namespace curvecp::daemon
