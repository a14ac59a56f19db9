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

std::string Error::text() const {
  std::string out = sentence;
  for (const Fact& fact : facts) {
    out += "\n  " + fact.subject;
    if (!fact.found.empty()) out += "\n      found     " + fact.found;
    if (!fact.expected.empty()) out += "\n      expected  " + fact.expected;
    if (!fact.origin.empty()) out += "\n      because   " + fact.origin;
  }
  if (!fix.empty()) out += "\nfix: " + fix;
  return out;
}

}  // namespace nightingale
