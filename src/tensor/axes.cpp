#include "tensor/axes.hpp"

#include <algorithm>
#include <atomic>
#include <cassert>

namespace nightingale {

namespace {

// "+ 3·speech", "− prompt": one term of a printed formula, with its sign when it is not the first.
void append_term(std::string& out, std::int64_t factor, const std::string& name) {
  const bool first = out.empty();
  if (factor < 0) {
    out += first ? "−" : " − ";
  } else if (!first) {
    out += " + ";
  }
  const std::int64_t size = factor < 0 ? -factor : factor;
  if (name.empty()) {
    out += std::to_string(size);
  } else {
    out += size == 1 ? name : std::to_string(size) + "·" + name;
  }
}

std::uint64_t next_order() {
  static std::atomic<std::uint64_t> order{
      0};  // only for printing in creation order; carries no state between engines
  return order++;
}

}  // namespace

Symbol::Symbol(std::string name)
    : record_(std::make_shared<Record>()) {
  record_->name = std::move(name);
  record_->order = next_order();
}

void Symbol::solve(std::int64_t value, std::string origin) const {
  record_->value = value;
  record_->origin = std::move(origin);
}

Size::Size(const Symbol& symbol)
    : terms_(std::make_shared<const Terms>(Terms{{symbol, 1}})) {}

Size::Size(std::int64_t constant, Terms terms)
    : constant_(constant) {
  std::erase_if(terms, [](const auto& term) { return term.second == 0; });
  if (!terms.empty()) terms_ = std::make_shared<const Terms>(std::move(terms));
}

const Size::Terms& Size::terms() const {
  static const Terms none;
  return terms_ ? *terms_ : none;
}

Size Size::resolved() const {
  if (is_number()) return *this;
  Size out = constant_;
  for (const auto& [symbol, factor] : *terms_) {
    out = out + factor * (symbol.known() ? Size(symbol.value()) : Size(symbol));
  }
  return out;
}

Size Size::at(const Lengths& lengths) const {
  if (is_number()) return *this;
  Size out = constant_;
  for (const auto& [symbol, factor] : *terms_) {
    const Lengths::Known* known = lengths.find(symbol);
    out = out + factor * (known ? Size(known->value) : symbol.known() ? Size(symbol.value()) : Size(symbol));
  }
  return out;
}

std::optional<Size> Size::divided(std::int64_t by) const {
  Terms quotient = terms();
  for (auto& [symbol, factor] : quotient) {
    if (factor % by != 0) return std::nullopt;
    factor /= by;
  }
  std::int64_t floor = constant_ / by;
  if (constant_ % by != 0 && (constant_ < 0) != (by < 0)) --floor;
  return Size(floor, std::move(quotient));
}

std::string Size::text() const {
  if (is_number()) return std::to_string(constant_);
  std::string out;
  for (const auto& [symbol, factor] : *terms_) append_term(out, factor, symbol.name());
  if (constant_ != 0) append_term(out, constant_, "");
  return out;
}

Size operator+(const Size& left, const Size& right) {
  if (left.is_number() && right.is_number()) return left.constant_ + right.constant_;
  Size::Terms sum = left.terms();
  for (const auto& term : right.terms()) {
    auto place = std::lower_bound(sum.begin(), sum.end(), term,
                                  [](const auto& a, const auto& b) { return a.first < b.first; });
    if (place != sum.end() && place->first == term.first) {
      place->second += term.second;
    } else {
      sum.insert(place, term);
    }
  }
  return Size(left.constant_ + right.constant_, std::move(sum));
}

Size operator*(std::int64_t factor, const Size& size) {
  if (size.is_number()) return factor * size.constant_;
  Size::Terms product = size.terms();
  for (auto& term : product) term.second *= factor;
  return Size(factor * size.constant_, std::move(product));
}

Size operator-(const Size& left, const Size& right) {
  return left + (-1) * right;
}

bool operator==(const Size& left, const Size& right) {
  if (left.constant_ != right.constant_) return false;
  return left.terms_ == right.terms_ || left.terms() == right.terms();
}

std::string Axis::text() const {
  std::string name_text(name.text());
  const std::string formula = size.text();
  if (formula == name_text) return name_text;
  return name_text + (size.is_number() ? " " : " = ") + formula;
}

Axis unknown(Name name) {
  return Axis{name, Symbol(std::string(name.text()))};
}

Shape::Shape(std::initializer_list<Axis> axes) {
  for (const Axis& axis : axes) append(axis);
}

void Shape::append(const Axis& axis) {
  insert(rank_, axis);
}

void Shape::erase(std::size_t index) {
  std::move(axes_.begin() + index + 1, axes_.begin() + rank_, axes_.begin() + index);
  --rank_;
}

void Shape::insert(std::size_t index, const Axis& axis) {
  assert(rank_ < most_axes && index <= rank_);
  std::move_backward(axes_.begin() + index, axes_.begin() + rank_, axes_.begin() + rank_ + 1);
  axes_[index] = axis;
  ++rank_;
}

std::optional<std::size_t> Shape::find(Name name) const {
  std::optional<std::size_t> place;
  for (std::size_t i = 0; i < rank_; ++i) {
    if (axes_[i].name != name) continue;
    if (place) return std::nullopt;  // two axes of one name: neither can be meant
    place = i;
  }
  return place;
}

bool Shape::is_numbers() const {
  return std::all_of(begin(), end(), [](const Axis& axis) { return axis.size.is_number(); });
}

std::int64_t Shape::elements() const {
  std::int64_t product = 1;
  for (const Axis& axis : *this) product *= axis.size.number();
  return product;
}

Shape Shape::resolved() const {
  Shape out = *this;
  for (std::size_t i = 0; i < rank_; ++i) out[i].size = axes_[i].size.resolved();
  return out;
}

Shape Shape::at(const Lengths& lengths) const {
  Shape out = *this;
  for (std::size_t i = 0; i < rank_; ++i) out[i].size = axes_[i].size.at(lengths);
  return out;
}

std::string Shape::text() const {
  return resolved().formula();
}

std::string Shape::formula() const {
  std::string out = "[";
  for (std::size_t i = 0; i < rank_; ++i) out += (i ? ", " : "") + axes_[i].text();
  return out + "]";
}

bool operator==(const Shape& left, const Shape& right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](const Axis& a, const Axis& b) { return a.name == b.name && a.size == b.size; });
}

void Lengths::set(const Axis& length, std::int64_t value, std::string origin) {
  const Symbol& symbol = length.size.terms().front().first;
  std::erase_if(known_, [&](const Known& known) { return known.symbol == symbol; });
  known_.push_back({symbol, value, std::move(origin)});
}

const Lengths::Known* Lengths::find(const Symbol& symbol) const {
  for (const Known& known : known_) {
    if (known.symbol == symbol) return &known;
  }
  return nullptr;
}

std::string Lengths::text() const {
  std::string out;
  for (const Known& known : known_) {
    out += (out.empty() ? "" : ", ") + known.symbol.name() + " = " + std::to_string(known.value);
    if (!known.origin.empty()) out += " (" + known.origin + ")";
  }
  return out;
}

}  // namespace nightingale
