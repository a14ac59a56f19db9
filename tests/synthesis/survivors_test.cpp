// What a deliberate slip once survived in this room (tests/mutations): each case holds the line it broke.
#include <doctest/doctest.h>

#include <algorithm>

#include "synthesis/golden_model.hpp"
#include "synthesis/inputs.hpp"
#include "synthesis/pipeline.hpp"

using namespace nightingale;

TEST_CASE("every_piece_of_a_text_begins_in_silence") {
  const test::Golden golden("english");
  Request request;
  while (request.text.size() < 600) request.text += "The nightingale sings. ";
  request.max_seconds = 0.16;  // 4 tokens a piece
  request.steps = 1;
  const Spoken spoken = speak(golden.model, golden.voice, request);
  REQUIRE(spoken.tokens.size() > 1);
  std::size_t first = 0;
  for (const std::vector<std::int32_t>& tokens : spoken.tokens) {
    const auto piece = std::span(spoken.samples).subspan(first, 960 * tokens.size());
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
