#include "voice/likeness.hpp"

#include <algorithm>
#include <cmath>

#include "audio/resample.hpp"
#include "base/failure.hpp"
#include "voice/bake.hpp"
#include "voice/baking.hpp"

namespace nightingale {

namespace {

// An embedding of zeros is like nobody, and has no direction to compare.
void require_direction(const std::string& path, ErrorCode code, const std::vector<float>& embedding) {
  const bool some = std::any_of(embedding.begin(), embedding.end(), [](float number) { return number != 0; });
  if (some) return;
  fail(code, "the speaker's embedding of " + path + " is all zeros: it cannot be compared",
       "give another recording, or bake the voice again");
}

}  // namespace

std::vector<float> embedding_of_recording(Ops& op, const voice_encoder::VoiceEncoder& network,
                                          const std::string& path) {
  const std::vector<float> samples_24k = usable_clip(path);
  std::vector<float> embedding =
      speaker_of(op, network, resample_soxr(samples_24k, clip_rate, listening_rate));
  require_direction(path, ErrorCode::audio_invalid, embedding);
  return embedding;
}

std::vector<float> embedding_of_voice(const std::string& path) {
  std::vector<float> embedding = read_voice(path).speaker;
  require_direction(path, ErrorCode::voice_invalid, embedding);
  return embedding;
}

double cosine(std::span<const float> a, std::span<const float> b) {
  double product = 0, squares_a = 0, squares_b = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    product += static_cast<double>(a[i]) * b[i];
    squares_a += static_cast<double>(a[i]) * a[i];
    squares_b += static_cast<double>(b[i]) * b[i];
  }
  return product / std::sqrt(squares_a * squares_b);
}

}  // namespace nightingale
