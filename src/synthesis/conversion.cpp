#include "synthesis/conversion.hpp"

#include <algorithm>

#include "base/failure.hpp"
#include "checkpoint/open_tensor_file.hpp"
#include "models/flow/facts.hpp"
#include "models/hift/facts.hpp"
#include "models/lengths.hpp"
#include "synthesis/inputs.hpp"
#include "synthesis/marking.hpp"
#include "synthesis/model.hpp"
#include "synthesis/pipeline.hpp"
#include "synthesis/proof.hpp"
#include "synthesis/renderer.hpp"
#include "synthesis/stopwatch.hpp"
#include "synthesis/vocoder_stream.hpp"
#include "voice/baking_networks.hpp"
#include "voice/source_tokens.hpp"

namespace nightingale {

namespace {

using flow::frames_per_token;
constexpr std::int64_t samples_per_token = frames_per_token * hift::samples_per_frame;
constexpr std::int64_t fade_frames = 50;  // 1 s, in the middle of what two windows share

std::int64_t bands() {
  return lengths::mel.size.number();
}

// One recording on its way.
class Converting {
 public:
  Converting(const ConversionModel& model, const VoiceArrays& voice, const ConvertRequest& request,
             const SampleSink& sink, const ConversionWindows& windows)
      : model_(model),
        op_(model.ops()),
        voice_(voice),
        request_(request),
        windows_(windows),
        random_(static_cast<std::uint64_t>(request.seed)),
        marking_(model.watermark(), sink) {}

  Converted run(const std::string& recording) {
    listen(recording);
    const auto count = static_cast<std::int64_t>(converted_.tokens.size());
    chunks_ = static_cast<int>(std::max<std::int64_t>(1, (count - windows_.overlap + step() - 1) / step()));
    if (chunks_ == 1) {
      at_once();
    } else {
      in_windows();
    }
    marking_.finish();
    converted_.samples = marking_.samples();
    converted_.watermark_seconds = marking_.seconds();
    converted_.watermarked = model_.watermark() != nullptr;
    return std::move(converted_);
  }

 private:
  std::int64_t step() const { return windows_.tokens - windows_.overlap; }

  void listen(const std::string& recording) {
    const Stopwatch watch(converted_.token_seconds);
    const auto hear = [this](std::string_view stage, std::int64_t done, std::int64_t of) {
      report(stage, done, of);
    };
    converted_.tokens = source_tokens(op_, model_.speech_tokenizer(), recording, hear).tokens;
  }

  // As upstream draws: the flow's noise, then the vocoder's, each for the whole.
  void at_once() {
    const auto count = static_cast<std::int64_t>(converted_.tokens.size());
    const Renderer render = renderer();
    Tensor mel;
    {
      const Stopwatch watch(converted_.mel_seconds);
      mel = render.mel(converted_.tokens, draw_mel_noise(op_, render.frames_of(count), random_));
      op_.pool()->trim();
    }
    const Stopwatch watch(converted_.sample_seconds);
    std::vector<float> samples = render.samples(mel, count, random_);
    op_.pool()->trim();
    deliver(samples);
  }

  void in_windows() {
    VocoderStream vocoder(op_, model_.hift(), random_);
    const auto count = static_cast<std::int64_t>(converted_.tokens.size());
    for (std::int64_t first = 0; converted_.whole; first += step(), ++chunk_) {
      const bool last = first + windows_.tokens >= count;
      const std::int64_t here = std::min(windows_.tokens, count - first);
      const std::vector<float> mel = joined(window_mel(first, here), last);
      const Stopwatch watch(converted_.sample_seconds);
      std::vector<float> samples = vocoder.push(mel);
      deliver(samples);
      if (last) break;
    }
    const Stopwatch watch(converted_.sample_seconds);
    std::vector<float> rest = vocoder.finish();
    deliver(rest);
  }

  // The mel of a window's tokens, [frame, mel], from noise that is the same wherever it is seen again: over
  // the prompt, and over the frames that the window before had too.
  std::vector<float> window_mel(std::int64_t first, std::int64_t count) {
    const Stopwatch watch(converted_.mel_seconds);
    const Renderer render = renderer();
    const std::int64_t frames = render.frames_of(count), speech = frames_per_token * count;
    const std::int64_t prompt = frames - speech,
                       shared = first == 0 ? 0 : frames_per_token * windows_.overlap;
    std::vector<float> noise(prompt_noise_);
    if (first == 0) {
      noise.resize(static_cast<std::size_t>(prompt * bands()));
      random_.normal(noise);
      prompt_noise_ = noise;
    }
    noise.insert(noise.end(), shared_noise_.begin(), shared_noise_.end());
    std::vector<float> fresh(static_cast<std::size_t>((speech - shared) * bands()));
    random_.normal(fresh);
    noise.insert(noise.end(), fresh.begin(), fresh.end());
    const std::int64_t kept = std::min(speech, frames_per_token * windows_.overlap) * bands();
    shared_noise_.assign(noise.end() - kept, noise.end());

    const auto tokens = std::span(converted_.tokens)
                            .subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
    const Tensor start = op_.write({{"batch", 1}, {"frame", frames}, lengths::mel}, noise).from("noise");
    std::vector<float> mel = op_.read(render.mel(tokens, start));
    op_.pool()->trim();
    return mel;
  }

