#include "synthesis/pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/failure.hpp"
#include "models/t3/facts.hpp"
#include "synthesis/inputs.hpp"
#include "synthesis/marking.hpp"
#include "synthesis/pieces.hpp"
#include "synthesis/renderer.hpp"
#include "synthesis/stopwatch.hpp"

namespace nightingale {

namespace {

constexpr double tokens_per_second = 25;
constexpr double samples_per_token = 960;

// One request on its way through the pipeline.
class Speaking {
 public:
  Speaking(const Model& model, const VoiceArrays& voice, const Request& request)
      : model_(model),
        op_(model.ops()),
        voice_(voice),
        request_(request),
        random_(static_cast<std::uint64_t>(request.seed)) {}

  Spoken run() {
    const std::vector<std::vector<std::int32_t>> pieces =
        pieces_of(request_, model_.tokenizer(), {model_.t3().most_text(), model_.t3().most_speech()});
    chunks_ = static_cast<int>(pieces.size());
    const auto emotion = static_cast<float>(request_.exaggeration.value_or(voice_.emotion));
    const Tensor condition = model_.t3().condition(op_, t3_voice(op_, voice_, emotion));
    for (const std::vector<std::int32_t>& ids : pieces) {
      say(condition, ids);
      ++chunk_;
      if (!spoken_.whole) break;
    }
    if (spoken_.samples.empty() && spoken_.whole) {
      fail(ErrorCode::text_invalid, "the model ended without saying anything",
           "try another seed, or a longer text");
    }
    mark();
    return std::move(spoken_);
  }

 private:
  void say(const Tensor& condition, const std::vector<std::int32_t>& ids) {
    const std::vector<std::int32_t> drawn = write_speech(condition, ids);
    if (spoken_.whole && (drawn.empty() || drawn.back() != t3::stop_speech)) ++spoken_.cut;
    const std::vector<std::int32_t> tokens = sound_tokens(drawn);
    spoken_.tokens.push_back(tokens);
    if (tokens.empty()) return;
    // The stages' tensors differ in size: what one leaves behind is of no use to the next.
    op_.pool()->trim();
    const Tensor mel = draw_mel(tokens);
    op_.pool()->trim();
    std::vector<float> samples = draw_samples(mel, tokens.size());
    op_.pool()->trim();
    // The multilingual model's last token tends to be noise: upstream cuts it off.
    if (model_.multilingual()) {
      const auto kept =
          static_cast<std::size_t>(samples_per_token) * std::max<std::size_t>(1, tokens.size() - 1);
      samples.resize(std::min(samples.size(), kept));
    }
    spoken_.samples.insert(spoken_.samples.end(), samples.begin(), samples.end());
  }

  void mark() {
    const Watermark* watermark = model_.watermark();
    if (watermark == nullptr || spoken_.samples.empty()) return;
    std::vector<float> marked;
    Marking marking(watermark, [&](std::span<const float> samples) {
      marked.insert(marked.end(), samples.begin(), samples.end());
    });
    marking.push(spoken_.samples);
    marking.finish();
    spoken_.samples = std::move(marked);
    spoken_.watermark_seconds += marking.seconds();
    spoken_.watermarked = true;
    op_.pool()->trim();
  }

  std::vector<std::int32_t> write_speech(const Tensor& condition, const std::vector<std::int32_t>& ids) {
    const Stopwatch watch(spoken_.token_seconds);
    SpeechOptions options;
    options.sampling = {.guidance = static_cast<float>(request_.guidance),
                        .temperature = static_cast<float>(request_.temperature),
                        .min_p = static_cast<float>(request_.min_p),
                        .top_p = static_cast<float>(request_.top_p),
                        .repetition_penalty = static_cast<float>(request_.repetition_penalty)};
    options.most_tokens = static_cast<std::int64_t>(std::ceil(request_.max_seconds * tokens_per_second));
    options.progress = [&](std::int64_t tokens) {
      report("tokens", tokens, 0, static_cast<double>(tokens) / tokens_per_second);
      return spoken_.whole;
    };
    return generate_speech(op_, model_.t3(), condition, ids, options, random_);
  }

  Tensor draw_mel(const std::vector<std::int32_t>& tokens) {
    const Stopwatch watch(spoken_.mel_seconds);
    const double seconds = static_cast<double>(tokens.size()) / tokens_per_second;
    const Renderer renderer = this->renderer(seconds);
    const std::int64_t frames = renderer.frames_of(static_cast<std::int64_t>(tokens.size()));
    return renderer.mel(tokens, draw_mel_noise(op_, frames, random_));
  }

  std::vector<float> draw_samples(const Tensor& mel, std::size_t tokens) {
    const Stopwatch watch(spoken_.sample_seconds);
    const double seconds = static_cast<double>(tokens) / tokens_per_second;
    std::vector<float> out = renderer(seconds).samples(mel, static_cast<std::int64_t>(tokens), random_);
    fade_in(out);
    const auto samples = static_cast<std::int64_t>(out.size());
    report("samples", samples, samples, seconds);
    return out;
  }

  Renderer renderer(double seconds) {
    return {op_,
            model_.flow(),
            model_.hift(),
            voice_,
            static_cast<int>(request_.steps),
            [this, seconds](int step, int steps) { report("mel", step, steps, seconds); }};
  }

  void report(std::string_view stage, std::int64_t done, std::int64_t of, double seconds) {
    if (!request_.progress) return;
    const double before =
        static_cast<double>(spoken_.samples.size()) / (tokens_per_second * samples_per_token);
    const Going going = request_.progress({stage, done, of, before + seconds, chunk_, chunks_});
    if (going == Going::stop) fail(ErrorCode::cancelled, "stopped while speaking");
    if (going == Going::finish) spoken_.whole = false;
  }

  const Model& model_;
  Ops& op_;
  const VoiceArrays& voice_;
  const Request& request_;
  Random random_;
  Spoken spoken_;
  int chunk_ = 0, chunks_ = 1;
};

}  // namespace

Spoken speak(const Model& model, const VoiceArrays& voice, const Request& request) {
  check_fields(request);
  return Speaking(model, voice, request).run();
}

namespace {

template <typename AnyRequest>
void check_all_fields(const AnyRequest& request) {
  std::vector<Fact> faults;
  visit_fields(request, [&](const Field& field, const auto& value) {
    const std::optional<double> number = value;
    if (!number || (*number >= field.least && *number <= field.most)) return;
    faults.push_back(
        {std::string(field.name),
         fmt::format("{}", *number),
         fmt::format("{} to {}{}{}", field.least, field.most, field.unit.empty() ? "" : " ", field.unit),
         {}});
  });
  if (faults.empty()) return;
  const std::string sentence = fmt::format("{} = {} is out of range: {}", faults.front().subject,
                                           faults.front().found, faults.front().expected);
  throw Failure({ErrorCode::option_invalid, sentence, faults.size() > 1 ? faults : std::vector<Fact>{}, {}});
}

}  // namespace

void check_fields(const Request& request) {
  check_all_fields(request);
}

void check_fields(const ConvertRequest& request) {
  check_all_fields(request);
}

}  // namespace nightingale
