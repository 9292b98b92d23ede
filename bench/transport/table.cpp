#include "bench/transport/table.hpp"

#include <algorithm>
#include <iomanip>
#include <iostream>
#include <limits>
#include <sstream>

namespace curvecp::bench {

std::string fixed(std::optional<double> value, int decimals) {
    if (!value) return "-";
    std::ostringstream text;
    text << std::fixed << std::setprecision(decimals) << *value;
    return text.str();
}

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

std::optional<double> median(const std::vector<std::optional<double>>& values) {
    constexpr double kNever = std::numeric_limits<double>::infinity();
    std::vector<double> known;
    std::transform(values.begin(), values.end(), std::back_inserter(known),
                   [kNever](const auto& value) { return value.value_or(kNever); });
    const double middle = median(std::move(known));
    if (middle == kNever) return std::nullopt;
    return middle;
}

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {
    std::vector<std::string> names;
    for (const Column& column : columns_) names.push_back(column.name);
    row(names);
}

void Table::row(const std::vector<std::string>& cells) const {
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        const bool is_name = i == 0;
        std::cout << (is_name ? std::left : std::right) << std::setw(columns_[i].width)
                  << (i < cells.size() ? cells[i] : "") << ' ';
    }
    std::cout << std::endl;
}

}  // namespace curvecp::bench
