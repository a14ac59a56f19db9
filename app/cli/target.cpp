#include "cli/target.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace nightingale::cli {

Result<Done> write_output(std::span<const std::byte> bytes) {
  const std::size_t written = std::fwrite(bytes.data(), 1, bytes.size(), stdout);
  if (written == bytes.size() && std::fflush(stdout) == 0) return Done{};
  return Error{ErrorCode::output_failed,
               std::string("cannot write all of the audio to the output: ") + std::strerror(errno),
               {},
               {}};
}

Result<Done> Target::check() const {
  if (!to_pipe()) return check_output(output, format);
  if (::isatty(STDOUT_FILENO) == 1) {
    return Error{ErrorCode::output_failed, "a terminal cannot play audio", {}, "-o FILE, or pipe into aplay"};
  }
  return check_output("", pipe_format());
}

Result<Done> Target::deliver(const Audio& audio) const {
  if (!to_pipe()) return write_audio(audio, output, format);
  const auto bytes = encode_audio(audio, pipe_format());
  return bytes.ok() ? write_output(bytes.value()) : bytes.error();
}

}  // namespace nightingale::cli