  // Fades what the window before left into this one, whose own end is kept back for the next.
  std::vector<float> joined(std::vector<float> mel, bool last) {
    // A voice whose mel has a row more than two a token takes the first frame of every window.
    const std::int64_t taken =
        voice_.prompt_frames - frames_per_token * static_cast<std::int64_t>(voice_.prompt.size());
    if (!tail_.empty()) mel.insert(mel.begin(), tail_.begin(), tail_.begin() + taken * bands());
    fade_over(tail_, mel);
    tail_.clear();
    if (last) return mel;
    const auto cut = mel.end() - frames_per_token * windows_.overlap * bands();
    tail_.assign(cut, mel.end());
    mel.erase(cut, mel.end());
    return mel;
  }

  void deliver(std::vector<float>& samples) {
    if (samples.empty()) return;
    if (!started_) fade_in(samples);
    started_ = true;
    delivered_ += static_cast<std::int64_t>(samples.size());
    marking_.push(samples);
    report("samples", delivered_, static_cast<std::int64_t>(converted_.tokens.size()) * samples_per_token);
  }

  Renderer renderer() {
    return {op_,
            model_.flow(),
            model_.hift(),
            voice_,
            static_cast<int>(request_.steps),
            [this](int step, int steps) { report("mel", step, steps); }};
  }

  void report(std::string_view stage, std::int64_t done, std::int64_t of) {
    if (!request_.progress) return;
    const double seconds = static_cast<double>(delivered_) / hift::sample_rate;
    const Going going = request_.progress({stage, done, of, seconds, chunk_, chunks_});
    if (going == Going::on) return;
    const bool heard_only = stage == "listening" || stage == "tokens";  // nothing of it can become sound yet
    if (going == Going::stop || heard_only) fail(ErrorCode::cancelled, "stopped while converting");
    converted_.whole = false;
  }

  const ConversionModel& model_;
  Ops& op_;
  const VoiceArrays& voice_;
  const ConvertRequest& request_;
  ConversionWindows windows_;
  Random random_;
  Marking marking_;
  Converted converted_;
  std::vector<float> prompt_noise_, shared_noise_, tail_;
  std::int64_t delivered_ = 0;
  int chunk_ = 0, chunks_ = 1;
  bool started_ = false;
};

}  // namespace

ConversionModel::ConversionModel(const std::string& s3gen, std::unique_ptr<Ops> substrate,
                                 const std::string& watermark)
    : substrate_(std::move(substrate)) {
  if (!watermark.empty()) watermark_ = std::make_unique<Watermark>(watermark, *substrate_);
  Binding binding(open_tensor_file(s3gen), "speech tokenizer, flow and vocoder");
  speech_tokenizer_ = bind_speech_tokenizer(binding);
  BoundS3gen bound = bind_flow_and_vocoder(binding);
  flow_ = std::move(bound.flow);
  hift_ = std::move(bound.hift);
  binding.root().unused("speaker_encoder.",
                        "the speaker encoder of the flow, which only baking a voice needs");
  binding.judge();
  prove(*speech_tokenizer_);
  prove(*flow_, *hift_);
  binding.load(*substrate_);
}

void fade_over(std::span<const float> before, std::span<float> mel) {
  const std::int64_t shared = static_cast<std::int64_t>(before.size()) / bands();
  const std::int64_t fade = std::min(fade_frames, shared), start = (shared - fade) / 2;
  for (std::int64_t frame = 0; frame < shared; ++frame) {
    const double share =
        std::clamp(static_cast<double>(frame - start + 1) / static_cast<double>(fade + 1), 0.0, 1.0);
    for (std::int64_t band = 0; band < bands(); ++band) {
      const auto place = static_cast<std::size_t>(frame * bands() + band);
      mel[place] = static_cast<float>((1 - share) * before[place] + share * mel[place]);
    }
  }
}

Converted convert(const ConversionModel& model, const VoiceArrays& voice, const std::string& recording,
                  const ConvertRequest& request, const SampleSink& sink, const ConversionWindows& windows) {
  check_fields(request);
  return Converting(model, voice, request, sink, windows).run(recording);
}

}  // namespace nightingale
