#include "diagnosis/weight_tree.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/columns.hpp"

namespace nightingale {
namespace {

// Different texts of leaves that were folded into one; more than these are not printed.
constexpr std::size_t most_texts = 3;

struct Node {
  std::string label;
  std::vector<Node> children;
  std::vector<std::string> texts;  // of a leaf; several where folded leaves differ
  std::size_t folded = 1;          // how many siblings this node stands for

  std::size_t tensors() const {
    if (children.empty()) return 1;
    std::size_t sum = 0;
    for (const Node& child : children) sum += child.folded * child.tensors();
    return sum;
  }
};

// "tdnnd12" is "tdnnd" and "12", "12" is "" and "12", "conv" has no number.
struct Numbered {
  std::string stem, number;

  explicit Numbered(const std::string& label) {
    constexpr std::size_t longest_number = 9;
    const std::size_t digits = label.find_last_not_of("0123456789") + 1;
    if (label.size() - digits > longest_number) return;
    stem = label.substr(0, digits);
    number = label.substr(digits);
  }
};

void insert(Node& root, const TreeLeaf& leaf) {
  Node* node = &root;
  for (std::size_t first = 0; first <= leaf.name.size();) {
    const std::size_t dot = std::min(leaf.name.find('.', first), leaf.name.size());
    const std::string label = leaf.name.substr(first, dot - first);
    auto child = std::find_if(node->children.begin(), node->children.end(),
                              [&](const Node& one) { return one.label == label; });
    if (child == node->children.end()) child = node->children.insert(child, Node{label, {}, {}, 1});
    node = &*child;
    first = dot + 1;
  }
  node->texts.push_back(leaf.text);
}

bool alike(const Node& left, const Node& right) {
  return std::equal(left.children.begin(), left.children.end(), right.children.begin(), right.children.end(),
                    [](const Node& a, const Node& b) { return a.label == b.label && alike(a, b); });
}

void absorb(Node& into, const Node& other) {
  for (const std::string& text : other.texts) {
    if (std::find(into.texts.begin(), into.texts.end(), text) == into.texts.end()) into.texts.push_back(text);
  }
  for (std::size_t i = 0; i < into.children.size(); ++i) absorb(into.children[i], other.children[i]);
}

// "0…5" for six in a row, "0, 2, 4" otherwise.
std::string label_of(const std::vector<std::string>& numbers) {
  const bool in_a_row = std::stoll(numbers.back()) - std::stoll(numbers.front()) + 1 ==
                        static_cast<std::int64_t>(numbers.size());
  if (in_a_row && numbers.size() > 1) return numbers.front() + "…" + numbers.back();
  return fmt::format("{}", fmt::join(numbers, ", "));
}

// How many children from `first` on differ by their number only. Two that are called alike, "conv1" and
// "conv2", are still told apart.
std::size_t run_of(const std::vector<Node>& children, std::size_t first) {
  constexpr std::size_t fewest_named = 3;
  const Numbered start(children[first].label);
  if (start.number.empty()) return 1;
  std::size_t run = 1;
  for (; first + run < children.size(); ++run) {
    const Node& child = children[first + run];
    const Numbered next(child.label);
    if (next.number.empty() || next.stem != start.stem || !alike(children[first], child)) break;
  }
  return start.stem.empty() || run >= fewest_named ? run : 1;
}

// Numbered children that are built alike become one, from the deepest up.
void fold(Node& node) {
  for (Node& child : node.children) fold(child);
  std::vector<Node> kept;
  for (std::size_t first = 0; first < node.children.size();) {
    const std::size_t run = run_of(node.children, first);
    std::vector<std::string> numbers;
    for (std::size_t place = first; place < first + run; ++place) {
      Node& child = node.children[place];
      numbers.push_back(Numbered(child.label).number);
      if (place == first) {
        kept.push_back(std::move(child));
      } else {
        absorb(kept.back(), child);
        ++kept.back().folded;
      }
    }
    if (run > 1) kept.back().label = Numbered(kept.back().label).stem + label_of(numbers);
    first += run;
  }
  node.children = std::move(kept);
}

std::string text_of(const Node& leaf) {
  if (leaf.texts.size() > most_texts)
    return fmt::format("{} or {} others", leaf.texts.front(), leaf.texts.size() - 1);
  return fmt::format("{}", fmt::join(leaf.texts, " or "));
}

void print(const Node& node, std::size_t depth, std::vector<std::vector<std::string>>& rows) {
  std::string label = std::string(2 * depth, ' ') + node.label;
  const Node* end = &node;
  // A chain of single branches is one line, as long as nothing was folded on the way.
  while (end->children.size() == 1 && end->folded == 1) {
    end = &end->children.front();
    label += "." + end->label;
  }
  std::string remark = end->children.empty() ? text_of(*end) : "";
  if (end->folded > 1) {
    const std::size_t each = end->tensors();
    const std::string amount =
        end->children.empty() ? "" : fmt::format("{} tensor{} each", each, each == 1 ? "" : "s");
    remark += (remark.empty() || amount.empty() ? "" : " ") + amount;
  }
  rows.push_back({label, remark});
  for (const Node& child : end->children) print(child, depth + 1, rows);
}

}  // namespace

std::vector<std::string> weight_tree(const std::vector<TreeLeaf>& leaves) {
  Node root;
  for (const TreeLeaf& leaf : leaves) insert(root, leaf);
  fold(root);
  std::vector<std::vector<std::string>> rows;
  for (const Node& child : root.children) print(child, 0, rows);
  return in_columns(rows);
}

}  // namespace nightingale
