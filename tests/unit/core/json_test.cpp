#include "curvecp/core/json.hpp"

#include <limits>

#include <doctest/doctest.h>

using namespace curvecp;

namespace {

std::string quoted(std::string_view text) {
    std::string line;
    append_json_string(line, text);
    return line;
}

}  // namespace

TEST_CASE("a string of JSON holds no quote, backslash or control character as it is") {
    CHECK(quoted("plain {}") == R"("plain {}")");
    CHECK(quoted(R"(a"b\c)") == R"("a\"b\\c")");
    CHECK(quoted("\n\x1f\x7f") == R"("\u000a\u001f\u007f")");
    CHECK(quoted(std::string_view("\0", 1)) == R"("\u0000")");
    CHECK(quoted("\xc3\xbc\xc2\x9b") == "\"\xc3\xbc\\u009b\"");
    CHECK(quoted("a\xff\xc3") == R"("a\ufffd\ufffd")");
}

TEST_CASE("members come in the order of their adding") {
    CHECK(JsonObject{}.take() == "{}");
    JsonObject object;
    object.add("v", 1).add("text", "a\"").add("yes", true).add("no", false);
    object.add("most", std::numeric_limits<std::uint64_t>::max()).add("least", -1);
    CHECK(std::move(object).take() ==
          R"({"v":1,"text":"a\"","yes":true,"no":false,"most":18446744073709551615,"least":-1})");
}

TEST_CASE("a duration is in seconds, to the millisecond") {
    using std::chrono::milliseconds;
    const auto written = [](Duration duration) {
        JsonObject object;
        object.add("d", duration);
        return std::move(object).take();
    };
    CHECK(written(Duration(0)) == R"({"d":0.000})");
    CHECK(written(milliseconds(61'042)) == R"({"d":61.042})");
    CHECK(written(milliseconds(-1'500)) == R"({"d":-1.500})");
}
