#include "synthesis/model.hpp"

#include <array>
#include <filesystem>
#include <functional>

#include "base/failure.hpp"
#include "checkpoint/open_tensor_file.hpp"
#include "checkpoint/vocabulary.hpp"
#include "synthesis/proof.hpp"

namespace nightingale {

namespace {

std::string file_name(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

}  // namespace

std::unique_ptr<t3::T3> bind_t3(Binding& binding) {
  return std::make_unique<t3::T3>(binding.root());
}

BoundS3gen bind_flow_and_vocoder(Binding& binding) {
  const Binder at = binding.root();
  if (at.holds("flow.decoder.estimator.time_embed_mixer.weight")) {
    fail(ErrorCode::unsupported,
         file_name(binding.file().path()) +
             " holds the flow of two steps (meanflow) that Turbo speaks with, which this version cannot run "
             "yet",
         "take the s3gen.safetensors of the English or the multilingual model");
  }
  return {std::make_unique<flow::Flow>(at / "flow"),
          std::make_unique<hift::Hift>((at / "mel2wav").scope("hift"))};
}

BoundS3gen bind_s3gen(Binding& binding) {
  BoundS3gen bound = bind_flow_and_vocoder(binding);
  binding.root().unused("tokenizer.", "the speech tokenizer, which only baking and conversion need");
  binding.root().unused("speaker_encoder.",
                        "the speaker encoder of the flow, which only baking a voice needs");
  return bound;
}

Model::Model(const ModelFolder& folder, std::unique_ptr<Ops> substrate, const std::string& watermark,
             const Precisions& precisions)
    : folder_(folder),
      tokenizer_(Tokenizer::open(folder.tokenizer)),
      substrate_(std::move(substrate)) {
  std::unique_ptr<Binding> t3, s3gen;
  const auto open_t3 = [&] {
    t3 = std::make_unique<Binding>(open_tensor_file(folder.t3), "T3");
    t3_ = bind_t3(*t3);
    t3->judge();
  };
  const auto open_s3gen = [&] {
    s3gen = std::make_unique<Binding>(open_tensor_file(folder.s3gen), "flow and vocoder");
    BoundS3gen bound = bind_s3gen(*s3gen);
    flow_ = std::move(bound.flow);
    hift_ = std::move(bound.hift);
    s3gen->judge();
  };
  const auto open_watermark = [&] {
    if (!watermark.empty()) watermark_ = std::make_unique<Watermark>(watermark, *substrate_);
  };
  // Beside each other: opening a file keeps one thread busy, and the watermark's network another.
  const std::array<std::function<void()>, 3> files{open_watermark, open_t3, open_s3gen};
  substrate_->in_turns(files.size(), [&](std::size_t i) { files[i](); });

  check_vocabularies();
  proof_ = prove(*t3_, *flow_, *hift_);
  t3->load(*substrate_, precisions);
  s3gen->load(*substrate_, precisions);
  decoder_ = std::make_unique<Decoder>(*substrate_, *t3_);
}

// The text's ids must have a row in T3's table, and T3's tokens one in the flow's.
void Model::check_vocabularies() const {
  check_vocabulary({.checkpoint = file_name(folder_.t3),
                    .rows = t3_->text_vocabulary(),
                    .tokenizer = file_name(folder_.tokenizer),
                    .entries = static_cast<std::int64_t>(tokenizer_.vocabulary_size())});
  if (flow_->speech_codes() > t3_->speech_vocabulary()) {
    throw Failure({ErrorCode::model_mismatch,
                   file_name(folder_.t3) + " and " + file_name(folder_.s3gen) + " do not belong together",
                   {{"speech_emb.weight", std::to_string(t3_->speech_vocabulary()) + " speech tokens",
                     "more than " + std::to_string(flow_->speech_codes()),
                     "flow.input_embedding.weight has as many codes, and T3 adds start and stop"}},
                   "take both files from the same release"});
  }
}

}  // namespace nightingale
