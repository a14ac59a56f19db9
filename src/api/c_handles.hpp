// What the files of the C API share: the handles, the last error of each thread, and structs that may be
// older or newer than ours.
//
// What is odd: the error of a thread is the only state of the house that no object owns, because C gives a
// function one result only.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <type_traits>

#include "api/guarded.hpp"
#include "nightingale/nightingale.h"
#include "nightingale/nightingale.hpp"

struct nightingale_engine {
  nightingale::Engine engine;
};
struct nightingale_voice {
  nightingale::Voice voice;
};
struct nightingale_request {
  nightingale::Request request;
};
struct nightingale_audio {
  nightingale::Audio audio;
};
struct nightingale_baker {
  nightingale::Baker baker;
};
struct nightingale_converter {
  nightingale::Converter converter;
};
struct nightingale_watermarker {
  nightingale::Watermarker watermarker;
};

namespace nightingale {

struct LastError {
  std::string text, code;
};

LastError& last_error();  // of this thread

// Runs `work`, which throws Failure, and gives its result; notes the error and gives `otherwise` when it
// throws.
template <typename Work, typename Value = std::invoke_result_t<Work>>
Value noted(const Work& work, std::type_identity_t<Value> otherwise) noexcept {
  Result<Value> result = guarded(work);
  if (result.ok()) return *result;
  last_error() = {result.error().text(), std::string(name_of(result.error().code))};
  return otherwise;
}

template <typename Value>
Value unwrap(Result<Value> result) {
  if (!result.ok()) throw Failure(result.error());
  return std::move(result).value();
}

template <typename Handle>
Handle& given(Handle* handle, const char* what) {
  if (handle == nullptr) fail(ErrorCode::option_invalid, std::string("no ") + what + " was given");
  return *handle;
}

// The caller's struct as far as it reaches, defaults behind that: it may be older or newer than ours.
template <typename Struct>
Struct grown(const Struct& theirs, Struct defaults) {
  std::memcpy(&defaults, &theirs, std::min(theirs.struct_size, sizeof(Struct)));
  return defaults;
}

// Our struct as far as the caller's reaches.
template <typename Struct>
void hand_over(Struct ours, Struct& theirs) {
  ours.struct_size = theirs.struct_size;
  std::memcpy(&theirs, &ours, std::min(theirs.struct_size, sizeof(Struct)));
}

inline Precision precision_of(std::int32_t theirs, std::int32_t most, const std::string& field) {
  if (theirs >= NIGHTINGALE_F32 && theirs <= most) return static_cast<Precision>(theirs);
  fail(ErrorCode::option_invalid, field + " = " + std::to_string(theirs) + " is no precision",
       "NIGHTINGALE_F32 is 0, NIGHTINGALE_INT8 is 1; T3's weights may also be NIGHTINGALE_INT4, 2");
}

inline EngineOptions options_of(const nightingale_options* theirs) {
  EngineOptions options;
  if (theirs == nullptr) return options;
  const nightingale_options all = grown(*theirs, nightingale_options_defaults());
  if (all.variant < NIGHTINGALE_VARIANT_AUTOMATIC || all.variant > NIGHTINGALE_VARIANT_MULTILINGUAL) {
    fail(ErrorCode::option_invalid, "there is no variant " + std::to_string(all.variant));
  }
  options.threads = all.threads;
  options.variant = static_cast<Variant>(all.variant);
  if (all.language != nullptr) options.language = all.language;
  options.precisions = {precision_of(all.weights, NIGHTINGALE_INT4, "weights"),
                        precision_of(all.flow, NIGHTINGALE_INT8, "flow")};
  options.watermark = all.watermark != 0;
  if (all.watermark_weights != nullptr) options.watermark_weights = all.watermark_weights;
  return options;
}

// The caller's callback as a listener, or none.
std::function<Going(const Progress&)> listener_of(nightingale_progress_callback callback, void* user_data);

}  // namespace nightingale
