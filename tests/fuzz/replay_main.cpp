// main() where there is no fuzzer: gives each file of a corpus to the target.
#include "tests/fuzz/input.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>

namespace {

void replay(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    const std::vector<char> text{std::istreambuf_iterator<char>(file), {}};
    const std::vector<std::uint8_t> bytes(text.begin(), text.end());
    static_cast<void>(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()));
}

}  // namespace

int main(int argc, char** argv) {
    std::size_t count = 0;
    for (int i = 1; i < argc; ++i) {
        for (const auto& entry : std::filesystem::directory_iterator(argv[i])) {
            static_cast<void>(std::printf("%s\n", entry.path().c_str()));
            static_cast<void>(std::fflush(stdout));
            replay(entry.path());
            ++count;
        }
    }
    // An empty corpus proves nothing.
    return count == 0 ? 1 : 0;
}
