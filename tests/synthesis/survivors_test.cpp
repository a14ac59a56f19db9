// What a deliberate slip once survived in this room (tests/mutations): each case holds the line it broke.
#include <doctest/doctest.h>

#include <algorithm>

#include "checkpoint/npy.hpp"
#include "models/t3/facts.hpp"
#include "synthesis/golden_model.hpp"
#include "synthesis/inputs.hpp"
#include "synthesis/pipeline.hpp"
#include "synthesis/speech.hpp"

using namespace nightingale;
using test::Said;
using test::say;

TEST_CASE("every_piece_of_a_text_begins_in_silence") {
  const test::Golden golden("english");
  Request request;
  while (request.text.size() < 600) request.text += "The nightingale sings. ";
  request.max_seconds = 0.16;  // 4 tokens a piece
  request.steps = 1;
  const Said spoken = say(golden.model, golden.voice, request);
  REQUIRE(spoken.tokens.size() > 1);
  std::size_t first = 0;
  for (const std::vector<std::int32_t>& tokens : spoken.tokens) {
    const auto piece = std::span(spoken.sound).subspan(first, 960 * tokens.size());
    CHECK(std::ranges::all_of(piece.first(480), [](float sample) { return sample == 0; }));
    CHECK(std::ranges::any_of(piece.subspan(480), [](float sample) { return sample != 0; }));
    first += piece.size();
  }
}

TEST_CASE("the_vocoder_draws_phases_then_noise_then_what_nobody_hears") {
  const std::unique_ptr<Ops> op = make_reference();
  Random random(42), stream(42);
  const hift::SourceNoise drawn = draw_source_noise(*op, 960, random);
  std::vector<float> phases(9), noise(9 * 960), unheard(960);
  stream.uniform(phases);
  stream.normal(noise);
  stream.normal(unheard);
  CHECK(op->read(drawn.noise)[1] == noise[960]);  // ours is [sample, harmonic], PyTorch's [harmonic, sample]
  CHECK(random.bits() == stream.bits());
}

TEST_CASE("speech_ends_with_the_stop") {
  const test::Golden golden("multilingual");
  Ops& op = golden.model.ops();
  const TensorFile text = read_npy(test::golden("multilingual/reference/step1_text_tokens_padded.npy"));
  const std::vector<std::int64_t> stored = to_integers(text.tensors().front());
  const std::vector<std::int32_t> ids(stored.begin(), stored.end());
  Random random(42);
  const SpeechOptions likeliest{.sampling = {.temperature = 0, .repetition_penalty = 2}};
  t3::Opening opening(golden.model.t3().condition(op, t3_voice(op, golden.voice, golden.voice.emotion)));
  const auto tokens = generate_speech(op, golden.model.t3(), opening, ids, likeliest, random);
  CHECK(tokens.size() == 14);
  CHECK(std::ranges::find(tokens, t3::stop_speech) == tokens.end() - 1);
}

TEST_CASE("every_field_of_a_request_is_heard") {
  const test::Golden golden("english");
  Request plain;
  plain.text = "Hello, nightingale.";
  plain.max_seconds = 0.32;  // 8 tokens
  plain.steps = 2;
  const auto spoken = [&](const Request& request) { return say(golden.model, golden.voice, request).sound; };
  const std::vector<float> before = spoken(plain);
  const auto is_heard = [&](auto change) {
    Request changed = plain;
    change(changed);
    return spoken(changed) != before;
  };
  CHECK(!is_heard([](Request&) {}));
  CHECK(is_heard([](Request& request) { request.text = "Hello, raven."; }));
  CHECK(is_heard([](Request& request) { request.seed += 1; }));
  CHECK(is_heard([](Request& request) { request.exaggeration = 2; }));
  CHECK(is_heard([](Request& request) { request.guidance = 2; }));
  CHECK(is_heard([](Request& request) { request.temperature = 0.1; }));
  CHECK(is_heard([](Request& request) { request.min_p = 0.9; }));
  CHECK(is_heard([](Request& request) { request.top_p = 0.2; }));
  CHECK(is_heard([](Request& request) { request.max_seconds = 0.4; }));
  CHECK(is_heard([](Request& request) { request.steps = 3; }));

  // The likeliest tokens repeat themselves sooner than the drawn ones.
  plain.temperature = 0;
  plain.max_seconds = 2;  // 50 tokens
  plain.repetition_penalty = 1;
  Request varied = plain;
  varied.repetition_penalty = 5;
  CHECK(spoken(varied) != spoken(plain));
}
