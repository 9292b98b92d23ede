// Columns of text, each row written as soon as it is known.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace curvecp::bench {

// "12.3"; "-" for what is not known.
[[nodiscard]] std::string fixed(std::optional<double> value, int decimals);

[[nodiscard]] double median(std::vector<double> values);
// Nothing counts as more than everything.
[[nodiscard]] std::optional<double> median(const std::vector<std::optional<double>>& values);

class Table {
  public:
    struct Column {
        std::string name;
        int width;
    };
    // Writes the head.
    explicit Table(std::vector<Column> columns);
    void row(const std::vector<std::string>& cells) const;

  private:
    std::vector<Column> columns_;
};

}  // namespace curvecp::bench
