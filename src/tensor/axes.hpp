// Named axes and sizes with origins: the idea that holds the house together.
//
//   mu [batch 1, frame 564, mel 80]        frame = 2·prompt + 2·speech
//
// A `Symbol` is one unknown length, a `Size` an integer-linear formula of symbols (often just a number), an
// `Axis` a name with a size, and a `Shape` up to five axes in storage order. The order is the layout: there
// is no flag for "channels first". While a request runs all sizes are plain numbers; in the proof run
// (ops/shapes.hpp) some stay symbols, so that what is proved holds for every length.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nightingale {

// The name of an axis, made from a string literal only: it costs a pointer and never dangles.
class Name {
 public:
  template <std::size_t length>
  consteval Name(const char (&literal)[length])
      : text_(literal, length - 1) {}
  constexpr std::string_view text() const { return text_; }
  friend constexpr bool operator==(Name left, Name right) {
    return left.text_.data() == right.text_.data() || left.text_ == right.text_;
  }

 private:
  std::string_view text_;
};

// One unknown length, by identity: two symbols of the same name are different unless one is a copy of the
// other.
class Symbol {
 public:
  explicit Symbol(std::string name);

  const std::string& name() const { return record_->name; }
  bool known() const { return record_->value >= 0; }
  std::int64_t value() const { return record_->value; }          // -1 while unknown
  const std::string& origin() const { return record_->origin; }  // who says so: a tensor of a file

  // Called once, by the binder, when a checkpoint's shapes have been judged.
  void solve(std::int64_t value, std::string origin) const;

  friend bool operator==(const Symbol& left, const Symbol& right) { return left.record_ == right.record_; }
  friend bool operator<(const Symbol& left, const Symbol& right) {
    return left.record_->order < right.record_->order;
  }

 private:
  struct Record {
    std::string name;
    std::int64_t value = -1;
    std::string origin;
    std::uint64_t order = 0;  // creation order, so that formulas print in a stable order
  };
  std::shared_ptr<Record> record_;
};

class Lengths;

// An integer-linear formula: constant + Σ factor·symbol. Symbols that are known count as their value.
class Size {
 public:
  Size(std::int64_t number = 0)
      : constant_(number) {}  // implicit on purpose: an axis may be written {"mel", 80}
  Size(const Symbol& symbol);

  bool is_number() const { return terms_ == nullptr; }
  std::int64_t number() const { return constant_; }  // precondition: is_number()
  std::int64_t constant() const { return constant_; }
  const std::vector<std::pair<Symbol, std::int64_t>>& terms() const;

  Size resolved() const;                  // known symbols replaced by their values
  Size at(const Lengths& lengths) const;  // and those that `lengths` knows
  std::optional<Size> divided(
      std::int64_t by) const;  // floor division, when it is exact for every value of the symbols
  std::string text() const;    // "2·prompt + 2·speech − 1"

  friend Size operator+(const Size& left, const Size& right);
  friend Size operator-(const Size& left, const Size& right);
  friend Size operator*(std::int64_t factor, const Size& size);
  friend bool operator==(const Size& left, const Size& right);

 private:
  using Terms = std::vector<std::pair<Symbol, std::int64_t>>;  // sorted by symbol, no zero factors
  Size(std::int64_t constant, Terms terms);
  std::int64_t constant_ = 0;
  std::shared_ptr<const Terms> terms_;  // null for a plain number, so that copies at run time cost nothing
};

Size operator+(const Size& left, const Size& right);
Size operator-(const Size& left, const Size& right);
Size operator*(std::int64_t factor, const Size& size);

// A name and a size. In a formula it stands for its size.
struct Axis {
  Name name;
  Size size;
  operator const Size&() const { return size; }
  std::string text() const;  // "frame 564", "frame = 2·prompt + 2·speech", "channel"
};

// An axis of one fresh symbol of the same name.
Axis unknown(Name name);

// Up to five axes in storage order, the outermost first.
class Shape {
 public:
  static constexpr std::size_t most_axes = 5;

  Shape() = default;
  Shape(std::initializer_list<Axis> axes);

  std::size_t rank() const { return rank_; }
  const Axis& operator[](std::size_t index) const { return axes_[index]; }
  Axis& operator[](std::size_t index) { return axes_[index]; }
  const Axis& back() const { return axes_[rank_ - 1]; }
  const Axis* begin() const { return axes_.data(); }
  const Axis* end() const { return axes_.data() + rank_; }

  void append(const Axis& axis);
  void erase(std::size_t index);
  void insert(std::size_t index, const Axis& axis);

  std::optional<std::size_t> find(Name name) const;  // position of the only axis of this name
  bool has(Name name) const { return find(name).has_value(); }

  bool is_numbers() const;  // every size is a plain number
  std::int64_t count(std::size_t index) const { return axes_[index].size.number(); }
  std::int64_t elements() const;  // product of all sizes; precondition: is_numbers()
  Shape resolved() const;         // every size with its known symbols replaced
  Shape at(const Lengths& lengths) const;
  std::string text() const;     // "[batch 1, frame 564, mel 80]"
  std::string formula() const;  // "[batch, frame = 2·prompt + 2·speech, mel 80]"

  friend bool operator==(const Shape& left, const Shape& right);  // names, order and sizes

 private:
  std::array<Axis, most_axes> axes_{Axis{"", 0}, Axis{"", 0}, Axis{"", 0}, Axis{"", 0}, Axis{"", 0}};
  std::size_t rank_ = 0;
};

// The lengths of one request: what text, prompt, speech … are this time, and where each number came from.
class Lengths {
 public:
  struct Known {
    Symbol symbol;
    std::int64_t value;
    std::string origin;  // "the voice anna.voice", "t3.generate"
  };
  // `length` is an axis of a single symbol, such as lengths::prompt.
  void set(const Axis& length, std::int64_t value, std::string origin);
  const Known* find(const Symbol& symbol) const;
  const std::vector<Known>& all() const { return known_; }
  std::string text() const;  // "prompt = 250 (voice), speech = 32 (t3.generate)"

 private:
  std::vector<Known> known_;
};

}  // namespace nightingale
