// Where audio goes: a file, or the standard output when it is a pipe.
#pragma once

#include <cstddef>
#include <span>
#include <string>

#include "nightingale/nightingale.hpp"

namespace nightingale::cli {

// All of these to the standard output, at once. Errors: output_failed.
Result<Done> write_output(std::span<const std::byte> bytes);

struct Target {
  std::string output, format;

  bool to_pipe() const { return output == "-"; }
  std::string name() const { return to_pipe() ? "the output" : output; }

  // What can go wrong there is said before anything is loaded.
  Result<Done> check() const;
  Result<Done> deliver(const Audio& audio) const;

 private:
  std::string pipe_format() const { return format.empty() ? "wav" : format; }
};

}  // namespace nightingale::cli
