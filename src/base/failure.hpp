// The one exception of the house. Inside the library a failure is thrown as `Failure`; the api room turns it
// into a `Result`. Nothing else is thrown on purpose.
#pragma once

#include <exception>
#include <string>

#include "nightingale/error.hpp"

namespace nightingale {

class Failure : public std::exception {
 public:
  explicit Failure(Error error)
      : error_(std::move(error)),
        text_(error_.text()) {}
  const char* what() const noexcept override { return text_.c_str(); }
  const Error& error() const noexcept { return error_; }

 private:
  Error error_;
  std::string text_;
};

// Throws: `fail(ErrorCode::file_invalid, "…", "fix…")`.
[[noreturn]] inline void fail(ErrorCode code, std::string sentence, std::string fix = {}) {
  throw Failure(Error{code, std::move(sentence), {}, std::move(fix)});
}

}  // namespace nightingale
