#include "diagnosis/shape_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>

#include "base/failure.hpp"
#include "tensor/axes.hpp"

namespace nightingale {

namespace {

constexpr std::size_t most_digits = 12;  // a size of a million million is a slip of the keyboard
constexpr std::string_view times_sign = "×";
constexpr const char* how_to_write = "write a shape like \"(1,80,64)\" or 1x80x64";

bool is_digit(char letter) {
  return letter >= '0' && letter <= '9';
}

class Reader {
 public:
  explicit Reader(std::string_view text)
      : text_(text) {}

  std::vector<Numbers> read() {
    if (text_.find_first_not_of("0123456789, \t") == std::string_view::npos) {
      keep(list('\0'));
    }
    while (at_ < text_.size()) step();
    if (shapes_.empty())
      fail(ErrorCode::option_invalid, fmt::format("\"{}\" holds no shape", text_), how_to_write);
    return std::move(shapes_);
  }

 private:
  // One shape or one letter further. A bracket that opens on a number must be a list of numbers, unless it
  // encloses a chain such as 564x80; all else is prose.
  void step() {
    const char letter = text_[at_];
    if (letter == '(' || letter == '[') {
      ++at_;
      skip_blanks();
      const bool opens_on_number = at_ < text_.size() && (is_digit(text_[at_]) || text_[at_] == '-');
      if (opens_on_number && !chain_ends()) keep(list(letter == '(' ? ')' : ']'));
    } else if (is_digit(letter) && starts_word() && chain_ends()) {
      keep(chain());
    } else {
      ++at_;
    }
  }

  // Numbers with commas or blanks between them, up to the closing bracket; a comma may stand before it.
  Numbers list(char closing) {
    Numbers numbers;
    for (;;) {
      skip_blanks();
      if (at_ == text_.size() && closing == '\0') return numbers;
      if (at_ == text_.size()) refuse(fmt::format("the closing {} is missing", closing));
      if (text_[at_] == closing && !numbers.empty()) {
        ++at_;
        return numbers;
      }
      numbers.push_back(number());
      skip_blanks();
      if (at_ < text_.size() && text_[at_] == ',') ++at_;
    }
  }

  // 1x80x64
  Numbers chain() {
    Numbers numbers{number()};
    while (const std::size_t length = separator_length(at_)) {
      if (at_ + length >= text_.size() || !is_digit(text_[at_ + length])) break;
      at_ += length;
      numbers.push_back(number());
    }
    return numbers;
  }

  std::int64_t number() {
    const std::size_t start = at_;
    std::int64_t value = 0;
    for (; at_ < text_.size() && is_digit(text_[at_]); ++at_) {
      if (at_ - start == most_digits) refuse("a size has too many digits", start);
      value = 10 * value + (text_[at_] - '0');
    }
    if (at_ == start) refuse(fmt::format("a size is expected, not \"{}\"", letter_at(at_)));
    return value;
  }

  // How far the number here is followed by an x and another number; 0 when it is not.
  std::size_t chain_ends() const {
    std::size_t end = at_;
    while (end < text_.size() && is_digit(text_[end])) ++end;
    const std::size_t length = separator_length(end);
    const bool follows =
        end > at_ && length > 0 && end + length < text_.size() && is_digit(text_[end + length]);
    return follows ? end + length : 0;
  }

  std::size_t separator_length(std::size_t at) const {
    if (at < text_.size() && (text_[at] == 'x' || text_[at] == '*')) return 1;
    return text_.substr(std::min(at, text_.size())).starts_with(times_sign) ? times_sign.size() : 0;
  }

  bool starts_word() const {
    return at_ == 0 || !(std::isalnum(static_cast<unsigned char>(text_[at_ - 1])) != 0);
  }

  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  // The whole character there, however many bytes it has.
  std::string letter_at(std::size_t at) const {
    if (at >= text_.size()) return "the end";
    std::size_t end = at + 1;
    while (end < text_.size() && (text_[end] & 0xC0) == 0x80) ++end;
    return std::string(text_.substr(at, end - at));
  }

  void keep(Numbers numbers) {
    if (numbers.size() > Shape::most_axes) {
      fail(ErrorCode::option_invalid,
           fmt::format("{} has {} axes; no tensor of Chatterbox has more than {}", written(numbers),
                       numbers.size(), Shape::most_axes),
           how_to_write);
    }
    if (!numbers.empty()) shapes_.push_back(std::move(numbers));
  }

  [[noreturn]] void refuse(const std::string& what) const { refuse(what, at_); }
  [[noreturn]] void refuse(const std::string& what, std::size_t at) const {
    fail(ErrorCode::option_invalid,
         fmt::format("\"{}\" is no shape: at character {} {}", text_, at + 1, what), how_to_write);
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Numbers> shapes_;
};

}  // namespace

std::vector<Numbers> shapes_in(std::string_view text) {
  return Reader(text).read();
}

std::string written(const Numbers& shape) {
  return fmt::format("({}{})", fmt::join(shape, ", "), shape.size() == 1 ? "," : "");
}

}  // namespace nightingale
