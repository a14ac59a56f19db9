// What T3 does beside its layers: where the start of speech stands, what guidance is, and that decoding step
// by step is the same as reading everything at once.
#include "models/t3/t3.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <optional>

#include "base/failure.hpp"
#include "golden_layer.hpp"
#include "golden_networks.hpp"
#include "models/t3/facts.hpp"
#include "models/t3/llama_block.hpp"

using namespace nightingale;
using t3::Guidance;
using test::LoadedT3;
using test::one;

namespace {

constexpr std::int64_t most_rows = 200;
constexpr double rounding = 1e-5;  // of the logits' scale: the order of summation differs

struct Decoding {
  LoadedT3 loaded;
  Ops& op = loaded.op;
  const t3::T3& network = loaded.network;
  std::optional<t3::Opening> opening;
  std::vector<std::int32_t> text = test::golden_ids("reference/step1_text_tokens_padded");
  std::vector<std::int32_t> speech = test::golden_ids("reference/step3_speech_tokens");

  Decoding() { opening.emplace(network.condition(op, voice())); }

  t3::Voice voice() {
    const auto prompt = test::golden_ids("voice/t3_cond_tokens");
    return {op.write({one, {"speaker", t3::speaker_channels}}, test::golden_numbers("voice/soul_t3_256")),
            op.write_ids({one, test::rows(prompt.size())}, prompt),
            op.write({one, {"emotion", 1}}, test::golden_numbers("voice/emotion_adv"))};
  }
  Tensor words() { return op.write_ids({one, test::rows(text.size())}, text); }
  t3::Branches branches(Guidance guidance) { return network.make_branches(op, guidance, most_rows); }
  Tensor prefill(const t3::Branches& memory) { return network.prefill(op, *opening, words(), memory); }

  // The logits behind `count` tokens of the golden's speech, decoded one by one.
  Tensor stepped(std::int64_t count, Guidance guidance) {
    const t3::Branches memory = branches(guidance);
    Tensor logits = prefill(memory);
    for (std::int64_t i = 0; i < count; ++i) {
      logits = network.step(op, speech.at(static_cast<std::size_t>(i)), i + 1, memory);
    }
    return logits;
  }
};

}  // namespace

TEST_CASE("rotary_frequencies_are_kept_blended_and_divided_as_llama_3_does") {
  const std::vector<float> ours = t3::rotary_frequencies();
  REQUIRE(ours.size() == 32);
  for (std::size_t i = 0; i < ours.size(); ++i) {
    CAPTURE(i);
    const double plain = std::pow(500000.0, -2.0 * static_cast<double>(i) / 64);
    const double wave = 2 * std::numbers::pi / plain;
    const double share = (8192 / wave - 1) / 3;
    double expected = plain;
    if (i >= 15 && i <= 17) expected = (1 - share) * plain / 8 + share * plain;
    if (i >= 18) expected = plain / 8;
    CHECK(ours[i] == doctest::Approx(expected).epsilon(1e-6));
  }
}

TEST_CASE("t3_gives_upstreams_first_and_last_logits") {
  Decoding t3;
  const auto last = static_cast<std::int64_t>(t3.speech.size()) - 1;
  CHECK(testing::close(t3.stepped(0, Guidance::on), test::golden_numbers("reference/step3_first_logits"),
                       rounding));
  CHECK(testing::close(t3.stepped(last, Guidance::on), test::golden_numbers("reference/step3_last_logits"),
                       rounding));
}

TEST_CASE("t3_without_guidance_is_the_first_branch_of_t3_with_it") {
  Decoding t3;
  for (const std::int64_t count : {0, 3}) {
    const Tensor both = t3.stepped(count, Guidance::on);
    const Tensor alone = t3.stepped(count, Guidance::off);
    CHECK(testing::close(alone, t3.op.slice(both, "batch", 0, 1), rounding));
    CHECK(!testing::close(alone, t3.op.read(t3.op.slice(both, "batch", 1, 1)), 0.01));
  }
}

TEST_CASE("t3_without_the_text_hears_only_where_it_stood") {
  Decoding t3;
  const Tensor before = t3.stepped(0, Guidance::on);
  std::swap(t3.text.at(1), t3.text.at(5));
  const Tensor after = t3.stepped(0, Guidance::on);
  CHECK(testing::close(t3.op.slice(after, "batch", 1, 1), t3.op.slice(before, "batch", 1, 1), 0));
  CHECK(!testing::close(t3.op.slice(after, "batch", 0, 1), t3.op.slice(before, "batch", 0, 1), 1e-3));
}

