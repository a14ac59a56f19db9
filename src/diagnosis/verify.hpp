// Every step on another implementation's own inputs, compared with what it computed, so that an error in one
// step does not blur the next; then once more from end to end.
//
// Error: ‖ours − theirs‖ / ‖theirs‖. Limits: 1e-5 (audio and source 1e-4, noise 2e-6); for full-size models,
// whose sums are longer, 1e-4 and 1e-3. Tokens must be equal. A step whose inputs or result are not there is
// skipped, and says so.
#pragma once

#include <string>
#include <vector>

#include "diagnosis/reference_folder.hpp"
#include "synthesis/model.hpp"
#include "voice/voice.hpp"

namespace nightingale {

enum class Verdict { equal, differs, shape, skipped };

struct VerifiedStep {
  std::string step;
  std::string axes;  // "[batch 1, frame 978, mel 80]"
  double error = 0;  // relative to the reference's norm; for tokens the share that differs
  double limit = 0;
  Verdict verdict = Verdict::skipped;
  std::string detail;  // first index that differs, what is missing
};

struct Verification {
  std::vector<VerifiedStep> steps;
  bool ok() const;           // nothing differs
  std::string text() const;  // a table
  std::string json() const;  // docs/verify.md
};

// `voice` is null when there is none: the steps that need it are skipped.
Verification verify(const Model& model, const ReferenceFolder& reference, const VoiceArrays* voice);

}  // namespace nightingale
