// A reference folder: what another implementation computed, one array a step (docs/verify.md names them).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace nightingale {

// One array as it was stored, in C order whatever the file's order.
struct ReferenceArray {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

struct ReferenceSampling {
  std::int64_t seed = 42;
  double temperature, guidance, repetition_penalty, min_p, top_p;
};

class ReferenceFolder {
 public:
  // Throws Failure (file_invalid) when there is no such folder or its metadata.json cannot be read.
  explicit ReferenceFolder(const std::string& path);

  const std::string& path() const { return path_; }
  bool has(const std::string& step) const;

  // The array of that name. Throws Failure (file_invalid) when it is missing or damaged.
  ReferenceArray array(const std::string& step) const;
  std::vector<std::int32_t> tokens(const std::string& step) const;

  const std::string& text() const { return text_; }
  const std::string& language() const { return language_; }
  std::int64_t most_tokens() const { return most_tokens_; }
  int steps() const { return steps_; }
  float flow_guidance() const { return flow_guidance_; }
  double exaggeration() const { return exaggeration_; }
  const ReferenceSampling& near_greedy() const { return near_greedy_; }  // of step3_speech_tokens
  const ReferenceSampling& sampled() const { return sampled_; }          // of step3_sampled_tokens_seed…

 private:
  std::string path_, text_, language_;
  std::int64_t most_tokens_ = 1000;
  int steps_ = 10;
  float flow_guidance_ = 0.7F;
  double exaggeration_ = 0.5;
  ReferenceSampling near_greedy_, sampled_;
};

}  // namespace nightingale
