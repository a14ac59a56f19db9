// What a request to speak may say, as one list: the command line's flags, JSON fields, the C API's setters,
// `--help` and the documentation are all made from `visit_fields`, so a field added here appears everywhere.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace nightingale {

// Where a request is. `done` counts to `of`; `of` is 0 while the amount of work is not known.
struct Progress {
  std::string_view stage;  // "tokens", "mel", "samples"
  std::int64_t done = 0;
  std::int64_t of = 0;
  double seconds_spoken = 0;  // of audio, finished or under way
  int chunk = 0;              // pieces of a long text, from 0
  int chunks = 1;
};

// What a listener to the progress wants.
enum class Going {
  on,
  finish,  // end here: what is written becomes sound, and `speak` returns it
  stop,    // end at once: `speak` fails with `cancelled`
};

// Takes samples as they come: mono, 24 kHz, within ±1.
using SampleSink = std::function<void(std::span<const float>)>;

struct Request {
  std::string text = {};      // UTF-8
  std::string language = {};  // "nl"; empty means English, or what the text is in for a model of one language
  std::int64_t seed = 42;     // the same seed, model, voice and text give the same samples, as in PyTorch
  double temperature = 0.8;
  double min_p = 0.05;
  double top_p = 1.0;
  double repetition_penalty = 1.2;
  double guidance = 0.5;
  std::optional<double> exaggeration = {};  // otherwise the voice's own
  std::int64_t steps = 10;
  std::optional<double> prompt_seconds = {};                // otherwise all that the voice has
  std::optional<double> unconditioned_prompt_seconds = {};  // otherwise all of it
  double max_seconds = 40;

  // Called often, from the thread that speaks.
  std::function<Going(const Progress&)> progress = {};
};

// What a request to convert a recording may say.
struct ConvertRequest {
  std::int64_t seed = 42;
  std::int64_t steps = 10;
  std::optional<double> prompt_seconds = {};                // otherwise all that the voice has
  std::optional<double> unconditioned_prompt_seconds = {};  // otherwise all of it

  // Called often, from the thread that converts. Stages: "listening", "tokens", "mel", "samples".
  std::function<Going(const Progress&)> progress = {};
};

// One field of a request: its name on every face, and what it means.
struct Field {
  std::string_view name;  // "repetition_penalty": the flag is --repetition-penalty
  std::string_view unit;  // "" for a plain number
  double least, most;     // the range, inclusive
  std::string_view help;  // one sentence
};

inline constexpr Field seed_field{"seed", "", 0, 4294967295.0,
                                  "Decides every random draw, as torch.manual_seed does."};
inline constexpr Field steps_field{"steps", "", 1, 100, "Euler steps of the flow."};
inline constexpr Field prompt_seconds_field{
    "prompt_seconds", "s", 0.2, 600,
    "How much of the voice's recording the flow goes on from: less is faster and less alike."};
inline constexpr Field unconditioned_prompt_seconds_field{
    "unconditioned_prompt_seconds", "s", 0, 600,
    "How much of that the flow's unconditioned branch works on too: less is faster."};

// Calls visitor(field, member) for every number of a request, in the order they are shown. A member is a
// std::int64_t, a double or, where there is no default, a std::optional<double>.
template <typename AnyRequest, typename Visitor>
void visit_fields(AnyRequest&& request, Visitor&& visitor) {
  visitor(seed_field, request.seed);
  visitor(Field{"temperature", "", 0, 5, "Liveliness of the speech; 0 always takes the most likely token."},
          request.temperature);
  visitor(Field{"min_p", "", 0, 1, "Drops tokens less likely than this share of the most likely one."},
          request.min_p);
  visitor(Field{"top_p", "", 0, 1, "Keeps the most likely tokens that together reach this share."},
          request.top_p);
  visitor(
      Field{"repetition_penalty", "", 1, 10, "Makes tokens that were spoken before less likely; 1 does not."},
      request.repetition_penalty);
  visitor(
      Field{"guidance", "", 0, 5, "How closely the text is followed; 0 decodes one branch, twice as fast."},
      request.guidance);
  visitor(
      Field{"exaggeration", "", 0, 5, "Emotion; 0.5 is neutral. Without it the voice's own value is used."},
      request.exaggeration);
  visitor(steps_field, request.steps);
  visitor(prompt_seconds_field, request.prompt_seconds);
  visitor(unconditioned_prompt_seconds_field, request.unconditioned_prompt_seconds);
  visitor(Field{"max_seconds", "s", 0.04, 160, "The longest a piece of text may speak."},
          request.max_seconds);
}

template <typename Visitor>
void visit_fields(const ConvertRequest& request, Visitor&& visitor) {
  visitor(seed_field, request.seed);
  visitor(steps_field, request.steps);
  visitor(prompt_seconds_field, request.prompt_seconds);
  visitor(unconditioned_prompt_seconds_field, request.unconditioned_prompt_seconds);
}
template <typename Visitor>
void visit_fields(ConvertRequest& request, Visitor&& visitor) {
  visitor(seed_field, request.seed);
  visitor(steps_field, request.steps);
  visitor(prompt_seconds_field, request.prompt_seconds);
  visitor(unconditioned_prompt_seconds_field, request.unconditioned_prompt_seconds);
}

}  // namespace nightingale
