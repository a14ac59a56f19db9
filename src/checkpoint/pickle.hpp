// A Python pickle read as data: what it would build, never what it would run.
//
// A pickle is a program for a small stack machine, and one instruction calls any Python function. This reader
// knows the instructions that build numbers, texts, tuples, lists and dictionaries; a function is only ever a
// name from the caller's list of known ones, and a call is kept as a value: the name and its arguments.
// Everything else is refused by name. Source: Lib/pickletools.py; PyTorch writes protocol 2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace nightingale {

struct PickleValue {
  enum class Kind : std::uint8_t {
    none,
    boolean,
    integer,
    real,
    text,
    tuple,
    list,
    dictionary,
    symbol,
    call,
    persistent
  };

  Kind kind = Kind::none;
  std::int64_t integer = 0;  // boolean and integer
  double real = 0;           // real
  std::string_view text;     // text; symbol and call: the name of the function, from the known ones
  // tuple and list: the items; dictionary: key, value, key, value, …; call: one tuple, its arguments;
  // persistent: the one value that identifies what lies outside the pickle.
  std::vector<const PickleValue*> items;
};

// The values of one pickle. Those of lists and dictionaries may contain each other, in circles too.
struct Pickle {
  std::deque<PickleValue> values;
  const PickleValue* root = nullptr;
};

// Reads a pickle. `path` is for errors; `known` are the functions a call may name, "module.name". Texts point
// into `bytes`. Throws file_invalid.
Pickle read_pickle(const std::string& path, std::span<const std::byte> bytes,
                   std::span<const std::string_view> known);

}  // namespace nightingale
