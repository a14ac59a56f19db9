#include "synthesis/conversion.hpp"

#include <algorithm>

#include "base/failure.hpp"
#include "checkpoint/open_tensor_file.hpp"
#include "models/flow/facts.hpp"
#include "models/hift/facts.hpp"
#include "synthesis/inputs.hpp"
#include "synthesis/mel_stream.hpp"
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

constexpr std::int64_t samples_per_token = flow::frames_per_token * hift::samples_per_frame;

// One recording on its way.
class Converting {
 public:
  Converting(const ConversionModel& model, const VoiceArrays& voice, const ConvertRequest& request,
             const SampleSink& sink, const ConversionWindows& windows)
      : model_(model),
        op_(model.ops()),
        voice_(with_prompt(voice, request.prompt_seconds)),
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
    const Renderer render = renderer();
    MelStream mels(render, random_);
    VocoderStream vocoder(op_, model_.hift(), random_);
    const auto count = static_cast<std::int64_t>(converted_.tokens.size());
    for (std::int64_t first = 0; converted_.whole; first += step(), ++chunk_) {
      const bool last = first + windows_.tokens >= count;
      const std::vector<float> mel =
          window_mel(mels, first, std::min(windows_.tokens, count - first), last ? 0 : windows_.overlap);
      const Stopwatch watch(converted_.sample_seconds);
      std::vector<float> samples = vocoder.push(mel);
      deliver(samples);
      if (last) break;
    }
    const Stopwatch watch(converted_.sample_seconds);
    std::vector<float> rest = vocoder.finish();
    deliver(rest);
  }

  std::vector<float> window_mel(MelStream& mels, std::int64_t first, std::int64_t count, std::int64_t held) {
    const Stopwatch watch(converted_.mel_seconds);
    const auto window = std::span(converted_.tokens)
                            .subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count));
    return mels.push(window, first, held);
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
            unseen_tokens_of(voice_, request_.unconditioned_prompt_seconds),
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
  const VoiceArrays voice_;
  const ConvertRequest& request_;
  ConversionWindows windows_;
  Random random_;
  Marking marking_;
  Converted converted_;
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

Converted convert(const ConversionModel& model, const VoiceArrays& voice, const std::string& recording,
                  const ConvertRequest& request, const SampleSink& sink, const ConversionWindows& windows) {
  check_fields(request);
  return Converting(model, voice, request, sink, windows).run(recording);
}

}  // namespace nightingale
