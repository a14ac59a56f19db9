// What fewer bits cost, on the model that ships and so on real speech: how often T3 still holds the same
// token for the best, given the same tokens before it, and how far the mel moves.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <optional>

#include "checkpoint/files.hpp"
#include "close.hpp"
#include "kernels/cpu/quantized.hpp"
#include "models/t3/facts.hpp"
#include "synthesis/golden_model.hpp"
#include "synthesis/inputs.hpp"
#include "synthesis/pieces.hpp"
#include "synthesis/quantize.hpp"
#include "synthesis/renderer.hpp"
#include "synthesis/speech.hpp"

using namespace nightingale;
using Tokens = std::vector<std::int32_t>;

namespace {

constexpr const char* fledgling = NIGHTINGALE_SOURCE "/models/fledgling";
constexpr const char* sentence = "The lamp on the shelf was warm, and nobody had written to him for years.";

struct Opened {
  Model model;
  VoiceArrays voice = read_voice(std::string(fledgling) + "/conds.pt");

  explicit Opened(const Precisions& precisions, const std::string& folder = fledgling)
      : model(find_model(folder, WantedLanguage::automatic, ""),
              make_cpu({.threads = 1, .attention = precisions.flow}), "", precisions) {}

  Tokens text() const {
    Request request;
    request.text = sentence;
    return pieces_of(request, model.tokenizer(), {model.t3().most_text(), model.t3().most_speech()}).front();
  }
};

Tokens spoken(const Opened& with) {
  Ops& op = with.model.ops();
  Random random(3);
  t3::Opening opening(with.model.t3().condition(op, t3_voice(op, with.voice, with.voice.emotion)));
  return sound_tokens(generate_speech(op, with.model.t3(), opening, with.text(), {}, random));
}

// The best token at each place, when `tokens` were those before it.
Tokens best_tokens(const Opened& with, const Tokens& tokens) {
  Ops& op = with.model.ops();
  const t3::T3& t3 = with.model.t3();
  const Tokens ids = with.text();
  const auto text_rows = static_cast<std::int64_t>(ids.size()),
             count = static_cast<std::int64_t>(tokens.size());
  t3::Opening opening(t3.condition(op, t3_voice(op, with.voice, with.voice.emotion)));
  const t3::Branches branches =
      t3.make_branches(op, t3::Guidance::on, t3.condition_rows() + text_rows + 2 + count);
  Tensor logits = t3.prefill(op, opening, op.write_ids({{"batch", 1}, {"row", text_rows}}, ids), branches);
  Tokens best;
  for (std::int64_t index = 1; index <= count; ++index) {
    const std::vector<float> both = op.read(logits);
    const auto end = both.begin() + static_cast<std::ptrdiff_t>(both.size() / 2);
    best.push_back(static_cast<std::int32_t>(std::max_element(both.begin(), end) - both.begin()));
    logits = t3.step(op, tokens[static_cast<std::size_t>(index - 1)], index, branches);
  }
  return best;
}

std::vector<float> mel(const Opened& with, const Tokens& tokens,
                       std::optional<double> unconditioned_prompt_seconds = {}) {
  Ops& op = with.model.ops();
  Random random(4);
  Renderer renderer{op, with.model.flow(), with.model.hift(), with.voice};
  renderer.unseen_tokens = unseen_tokens_of(with.voice, unconditioned_prompt_seconds);
  const std::int64_t frames = renderer.frames_of(static_cast<std::int64_t>(tokens.size()));
  return op.read(renderer.mel(tokens, draw_mel_noise(op, frames, random)));
}

}  // namespace

TEST_CASE("fewer_bits_of_t3_choose_the_same_tokens") {
  const Opened exact({});
  const Tokens tokens = spoken(exact);
  REQUIRE(tokens.size() > 60);
  const Tokens best = best_tokens(exact, tokens);
  for (const auto& [precision, least] :
       {std::pair{Precision::int8, 0.97}, std::pair{Precision::int4, 0.85}}) {
    const Tokens rounded = best_tokens(Opened({.t3 = precision}), tokens);
    std::size_t same = 0;
    for (std::size_t i = 0; i < best.size(); ++i) same += best[i] == rounded[i] ? 1 : 0;
    const double share = static_cast<double>(same) / static_cast<double>(best.size());
    MESSAGE(name_of(precision) << ": " << share << " of " << best.size() << " best tokens are the same");
    CHECK(share >= least);
  }
}

TEST_CASE("fewer_bits_of_the_flow_make_nearly_the_same_mel") {
  const Opened exact({});
  const Tokens tokens = spoken(exact);
  const double apart = testing::distance(mel(Opened({.flow = Precision::int8}), tokens), mel(exact, tokens));
  MESSAGE("int8: the mel is " << apart << " of its size away");
  CHECK(apart < 0.03);
}

TEST_CASE("an_unconditioned_branch_without_the_prompt_makes_nearly_the_same_mel") {
  const Opened exact({});
  const Tokens tokens = spoken(exact);
  const double apart = testing::distance(mel(exact, tokens, 0), mel(exact, tokens));
  MESSAGE("the mel is " << apart << " of its size away");
  CHECK(apart > 0);
  CHECK(apart < 0.1);
}

TEST_CASE("a_quantized_model_speaks_as_one_that_is_rounded_when_it_is_loaded") {
  const test::TemporaryFolder folder;
  const std::string path = folder / "few";
  const Precisions few{.t3 = Precision::int8, .flow = Precision::int8};
  const ModelFolder whole = find_model(fledgling, WantedLanguage::automatic, "");
  quantize(whole, path, few);
  const Opened rounded(few), stored({.flow = Precision::int8}, path);
  const Tokens tokens = spoken(rounded);
  CHECK(spoken(stored) == tokens);
  // Where bytes are not faster the flow is float again: of the file's rounded numbers, or of the exact ones.
  CHECK(testing::distance(mel(stored, tokens), mel(rounded, tokens)) <= (cpu::bytes_pay() ? 0 : 0.03));
  CHECK(std::filesystem::exists(path + "/voices/slt.voice"));
  CHECK(std::filesystem::file_size(path + "/t3_cfg.safetensors") < std::filesystem::file_size(whole.t3));

  const auto refusal = [](const auto& work) { return test::error_of(work).sentence; };
  CHECK(refusal([&] { quantize(whole, path, few); }).find("is no empty folder") != std::string::npos);
  CHECK(refusal([&] { quantize(whole, fledgling, few); }).find("own folder") != std::string::npos);
  CHECK(refusal([&] { quantize(whole, folder / "other", {}); }).find("nothing is to be rounded") !=
        std::string::npos);
  const ModelFolder twice = find_model(path, WantedLanguage::automatic, "");
  CHECK(refusal([&] { quantize(twice, folder / "twice", few); }).find("in few bits already") !=
        std::string::npos);
}
