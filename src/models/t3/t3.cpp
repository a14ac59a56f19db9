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

std::vector<Cache*> Branches::each() const {
  std::vector<Cache*> all;
  for (const auto& cache : caches) all.push_back(cache.get());
  return all;
}

std::unique_ptr<Cache> T3::make_cache(Ops& op, std::int64_t most_rows) const {
  return op.make_cache({.batch = {"batch", 1},
                        .head = {"head", axes_.head.size.resolved()},
                        .width = {"width", head_width},
                        .layers = static_cast<std::int64_t>(blocks_.size()),
                        .most_rows = most_rows});
}

Branches T3::make_branches(Ops& op, Guidance guidance, std::int64_t most_rows) const {
  Branches branches;
  branches.caches.push_back(make_cache(op, most_rows));
  if (guidance == Guidance::on) branches.caches.push_back(make_cache(op, most_rows));
  return branches;
}

// The positions of a text from `first` on, where its embeddings are zero.
Tensor T3::unsaid(Ops& op, const Size& first, const Size& count) const {
  return op.spread(op.rows(text_positions_, first, {"row", count}), {"batch", 1}, "row");
}

// Takes the opening so many rows of text further than the condition.
void T3::reach(Ops& op, Opening& opening, const Size& text_rows) const {
  const Span span(op, "t3.opening");
  const Axis condition_row = opening.condition_.shape()[1];
  const Size rows = condition_row.size + text_rows;
  auto longer = make_cache(op, rows.is_number() ? rows.number() : 0);
  if (!opening.cache_) {
    op.join("T3", {}, {{"condition", &opening.condition_, {{"batch", 1}, condition_row, model_}}});
    const bool alone = text_rows == Size(0);
    through(op, alone ? opening.condition_ : op.concat({opening.condition_, unsaid(op, 0, text_rows)}, "row"),
            std::array{longer.get()});
  } else {
    const Size have = opening.cache_->length();
    longer->begin_with(*opening.cache_, have);
    through(op, unsaid(op, have - condition_row.size, rows - have), std::array{longer.get()});
  }
  opening.cache_ = std::move(longer);
}

// Goes on in whole blocks: a row is then read by the kernels for many rows, whichever texts came before.
Size T3::opened(const Size& text_rows) const {
  constexpr std::int64_t block = 16;
  if (!text_rows.is_number()) return text_rows;
  const std::int64_t whole = (text_rows.number() + block - 1) / block * block;
  return whole + block > most_text() ? most_text() : whole;
}

void T3::open(Ops& op, Opening& opening, const Size& text_rows, const Branches& branches) const {
  const Size condition_rows = opening.condition_.shape()[1].size;
  const bool guided = branches.caches.size() > 1;
  const Size unsaid_rows = guided ? opened(text_rows) : Size(0);
  const std::scoped_lock lock(opening.mutex_);
  if (!opening.cache_ || opening.cache_->length().number() < (condition_rows + unsaid_rows).number()) {
    reach(op, opening, unsaid_rows);
  }
  branches.caches.front()->begin_with(*opening.cache_, condition_rows);
  if (guided) branches.caches.back()->begin_with(*opening.cache_, condition_rows + text_rows);
}

Tensor T3::prefill(Ops& op, Opening& opening, const Tensor& text, const Branches& branches) const {
  const Span span(op, "t3.prefill");
  const Axis text_row = text.shape()[1];
  const Tensor words = op.add(text_embedding_.forward(op, text), op.rows(text_positions_, 0, text_row));
  open(op, opening, text_row.size, branches);
  through(op, words, std::array{branches.caches.front().get()});

  const Axis batch{"batch", static_cast<std::int64_t>(branches.caches.size())};
  const std::vector<std::int32_t> start(branches.caches.size(), start_speech);
  const Tensor starts = op.add(speech_embedding_.forward(op, op.write_ids({batch, {"row", 1}}, start)),
                               op.rows(speech_positions_.table, 0, {"row", 1}));
  return logits(op, through(op, op.repeat(starts, "row", starts_of_speech), branches.each()));
}

Tensor T3::step(Ops& op, const Tensor& id, const Tensor& index, std::span<Cache* const> caches) const {
  const Span span(op, "t3.step");
  const Tensor rows = op.add(speech_embedding_.forward(op, id), speech_positions_.forward(op, index));
  return logits(op, through(op, rows, caches));
}

Tensor T3::step(Ops& op, std::int32_t token, std::int64_t index, const Branches& branches) const {
  const std::size_t count = branches.caches.size();
  const auto in_each = [&](std::int64_t number) {
    const std::vector<std::int32_t> ids(count, static_cast<std::int32_t>(number));
    return op.write_ids({{"batch", static_cast<std::int64_t>(count)}, {"row", 1}}, ids);
  };
  return step(op, in_each(token), in_each(index), branches.each());
}

Tensor T3::through(Ops& op, Tensor x, std::span<Cache* const> caches) const {
  const Size rows = x.shape()[1].size;
  const Sequences sequences(caches);
  std::int64_t layer = 0;
  for (const LlamaBlock& block : blocks_) x = block.forward(op, x, frequencies_, sequences, layer++);
  for (Cache* cache : caches) cache->advance(rows);
  return x;
}

// Only the last row is asked for its logits: the others exist to fill the caches.
Tensor T3::logits(Ops& op, const Tensor& x) const {
  const Tensor last = op.slice(x, "row", x.shape()[1].size - Size(1), 1);
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
