// Rules from any lines, `+` or `-` and a range: the longest that holds an address decides, as a
// comparison bit by bit says.
#include "daemon/address_rules.hpp"
#include "tests/fuzz/input.hpp"

namespace curvecp::fuzz {
namespace {

using namespace daemon;

bool bit_of(const IpAddress& ip, unsigned index) {
    return (ip.bytes[index / 8] >> (7 - index % 8) & 1U) != 0;
}

bool holds(const AddressRange& range, const IpAddress& ip) {
    if (range.first.is_v4() != ip.is_v4() && (range.bits >= 96 || ip.is_v4())) return false;
    for (unsigned i = 0; i < range.bits; ++i) {
        if (bit_of(range.first, i) != bit_of(ip, i)) return false;
    }
    return true;
}

struct GivenRule {
    AddressRange range;
    bool accepted;
};

bool allowed_by(const std::vector<GivenRule>& rules, const IpAddress& ip) {
    bool any_accepted = false;
    const GivenRule* best = nullptr;
    for (const GivenRule& rule : rules) {
        any_accepted = any_accepted || rule.accepted;
        if (!holds(rule.range, ip)) continue;
        const bool longer = best == nullptr || rule.range.bits > best->range.bits;
        const bool stricter = best != nullptr && rule.range.bits == best->range.bits &&
                              best->accepted && !rule.accepted;
        if (longer || stricter) best = &rule;
    }
    return best != nullptr ? best->accepted : !any_accepted;
}

void judge(std::string_view text) {
    AddressRules rules;
    std::vector<GivenRule> given;
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        if (line.empty()) continue;
        const auto range = parse_range(line.substr(1));
        if (!range) continue;
        require(range->bits <= 128 && holds(*range, range->first), "a range begins with itself");
        const bool accepted = line.front() == '+';
        given.push_back({*range, accepted});
        accepted ? rules.accept(*range) : rules.deny(*range);
    }
    for (const GivenRule& rule : given) {
        IpAddress ip = rule.range.first;
        for (unsigned flip = 0; flip < 129; flip += 3) {
            require(rules.allows(ip) == allowed_by(given, ip), "the longest range decides");
            if (flip < 128) {
                ip.bytes[flip / 8] =
                    static_cast<std::uint8_t>(ip.bytes[flip / 8] ^ (0x80U >> flip % 8));
            }
        }
    }
}

}  // namespace
}  // namespace curvecp::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(data, data + std::min<std::size_t>(size, 4096));
    curvecp::fuzz::judge(text);
    return 0;
}
