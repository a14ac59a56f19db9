#include "diagnosis/hints.hpp"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <optional>
#include <vector>

#include "base/failure.hpp"
#include "checkpoint/npy.hpp"
#include "models/lengths.hpp"

namespace nightingale {

namespace {

// The shape of one array of the folder, or nothing when the folder has no such array.
std::optional<std::vector<std::int64_t>> shape_of(const std::filesystem::path& folder,
                                                  const std::string& array) {
  const std::filesystem::path file = folder / (array + ".npy");
  if (!std::filesystem::exists(file)) return std::nullopt;
  std::vector<std::int64_t> shape = read_npy(file.string()).tensors().front().shape;
  if (shape.empty()) return std::nullopt;
  return shape;
}

// Where a length is seen: an array and which of its axes, counted from the end.
struct Sighting {
  const char* length;
  const char* array;
  std::size_t from_end;
};

constexpr std::array lengths_seen{
    Sighting{"text", "step1_text_tokens_padded", 1}, Sighting{"prompt", "step4_prompt_token", 1},
    Sighting{"prompt_frame", "step4_prompt_feat", 2}, Sighting{"speech", "step3_speech_tokens", 1}};

}  // namespace

void Hints::set(std::string_view length, std::int64_t value, const std::string& origin) {
  constexpr std::int64_t most = 10'000'000;  // tokens of four days: more is a slip
  if (value < 0 || value > most) {
    fail(ErrorCode::option_invalid, fmt::format("{} {} is no length", length, value),
         fmt::format("give {} as a count from 0 to {}", length, most));
  }
  for (const Axis* axis : {&lengths::text, &lengths::prompt, &lengths::prompt_frame, &lengths::speech}) {
    if (axis->name.text() == length) return lengths.set(*axis, value, origin);
  }
  fail(ErrorCode::option_invalid, fmt::format("there is no length called {}", length),
       "the lengths are text, prompt, prompt_frame and speech");
}

Hints read_hints(const std::string& reference_folder) {
  Hints hints;
  for (const Sighting& seen : lengths_seen) {
    const auto shape = shape_of(reference_folder, seen.array);
    if (shape && shape->size() >= seen.from_end) {
      hints.set(seen.length, (*shape)[shape->size() - seen.from_end], seen.array);
    }
  }
  if (hints.lengths.all().empty()) {
    fail(ErrorCode::file_invalid,
         fmt::format("{} is no reference folder: it holds none of the arrays that tell the lengths",
                     reference_folder),
         "a reference folder holds step4_prompt_token.npy, step3_speech_tokens.npy and others");
  }
  if (const auto shape = shape_of(reference_folder, "step2_final_cond")) hints.model = shape->back();
  if (const auto shape = shape_of(reference_folder, "step5_token_emb")) hints.channel = shape->back();
  if (const auto shape = shape_of(reference_folder, "step4_embedding")) hints.speaker = shape->back();
  return hints;
}

}  // namespace nightingale
