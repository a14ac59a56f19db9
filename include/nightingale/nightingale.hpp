// Nightingale: text in, a cloned voice speaking it out, on your own machine.
//
//   #include <nightingale/nightingale.hpp>
//   using namespace nightingale;
//
//   auto engine = Engine::open("chatterbox");             // a folder with upstream's own files
//   auto voice = Voice::open("anna");                     // a baked folder, a voice file or conds.pt
//   auto audio = engine->speak({.text = "Hello world."}, *voice);
//   write_audio(*audio, "hello.wav");
//
// Every call that can fail returns a Result; nothing is thrown, printed or read from the environment. Opening
// a model binds every tensor, proves that all stages fit for every length, and takes seconds; speaking takes
// as long as the text. An Engine and a Voice are cheap to copy, and copies share the model. Both may be used
// from many threads at once: all state of a request is its own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nightingale/error.hpp"
#include "nightingale/export.hpp"
#include "nightingale/request.hpp"

namespace nightingale {

inline constexpr int sample_rate = 24000;  // Hz, of everything that is spoken

NIGHTINGALE_EXPORT std::string version();

struct VoiceArrays;
class Model;

// A voice to speak with. Errors: voice_invalid, file_invalid.
class NIGHTINGALE_EXPORT Voice {
 public:
  static Result<Voice> open(const std::string& path);

 private:
  friend class Engine;
  friend struct Access;
  explicit Voice(std::shared_ptr<const VoiceArrays> arrays)
      : arrays_(std::move(arrays)) {}
  std::shared_ptr<const VoiceArrays> arrays_;
};

// Which T3 to take from a folder that holds several.
enum class Variant {
  automatic,  // the English one when the language is English and it is there, else the multilingual one
  english,
  multilingual,
};

enum class Substrate {
  cpu,        // float32, fast
  reference,  // double precision by plain loops: slow, the definition of every operation
};

struct EngineOptions {
  int threads = 0;  // 0: one for each core
  Variant variant = Variant::automatic;
  std::string language;  // the language that will be spoken; decides an automatic variant
  Substrate substrate = Substrate::cpu;
};

// How long a stage took, in seconds, and what it made.
struct StageTime {
  std::string stage;  // "tokens", "mel", "samples"
  double seconds = 0;
  std::int64_t made = 0;
};

struct Audio {
  std::vector<float> samples;                     // mono, 24 kHz, within ±1
  std::vector<std::vector<std::int32_t>> tokens;  // the speech tokens of each piece of the text
  std::vector<StageTime> times;
  double seconds() const { return static_cast<double>(samples.size()) / sample_rate; }
};

// An array without names, as another program would hold it: sizes in storage order, C order.
struct Array {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

// The inputs of the flow's decoder, to drive it from another program. Each is refused, with an explanation,
// when it does not belong to the others: mu and x [1, 2·(prompt + speech), 80], speaker [1, 80], prompt_mel
// like mu.
struct DecoderInput {
  Array x, mu, speaker, prompt_mel;
  double time = 0;  // of the schedule, 0 to 1
  double guidance = 0.7;
  std::optional<std::int64_t> prompt, speech;  // in tokens, for the explanation
};

class NIGHTINGALE_EXPORT Engine {
 public:
  // `model` is a folder with upstream's files: a T3 (t3_cfg.safetensors or t3_mtl23ls_….safetensors),
  // s3gen.safetensors and the tokenizer. Errors: model_missing, model_mismatch (every fault in one report),
  // file_invalid, memory.
  static Result<Engine> open(const std::string& model, const EngineOptions& options = {});

  // Speaks the request's text. Errors: text_invalid, option_invalid, cancelled, unsupported, memory.
  Result<Audio> speak(const Request& request, const Voice& voice) const;

  // One guided velocity of the flow's decoder: [1, frame, 80]. Errors: shape_mismatch, before any arithmetic.
  Result<Array> decode_step(const DecoderInput& input) const;

  // The formulas that the proof run has shown, one line each; the last is "audio = [batch, 480·out_frame]".
  std::vector<std::string> proof() const;

 private:
  friend struct Access;
  explicit Engine(std::shared_ptr<Model> model)
      : model_(std::move(model)) {}
  std::shared_ptr<Model> model_;
};

// Writes wav (16 bit) or flac, by `format` or else by the ending of `path`; "-" is standard output. The file
// appears when it is whole. Errors: option_invalid (no such format), output_failed.
NIGHTINGALE_EXPORT Result<Done> write_audio(const Audio& audio, const std::string& path,
                                            const std::string& format = {});

// A diagnosis as text for people and as JSON for programs.
struct Report {
  bool ok = true;  // nothing differs, nothing is wrong
  std::string text;
  std::string json;
};

// What a model folder, a checkpoint file or a manifest holds: solved sizes, the tree of weights, signatures.
NIGHTINGALE_EXPORT Result<Report> inspect(const std::string& path);

// Runs every step on the arrays that another implementation computed, and compares. `voice` may be empty: the
// folder `voice` beside the reference.
NIGHTINGALE_EXPORT Result<Report> verify(const std::string& model, const std::string& reference,
                                         const std::string& voice = {}, const EngineOptions& options = {});

// Which named axes fit anonymous shapes ("(1,80,64)", or a whole error message), and what went wrong between
// them.
struct ExplainHints {
  std::optional<std::int64_t> prompt, speech, text;
  std::string reference;  // a reference folder, which knows them
};
NIGHTINGALE_EXPORT Result<Report> explain(const std::vector<std::string>& shapes,
                                          const ExplainHints& hints = {});

// How fast the stages of a model are: a 10 s prompt and 5 s of speech on random input.
struct BenchOptions {
  int runs = 3;
  int threads = 0;
};
struct BenchStage {
  std::string stage;   // "tokens", "mel", "samples"
  double seconds = 0;  // of one run
  double made = 0;     // tokens, frames, samples
};

// Holds a model to time its stages one by one, so that another program's runs can alternate with ours.
class NIGHTINGALE_EXPORT Bench {
 public:
  static Result<Bench> open(const std::string& model, int threads);
  Result<BenchStage> run(const std::string& stage) const;

 private:
  explicit Bench(std::shared_ptr<Model> model)
      : model_(std::move(model)) {}
  std::shared_ptr<Model> model_;
};

}  // namespace nightingale
