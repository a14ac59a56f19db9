#include "nightingale/error.hpp"

namespace nightingale {

std::string_view name_of(ErrorCode code) {
  switch (code) {
    case ErrorCode::model_missing: return "model_missing";
    case ErrorCode::model_mismatch: return "model_mismatch";
    case ErrorCode::file_invalid: return "file_invalid";
    case ErrorCode::shape_mismatch: return "shape_mismatch";
    case ErrorCode::voice_invalid: return "voice_invalid";
    case ErrorCode::audio_invalid: return "audio_invalid";
    case ErrorCode::text_invalid: return "text_invalid";
    case ErrorCode::option_invalid: return "option_invalid";
    case ErrorCode::output_failed: return "output_failed";
    case ErrorCode::cancelled: return "cancelled";
    case ErrorCode::memory: return "memory";
    case ErrorCode::unsupported: return "unsupported";
    case ErrorCode::internal: return "internal";
  }
  return "internal";
}

namespace {

// "      found     [1024, 512]"; further lines of the value stand under its first.
void append_entry(std::string& out, std::string_view label, const std::string& value) {
  if (value.empty()) return;
  constexpr std::size_t label_width = 10;
  const std::string margin(6, ' ');
  out += "\n" + margin + std::string(label);
  if (!label.empty()) out.append(label_width - label.size(), ' ');
  const std::string indent = "\n" + margin + std::string(label.empty() ? 0 : label_width, ' ');
  for (char letter : value) out += letter == '\n' ? indent : std::string(1, letter);
}

}  // namespace

std::string Error::text() const {
  std::string out = sentence;
  for (const Fact& fact : facts) {
    out += "\n  " + fact.subject;
    append_entry(out, "found", fact.found);
    append_entry(out, "expected", fact.expected);
    // Where nothing is compared, the origin is the whole story.
    append_entry(out, fact.found.empty() && fact.expected.empty() ? "" : "because", fact.origin);
  }
  if (!fix.empty()) out += "\nfix: " + fix;
  return out;
}

}  // namespace nightingale
