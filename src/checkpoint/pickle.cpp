#include "checkpoint/pickle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <unordered_map>

#include "base/failure.hpp"

namespace nightingale {
namespace {

using Kind = PickleValue::Kind;

constexpr std::string_view ordered_dictionary = "collections.OrderedDict";
constexpr int newest_protocol = 5;

// The instructions that are known, by Python's names for them (Lib/pickle.py).
enum Instruction : unsigned char {
  op_proto = 0x80,
  op_frame = 0x95,
  op_stop = '.',
  op_mark = '(',
  op_pop = '0',
  op_none = 'N',
  op_true = 0x88,
  op_false = 0x89,
  op_binint = 'J',
  op_binint1 = 'K',
  op_binint2 = 'M',
  op_long1 = 0x8a,
  op_binfloat = 'G',
  op_short_binstring = 'U',
  op_binstring = 'T',
  op_short_binunicode = 0x8c,
  op_binunicode = 'X',
  op_binunicode8 = 0x8d,
  op_empty_tuple = ')',
  op_tuple1 = 0x85,
  op_tuple2 = 0x86,
  op_tuple3 = 0x87,
  op_tuple = 't',
  op_empty_list = ']',
  op_append = 'a',
  op_appends = 'e',
  op_empty_dict = '}',
  op_setitem = 's',
  op_setitems = 'u',
  op_binput = 'q',
  op_long_binput = 'r',
  op_memoize = 0x94,
  op_binget = 'h',
  op_long_binget = 'j',
  op_global = 'c',
  op_stack_global = 0x93,
  op_binpersid = 'Q',
  op_reduce = 'R',
  op_build = 'b',
};

class PickleReader {
 public:
  PickleReader(const std::string& path, std::span<const std::byte> bytes,
               std::span<const std::string_view> known)
      : path_(path),
        text_(reinterpret_cast<const char*>(bytes.data()), bytes.size()),
        known_(known) {}

  Pickle read() {
    for (;;) {
      const auto instruction = number<unsigned char>();
      if (instruction == op_stop) break;
      if (!read_frame(instruction) && !read_scalar(instruction) && !read_text(instruction) &&
          !read_container(instruction) && !read_memo(instruction) && !read_object(instruction)) {
        refuse(fmt::format("its pickle has the unknown instruction 0x{:02x} at byte {}", instruction,
                           place_ - 1));
      }
    }
    pickle_.root = pop();
    return std::move(pickle_);
  }

 private:
  // Instructions that make no value.
  bool read_frame(unsigned char instruction) {
    switch (instruction) {
      case op_proto: check_protocol(number<unsigned char>()); return true;
      case op_frame: take(8); return true;
      case op_mark: marks_.push_back(stack_.size()); return true;
      case op_pop: pop(); return true;
      default: return false;
    }
  }

  bool read_scalar(unsigned char instruction) {
    switch (instruction) {
      case op_none: push(Kind::none); return true;
      case op_true: push(Kind::boolean).integer = 1; return true;
      case op_false: push(Kind::boolean); return true;
      case op_binint: push(Kind::integer).integer = number<std::int32_t>(); return true;
      case op_binint1: push(Kind::integer).integer = number<std::uint8_t>(); return true;
      case op_binint2: push(Kind::integer).integer = number<std::uint16_t>(); return true;
      case op_long1: push(Kind::integer).integer = long_integer(); return true;
      case op_binfloat: push(Kind::real).real = big_endian_double(); return true;
      default: return false;
    }
  }

  bool read_text(unsigned char instruction) {
    switch (instruction) {
      case op_short_binunicode:
      case op_short_binstring: push_text(number<std::uint8_t>()); return true;
      case op_binstring:
      case op_binunicode: push_text(number<std::uint32_t>()); return true;
      case op_binunicode8: push_text(number<std::uint64_t>()); return true;
      default: return false;
    }
  }

  bool read_container(unsigned char instruction) {
    switch (instruction) {
      case op_empty_tuple: push(Kind::tuple); return true;
      case op_tuple1: push_tuple(pop_last(1)); return true;
      case op_tuple2: push_tuple(pop_last(2)); return true;
      case op_tuple3: push_tuple(pop_last(3)); return true;
      case op_tuple: push_tuple(pop_to_mark()); return true;
      case op_empty_list: push(Kind::list); return true;
      case op_append: extend(Kind::list, pop_last(1)); return true;
      case op_appends: extend(Kind::list, pop_to_mark()); return true;
      case op_empty_dict: push(Kind::dictionary); return true;
      case op_setitem: extend(Kind::dictionary, pop_last(2)); return true;
      case op_setitems: extend(Kind::dictionary, pop_to_mark()); return true;
      default: return false;
    }
  }

  // The memo: values by number, to be used again.
  bool read_memo(unsigned char instruction) {
    switch (instruction) {
      case op_binput: memo_[number<std::uint8_t>()] = top(); return true;
      case op_long_binput: memo_[number<std::uint32_t>()] = top(); return true;
      case op_memoize: memo_[static_cast<std::uint32_t>(memo_.size())] = top(); return true;
      case op_binget: recall(number<std::uint8_t>()); return true;
      case op_long_binget: recall(number<std::uint32_t>()); return true;
      default: return false;
    }
  }

  bool read_object(unsigned char instruction) {
    switch (instruction) {
      case op_global: {
        const std::string_view module = line();
        push_symbol(module, line());
        return true;
      }
      case op_stack_global: {
        const std::string_view name = pop_kind(Kind::text)->text;
        push_symbol(pop_kind(Kind::text)->text, name);
        return true;
      }
      case op_binpersid: {
        PickleValue* const identity = pop();
        push(Kind::persistent).items = {identity};
        return true;
      }
      case op_reduce: call(); return true;
      case op_build: build(); return true;
      default: return false;
    }
  }

