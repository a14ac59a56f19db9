// What can go wrong, as a value: a code for programs, a sentence for people, the facts, and what to do.
//
// Every error of Nightingale is one `Error`. The library never prints, never exits and lets no exception pass
// its public edge: functions that can fail return `Result<T>`.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "nightingale/export.h"

namespace nightingale {

enum class ErrorCode {
  model_missing,   // no model, or a file of it, at the place given
  model_mismatch,  // the tensors of a checkpoint do not fit the network, or its files do not fit each other
  file_invalid,    // a file is damaged or not what its name says
  shape_mismatch,  // tensors that do not belong together met where two stages join
  voice_invalid,   // a voice is missing, incomplete or does not fit
  audio_invalid,   // a recording cannot be read or used
  text_invalid,    // the text cannot be spoken
  option_invalid,  // an option is out of range or contradicts another
  output_failed,   // the result could not be written
  cancelled,       // the caller asked to stop
  memory,          // not enough memory
  unsupported,     // understood, but not built yet
  internal,        // a fault of Nightingale itself: please report it
};

// The code's name as it is printed and sent: "model_mismatch".
NIGHTINGALE_EXPORT std::string_view name_of(ErrorCode code);

// One thing that was found to be wrong. Empty members are left out when printed.
struct Fact {
  std::string subject;   // what it is about: a tensor, a file, an option
  std::string found;     // what was given
  std::string expected;  // what belongs there
  std::string origin;    // who says so, or the likely cause
};

struct NIGHTINGALE_EXPORT Error {
  ErrorCode code = ErrorCode::internal;
  std::string sentence;     // one sentence: what went wrong, with the names and numbers that matter
  std::vector<Fact> facts;  // the details, one per fault
  std::string fix;          // what to do about it

  // The whole error as text, several lines when there are facts; no trailing newline.
  std::string text() const;
};

// Either a value or the error that prevented it.
template <typename Value>
class [[nodiscard]] Result {
 public:
  Result(Value value)
      : content_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error)
      : content_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return content_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Precondition: ok().
  Value& value() & { return std::get<0>(content_); }
  const Value& value() const& { return std::get<0>(content_); }
  Value&& value() && { return std::get<0>(std::move(content_)); }
  Value* operator->() { return &value(); }
  const Value* operator->() const { return &value(); }
  Value& operator*() & { return value(); }

  // Precondition: !ok().
  const Error& error() const { return std::get<1>(content_); }

 private:
  std::variant<Value, Error> content_;
};

// A result without a value: success, or the error.
struct Done {};

}  // namespace nightingale