TEST_CASE("texts_that_share_an_opening_are_read_as_alone") {
  Decoding t3;
  t3::Opening shared(t3.network.condition(t3.op, t3.voice()));
  for (const auto& [length, guidance] :
       {std::pair{16, Guidance::off}, std::pair{16, Guidance::on}, std::pair{18, Guidance::on},
        std::pair{90, Guidance::on}, std::pair{3, Guidance::on}, std::pair{91, Guidance::off}}) {
    CAPTURE(length);
    t3.text.assign(static_cast<std::size_t>(length), 21);
    t3.text.front() = 30;
    t3::Opening own(t3.network.condition(t3.op, t3.voice()));
    const t3::Branches here = t3.branches(guidance), alone = t3.branches(guidance);
    const Tensor logits = t3.network.prefill(t3.op, shared, t3.words(), here);
    CHECK(testing::close(logits, t3.op.read(t3.network.prefill(t3.op, own, t3.words(), alone)), 0));
    CHECK(here.length() == alone.length());
    CHECK(testing::close(t3.network.step(t3.op, 7, 1, here), t3.op.read(t3.network.step(t3.op, 7, 1, alone)),
                         0));
  }
}

TEST_CASE("the_start_of_speech_stands_twice") {
  Decoding t3;
  const t3::Branches memory = t3.branches(Guidance::off);
  t3.prefill(memory);
  CHECK(memory.length() == Size(static_cast<std::int64_t>(34 + t3.text.size() + 2)));
}

TEST_CASE("the_index_of_a_step_is_its_learned_position") {
  Decoding t3;
  const auto logits_at = [&](std::int64_t index) {
    const t3::Branches memory = t3.branches(Guidance::off);
    t3.prefill(memory);
    return t3.network.step(t3.op, t3.speech.front(), index, memory);
  };
  CHECK(testing::close(logits_at(1), logits_at(1), 0));
  CHECK(!testing::close(logits_at(2), logits_at(1), 1e-4));
}

TEST_CASE("a_block_that_reads_row_by_row_gives_what_it_gives_at_once") {
  const auto op = make_cpu({1});
  test::GoldenLayer golden("t3.tfmr.layers.0", *op);
  const t3::BackboneAxes axes = test::backbone_axes(golden);
  const t3::LlamaBlock block(golden.at(), axes);
  golden.load();
  const Tensor x = golden.input("0", {"batch", "row", "model"});
  const auto frequencies = t3::rotary_frequencies();
  const auto whole_cache = op->make_cache(test::cache_sizes(axes, x));
  const std::array<Cache*, 1> whole_caches{whole_cache.get()};
  const Tensor whole = block.forward(*op, x, frequencies, t3::Sequences(whole_caches), 0);
  const auto cache = op->make_cache(test::cache_sizes(axes, x));
  const std::array<Cache*, 1> caches{cache.get()};
  std::int64_t done = 0;
  for (const std::int64_t count : {40, 1, 1, 5, 1}) {
    const Tensor part = op->slice(x, "row", done, count);
    const Tensor ours = block.forward(*op, part, frequencies, t3::Sequences(caches), 0);
    cache->advance(count);
    CHECK(testing::close(ours, op->slice(whole, "row", done, count), rounding));
    done += count;
  }
}

TEST_CASE("t3_decodes_differently_when_a_token_stands_elsewhere") {
  Decoding t3;
  const Tensor in_order = t3.stepped(2, Guidance::off);
  std::swap(t3.speech.at(0), t3.speech.at(1));
  REQUIRE(t3.speech.at(0) != t3.speech.at(1));
  CHECK(!testing::close(t3.stepped(2, Guidance::off), t3.op.read(in_order), 1e-4));
}

TEST_CASE("t3_refuses_a_text_longer_than_its_positions") {
  Decoding t3;
  t3.text.assign(static_cast<std::size_t>(t3.network.most_text()) + 1, 5);
  const t3::Branches memory = t3.network.make_branches(t3.op, Guidance::off, 2 * t3.network.most_text());
  CHECK_THROWS_AS(t3.prefill(memory), Failure);
}

TEST_CASE("t3_refuses_a_word_that_is_not_in_its_table") {
  Decoding t3;
  for (const std::int32_t stranger : {-1, 704}) {
    t3.text.at(2) = stranger;
    const t3::Branches memory = t3.branches(Guidance::off);
    CHECK_THROWS_AS(t3.prefill(memory), Failure);
  }
}

TEST_CASE("t3_refuses_more_rows_than_its_cache_holds") {
  Decoding t3;
  const t3::Branches small =
      t3.network.make_branches(t3.op, Guidance::off, static_cast<std::int64_t>(34 + t3.text.size() + 2));
  t3.prefill(small);
  CHECK_THROWS_AS(t3.network.step(t3.op, 7, 1, small), Failure);
}