  void check_protocol(int protocol) {
    if (protocol > newest_protocol) refuse(fmt::format("its pickle has the unknown protocol {}", protocol));
  }

  // Two's complement, little-endian, as many bytes as the first says.
  std::int64_t long_integer() {
    const std::string_view bytes = take(number<std::uint8_t>());
    if (bytes.size() > sizeof(std::int64_t)) refuse("its pickle has an integer of more than 64 bits");
    const bool negative = !bytes.empty() && (bytes.back() & 0x80);
    std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
    std::memcpy(&value, bytes.data(), bytes.size());
    return static_cast<std::int64_t>(value);
  }

  double big_endian_double() { return std::bit_cast<double>(__builtin_bswap64(number<std::uint64_t>())); }

  void push_text(std::uint64_t length) {
    const std::string_view text = take(length);
    push(Kind::text).text = text;
  }

  void push_tuple(std::vector<const PickleValue*> items) { push(Kind::tuple).items = std::move(items); }

  // The one place where a pickle could reach for code: only names from the list pass.
  void push_symbol(std::string_view module, std::string_view name) {
    const std::string symbol = fmt::format("{}.{}", module, name);
    const auto found = std::find(known_.begin(), known_.end(), symbol);
    if (found == known_.end()) {
      fail(ErrorCode::file_invalid,
           fmt::format(
               "{} holds the Python object {}, which is not read: only tensors, numbers, texts, lists and "
               "dictionaries are, and nothing is executed",
               path_, symbol),
           "save a plain dictionary of tensors, or convert the file to safetensors");
    }
    push(Kind::symbol).text = *found;
  }

  void call() {
    PickleValue* const arguments = pop_kind(Kind::tuple);
    const std::string_view function = pop_kind(Kind::symbol)->text;
    if (function == ordered_dictionary) {
      if (!arguments->items.empty()) refuse("its pickle makes an OrderedDict from something");
      push(Kind::dictionary);
      return;
    }
    PickleValue& made = push(Kind::call);
    made.text = function;
    made.items = {arguments};
  }

  // An ordered dictionary may carry attributes beside its items (a module's `_metadata`): meaningless here.
  void build() {
    pop();
    if (top()->kind != Kind::dictionary)
      refuse("its pickle sets attributes of something that is no dictionary");
  }

  void extend(Kind kind, const std::vector<const PickleValue*>& items) {
    PickleValue* const container = top();
    if (container->kind != kind) refuse_damaged();
    if (kind == Kind::dictionary && items.size() % 2 != 0) refuse_damaged();
    container->items.insert(container->items.end(), items.begin(), items.end());
  }

  void recall(std::uint32_t number) {
    const auto found = memo_.find(number);
    if (found == memo_.end()) refuse_damaged();
    stack_.push_back(found->second);
  }

  PickleValue& push(Kind kind) {
    PickleValue& value = pickle_.values.emplace_back();
    value.kind = kind;
    stack_.push_back(&value);
    return value;
  }

  // The stack above the last mark: instructions never reach below it.
  std::size_t floor() const { return marks_.empty() ? 0 : marks_.back(); }

  PickleValue* top() {
    if (stack_.size() <= floor()) refuse_damaged();
    return stack_.back();
  }

  PickleValue* pop() {
    PickleValue* const value = top();
    stack_.pop_back();
    return value;
  }

  PickleValue* pop_kind(Kind kind) {
    PickleValue* const value = pop();
    if (value->kind != kind) refuse_damaged();
    return value;
  }

  std::vector<const PickleValue*> pop_last(std::size_t count) {
    if (stack_.size() - floor() < count) refuse_damaged();
    std::vector<const PickleValue*> items(stack_.end() - static_cast<std::ptrdiff_t>(count), stack_.end());
    stack_.resize(stack_.size() - count);
    return items;
  }

  std::vector<const PickleValue*> pop_to_mark() {
    if (marks_.empty()) refuse_damaged();
    std::vector<const PickleValue*> items = pop_last(stack_.size() - marks_.back());
    marks_.pop_back();
    return items;
  }

  std::string_view take(std::uint64_t length) {
    if (length > text_.size() - place_) refuse("its pickle ends early");
    const std::string_view taken = text_.substr(place_, length);
    place_ += length;
    return taken;
  }

  template <typename Number>
  Number number() {
    Number value;
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
    return value;
  }

  std::string_view line() {
    const std::size_t end = text_.find('\n', place_);
    if (end == std::string_view::npos) refuse("its pickle ends early");
    const std::string_view found = take(end - place_);
    take(1);
    return found;
  }

  [[noreturn]] void refuse_damaged() const {
    refuse(fmt::format("its pickle is damaged at byte {}", place_));
  }

  [[noreturn]] void refuse(const std::string& what) const {
    fail(ErrorCode::file_invalid, fmt::format("{}: {}", path_, what), "download or copy the file again");
  }

  const std::string& path_;
  std::string_view text_;
  std::span<const std::string_view> known_;
  std::size_t place_ = 0;
  std::vector<PickleValue*> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint32_t, PickleValue*> memo_;
  Pickle pickle_;
};

}  // namespace

Pickle read_pickle(const std::string& path, std::span<const std::byte> bytes,
                   std::span<const std::string_view> known) {
  return PickleReader(path, bytes, known).read();
}

}  // namespace nightingale
