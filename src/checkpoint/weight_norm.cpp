#include "checkpoint/weight_norm.hpp"

#include <cmath>

namespace nightingale {

std::vector<float> fold_weight_norm(std::span<const double> lengths, std::span<const double> direction) {
  std::vector<float> weight(direction.size());
  if (lengths.empty()) return weight;
  const std::size_t row = direction.size() / lengths.size();
  for (std::size_t first = 0, i = 0; i < lengths.size(); first += row, ++i) {
    double squares = 0;
    for (double number : direction.subspan(first, row)) squares += number * number;
    const double norm = std::sqrt(squares);
    for (std::size_t place = first; place < first + row; ++place) {
      weight[place] = static_cast<float>(lengths[i] * direction[place] / norm);
    }
  }
  return weight;
}

}  // namespace nightingale
