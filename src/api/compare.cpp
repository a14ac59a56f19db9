// Two voices, whatever they come from, compared by the voice encoder.
#include "api/guarded.hpp"
#include "api/open_model.hpp"
#include "nightingale/nightingale.hpp"
#include "synthesis/model_folder.hpp"
#include "voice/baking_networks.hpp"
#include "voice/likeness.hpp"

namespace nightingale {

namespace {

// Opens the voice encoder when the first recording asks for it.
class Listening {
 public:
  Listening(std::string model, EngineOptions options)
      : model_(std::move(model)),
        options_(std::move(options)) {}

  std::vector<float> embedding_of(const std::string& path) {
    if (!is_recording(path)) return embedding_of_voice(path);
    if (!network_) {
      const std::string file = find_voice_encoder(model_);
      substrate_ = make_substrate(options_);
      network_ = open_voice_encoder(file, *substrate_);
    }
    return embedding_of_recording(*substrate_, *network_, path);
  }

 private:
  std::string model_;
  EngineOptions options_;
  std::unique_ptr<Ops> substrate_;
  std::unique_ptr<voice_encoder::VoiceEncoder> network_;
};

}  // namespace

Result<Likeness> compare_voices(const std::string& a, const std::string& b, const std::string& model,
                                const EngineOptions& options) {
  return guarded([&] {
    Listening listening(model, options);
    Likeness likeness{
        .similarity = 0, .embedding_a = listening.embedding_of(a), .embedding_b = listening.embedding_of(b)};
    likeness.similarity = cosine(likeness.embedding_a, likeness.embedding_b);
    return likeness;
  });
}

}  // namespace nightingale
