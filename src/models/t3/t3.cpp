#include "models/t3/t3.hpp"

#include <array>

#include "models/lengths.hpp"
#include "models/t3/facts.hpp"

namespace nightingale::t3 {

namespace {

std::vector<LlamaBlock> bind_blocks(const Binder& at, const BackboneAxes& axes) {
  std::vector<LlamaBlock> blocks;
  const std::int64_t count = at.layers("layers");
  for (std::int64_t i = 0; i < count; ++i) blocks.emplace_back(at / "layers" / i, axes);
  return blocks;
}

BackboneAxes backbone_axes(const Binder& at) {
  const Axis head = at.axis("head");
  return {at.axis("model"), {"query", head_width * head.size}, head, at.axis("hidden")};
}

// Both guidance branches get the same rows.
Tensor doubled(Ops& op, const Tensor& x, Guidance guidance) {
  return guidance == Guidance::on ? op.concat({x, x}, "batch") : x;
}

}  // namespace

T3::T3(Binder at)
    : model_(at.axis("model")),
      text_vocabulary_(at.axis("text_vocabulary")),
      speech_vocabulary_(at.axis("speech_vocabulary")),
      text_position_(at.axis("text_position")),
      speech_position_(at.axis("speech_position")),
      axes_(backbone_axes(at)),
      text_embedding_(at / "text_emb", text_vocabulary_, model_),
      speech_embedding_(at / "speech_emb", speech_vocabulary_, model_),
      text_positions_((at / "text_pos_emb" / "emb").tensor("weight", {text_position_, model_}, Use::table)),
      speech_positions_(at / "speech_pos_emb" / "emb", speech_position_, model_),
      conditioning_(at / "cond_enc", model_),
      blocks_(bind_blocks(at / "tfmr", axes_)),
      norm_(at / "tfmr" / "norm", model_, norm_eps),
      speech_head_(at / "speech_head", speech_vocabulary_, model_, Bias::no),
      frequencies_(rotary_frequencies()) {
  at.unused("tfmr.embed_tokens.weight", "T3 feeds embeddings of its own");
  at.unused("text_head.weight", "predicts text, only used in training");
}

Tensor T3::condition(Ops& op, const Voice& voice) const {
  const Span span(op, "t3.condition");
  const Axis row = voice.prompt.shape()[1];
  const Tensor prompt =
      op.add(speech_embedding_.forward(op, voice.prompt), op.rows(speech_positions_.table, 0, row));
  return conditioning_.forward(op, voice.speaker, prompt, voice.emotion).from("t3.condition");
}

std::unique_ptr<Cache> T3::make_cache(Ops& op, Guidance guidance, std::int64_t most_rows) const {
  return op.make_cache({.batch = {"batch", guidance == Guidance::on ? 2 : 1},
                        .head = {"head", axes_.head.size.resolved()},
                        .width = {"width", head_width},
                        .layers = static_cast<std::int64_t>(blocks_.size()),
                        .most_rows = most_rows});
}

Tensor T3::prefill(Ops& op, const Tensor& condition, const Tensor& text, Guidance guidance,
                   Cache& cache) const {
  const Span span(op, "t3.prefill");
  op.join("T3", {}, {{"condition", &condition, {{"batch", 1}, condition.shape()[1], model_}}});
  const Axis text_row = text.shape()[1];
  const Tensor positions = op.rows(text_positions_, 0, text_row);
  const Tensor said = op.add(text_embedding_.forward(op, text), positions);
  const Tensor unsaid = op.spread(positions, {"batch", 1}, "row");
  const Tensor words = guidance == Guidance::on ? op.concat({said, unsaid}, "batch") : said;

  const Tensor start_id = op.write_ids({{"batch", 1}, {"row", 1}}, std::vector<std::int32_t>{start_speech});
  const Tensor start =
      op.add(speech_embedding_.forward(op, start_id), op.rows(speech_positions_.table, 0, {"row", 1}));
  const Tensor starts = op.repeat(doubled(op, start, guidance), "row", starts_of_speech);

  const Tensor rows = op.concat({doubled(op, condition, guidance), words, starts}, "row");
  return backbone(op, rows, std::array{&cache});
}

Tensor T3::step(Ops& op, const Tensor& id, const Tensor& index, std::span<Cache* const> caches) const {
  const Span span(op, "t3.step");
  const Tensor rows = op.add(speech_embedding_.forward(op, id), speech_positions_.forward(op, index));
  return backbone(op, rows, caches);
}

Tensor T3::step(Ops& op, std::int32_t token, std::int64_t index, Cache& cache) const {
  const Axis& batch = cache.sizes().batch;
  const auto in_each = [&](std::int64_t number) {
    const std::vector<std::int32_t> ids(static_cast<std::size_t>(batch.size.number()),
                                        static_cast<std::int32_t>(number));
    return op.write_ids({batch, {"row", 1}}, ids);
  };
  return step(op, in_each(token), in_each(index), std::array{&cache});
}

// Only the last row is asked for its logits: the others exist to fill the cache.
Tensor T3::backbone(Ops& op, Tensor x, std::span<Cache* const> caches) const {
  const Size rows = x.shape()[1].size;
  const Sequences sequences(caches);
  std::int64_t layer = 0;
  for (const LlamaBlock& block : blocks_) x = block.forward(op, x, frequencies_, sequences, layer++);
  for (Cache* cache : caches) cache->advance(rows);
  const Tensor last = op.slice(x, "row", rows - Size(1), 1);
  return speech_head_.forward(op, norm_.forward(op, last)).from("t3");
}

std::int64_t T3::condition_rows() const {
  return 1 + conditioning_.perceiver.query_row.size.resolved().number() + 1;
}

std::int64_t T3::bytes_of_step() const {
  std::int64_t bytes = speech_head_.weight.bytes();
  for (const LlamaBlock& block : blocks_) {
    for (const Linear* linear :
         {&block.query, &block.key, &block.value, &block.out, &block.gate, &block.up, &block.down})
      bytes += linear->weight.bytes();
  }
  return bytes;
}

std::vector<Signature> T3::signatures() {
  using namespace lengths;
  const Axis vocabulary = unknown("speech_vocabulary");
  const Axis model = unknown("model");
  const Axis condition_row{"row", 34};
  return {{"t3.condition",
           {{"speaker", {batch, {"speaker", speaker_channels}}},
            {"prompt", {batch, {"row", condition_prompt.size}}},
            {"emotion", {batch, {"emotion", 1}}}},
           {"condition", {batch, condition_row, model}}},
          {"t3.prefill",
           {{"condition", {batch, condition_row, model}}, {"text", {batch, {"row", text.size}}}},
           {"logits", {{"batch", 2}, {"row", 1}, vocabulary}}},
          {"t3.step",
           {{"id", {{"batch", 2}, {"row", 1}}}, {"index", {{"batch", 2}, {"row", 1}}}},
           {"logits", {{"batch", 2}, {"row", 1}, vocabulary}}}};
}

}  // namespace nightingale::t3
