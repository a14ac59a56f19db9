// T3: text and a voice become speech tokens, 25 a second, one after the other.
//
//   rows = [condition 34 | text | start | start | speech …] → Llama → norm → head → one logit per speech
//   token
//
// Guidance decodes two branches in one pass over the weights: the first sees the text, in the second the
// text's embeddings are zero (its positions stay). Several sequences decode in one pass too. Source: t3.py
// T3, llama_configs.py; sizes are solved from the checkpoint.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "layers/embedding.hpp"
#include "models/signature.hpp"
#include "models/t3/conditioning.hpp"
#include "models/t3/llama_block.hpp"

namespace nightingale::t3 {

enum class Guidance { off, on };

// A voice as T3 needs it. speaker [batch 1, speaker 256], prompt [batch 1, row] of speech tokens, emotion
// [batch 1, emotion 1] (0.5 is neutral).
struct Voice {
  Tensor speaker, prompt, emotion;
};

// What every text of a voice begins with, after it has gone through the network: the condition, and behind it
// the text's positions alone, which is all that the branch without the text has of it. Texts that are read
// from several threads may share it.
class Opening {
 public:
  explicit Opening(Tensor condition)
      : condition_(std::move(condition)) {}

 private:
  friend class T3;
  std::mutex mutex_;
  Tensor condition_;
  std::unique_ptr<Cache> cache_;  // as many rows as a text has needed so far
};

// The caches of one sequence: of the branch that sees the text, and with guidance of the one that does not.
struct Branches {
  std::vector<std::unique_ptr<Cache>> caches;

  std::vector<Cache*> each() const;
  const Size& length() const { return caches.front()->length(); }
};

class T3 {
 public:
  explicit T3(Binder at);

  // The voice's 34 rows [batch 1, row 34, model]; computed once a voice.
  Tensor condition(Ops& op, const Voice& voice) const;

  // The caches of a sequence: `most_rows` bounds condition + text + 2 + speech.
  Branches make_branches(Ops& op, Guidance guidance, std::int64_t most_rows) const;

  // Everything before the first speech token. text [batch 1, row] holds token ids, start and stop included →
  // logits [batch 1 or 2, row 1, speech_vocabulary]. Only the text and the start of speech go through the
  // network when the opening has been through it.
  Tensor prefill(Ops& op, Opening& opening, const Tensor& text, const Branches& branches) const;

  // One more token of every sequence: id [batch, row 1], which is the index-th of its speech (from 1; index
  // [batch, row 1]) → logits [batch, row 1, speech_vocabulary]. There is a cache for each entry, so a
  // sequence with guidance has its id twice. What comes out does not depend on who else is there.
  Tensor step(Ops& op, const Tensor& id, const Tensor& index, std::span<Cache* const> caches) const;
  // The same for one sequence, both its branches.
  Tensor step(Ops& op, std::int32_t token, std::int64_t index, const Branches& branches) const;

  std::int64_t text_vocabulary() const { return text_vocabulary_.size.resolved().number(); }
  std::int64_t speech_vocabulary() const { return speech_vocabulary_.size.resolved().number(); }
  std::int64_t most_text() const { return text_position_.size.resolved().number(); }  // rows with a position
  std::int64_t most_speech() const { return speech_position_.size.resolved().number(); }
  std::int64_t condition_rows() const;
  std::int64_t model_width() const { return model_.size.resolved().number(); }
  std::int64_t bytes_of_step() const;  // of the weights that every token reads
  static std::vector<Signature> signatures();

 private:
  std::unique_ptr<Cache> make_cache(Ops& op, std::int64_t most_rows) const;
  void open(Ops& op, Opening& opening, const Size& text_rows, const Branches& branches) const;
  void reach(Ops& op, Opening& opening, const Size& text_rows) const;
  Size opened(const Size& text_rows) const;
  Tensor unsaid(Ops& op, const Size& first, const Size& count) const;
  Tensor through(Ops& op, Tensor x, std::span<Cache* const> caches) const;
  Tensor logits(Ops& op, const Tensor& x) const;

  Axis model_, text_vocabulary_, speech_vocabulary_, text_position_, speech_position_;
  BackboneAxes axes_;
  Embedding text_embedding_, speech_embedding_;
  Weight text_positions_;
  Embedding speech_positions_;
  Conditioning conditioning_;
  std::vector<LlamaBlock> blocks_;
  RmsNorm norm_;
  Linear speech_head_;
  std::vector<float> frequencies_;
};

}  // namespace nightingale::t3
