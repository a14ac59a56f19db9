// The loops around the networks: what is drawn, what of it is sound, how it begins, and that nothing but the
// request decides it.
#include "synthesis/speech.hpp"
#include "text/tokenizer.hpp"

#include <doctest/doctest.h>

#include <thread>

#include "checkpoint/files.hpp"
#include "models/t3/facts.hpp"
#include "synthesis/golden_model.hpp"
#include "synthesis/inputs.hpp"
#include "synthesis/pipeline.hpp"
#include "synthesis/renderer.hpp"

using namespace nightingale;
using Tokens = std::vector<std::int32_t>;

namespace {

Request short_request() {
  Request request;
  request.text = "Hello, nightingale.";
  request.max_seconds = 0.32;  // 8 tokens
  request.steps = 2;
  return request;
}

// T3 alone, on the English golden's voice.
struct Speaker {
  test::Golden golden{"english"};
  Ops& op = golden.model.ops();
  Tensor condition = golden.model.t3().condition(op, t3_voice(op, golden.voice, golden.voice.emotion));

  Tokens say(const SpeechOptions& options, const Tokens& text = {start_text, 20, 30, stop_text}) {
    Random random(7);
    return generate_speech(op, golden.model.t3(), condition, text, options, random);
  }
};

}  // namespace

TEST_CASE("sound_is_what_stands_between_start_and_stop") {
  CHECK(sound_tokens(Tokens{1, 2, 3}) == Tokens{1, 2, 3});
  CHECK(sound_tokens(Tokens{1, 6561, 2, 3}) == Tokens{2, 3});
  CHECK(sound_tokens(Tokens{1, 2, 6562, 3}) == Tokens{1, 2});
  CHECK(sound_tokens(Tokens{6562, 6561, 4, 6562, 5}) == Tokens{4});
  CHECK(sound_tokens(Tokens{4, 6561, 5, 6561, 6}) == Tokens{5, 6});
  CHECK(sound_tokens(Tokens{6560, 6563, 8193, 0}) == Tokens{6560, 0});
  CHECK(sound_tokens(Tokens{6562}).empty());
  CHECK(sound_tokens(Tokens{}).empty());
}

TEST_CASE("sound_begins_with_silence_and_fades_in") {
  std::vector<float> samples(1000, 2);
  fade_in(samples);
  CHECK(std::all_of(samples.begin(), samples.begin() + 481, [](float sample) { return sample == 0; }));
  // (1 + cos(π·(1 − i/479)))/2, torch.linspace(π, 0, 480)
  CHECK(samples[481] == doctest::Approx(2.1509e-05).epsilon(1e-3));
  CHECK(samples[480 + 239] == doctest::Approx(2 * 0.49836).epsilon(1e-4));
  CHECK(samples[480 + 240] == doctest::Approx(2 * 0.50164).epsilon(1e-4));
  CHECK(samples[959] == 2);
  CHECK(samples[960] == 2);
}

TEST_CASE("sound_shorter_than_the_fade_is_faded_as_far_as_it_goes") {
  std::vector<float> samples(500, 1);
  fade_in(samples);
  CHECK(samples.front() == 0);
  CHECK(samples.back() > 0);
  CHECK(samples.back() < 0.01F);
  fade_in(std::span<float>());
}

TEST_CASE("speech_ends_at_the_most_tokens") {
  Speaker speaker;
  CHECK(speaker.say({.sampling = {}, .most_tokens = 5, .progress = {}}).size() == 5);
}

TEST_CASE("speech_ends_where_the_listener_wants") {
  Speaker speaker;
  std::vector<std::int64_t> counts;
  const auto listener = [&](std::int64_t count) {
    counts.push_back(count);
    return count < 3;
  };
  CHECK(speaker.say({.sampling = {}, .most_tokens = 9, .progress = listener}).size() == 3);
  CHECK(counts == std::vector<std::int64_t>{1, 2, 3});
}

TEST_CASE("speech_never_outgrows_the_learned_positions") {
  Speaker speaker;
  const std::int64_t positions = speaker.golden.model.t3().most_speech();
  SpeechOptions options{.sampling = {.guidance = 0, .temperature = 0}, .most_tokens = 4000, .progress = {}};
  CHECK(static_cast<std::int64_t>(speaker.say(options).size()) < positions);
}

TEST_CASE("a_text_longer_than_the_learned_positions_is_told_to_be_broken_up") {
  Speaker speaker;
  const Tokens text(static_cast<std::size_t>(speaker.golden.model.t3().most_text()) + 1, 20);
  const Error error = test::error_of([&] { speaker.say({}, text); });
  CHECK(error.code == ErrorCode::text_invalid);
  CHECK(error.sentence == "this piece of the text is 1031 tokens long, but the model has positions for 1030");
  CHECK(error.fix == "break the text up with full stops or commas");
}

TEST_CASE("the_same_seed_says_the_same_whatever_the_threads") {
  const test::Golden one("english", make_cpu({1}));
  const test::Golden three("english", make_cpu({3}));
  const Spoken alone = speak(one.model, one.voice, short_request());
  const Spoken shared = speak(three.model, three.voice, short_request());
  CHECK(alone.tokens == shared.tokens);
  CHECK(alone.samples == shared.samples);
  CHECK(alone.samples.size() == 960 * alone.tokens.front().size());
}

TEST_CASE("another_seed_says_something_else") {
  const test::Golden golden("english");
  Request request = short_request();
  const Spoken first = speak(golden.model, golden.voice, request);
  CHECK(speak(golden.model, golden.voice, request).samples == first.samples);
  request.seed = 43;
  CHECK(speak(golden.model, golden.voice, request).tokens != first.tokens);
}

TEST_CASE("two_engines_in_one_process_do_not_meet") {
  const test::Golden english("english");
  const test::Golden multilingual("multilingual");
  Request german = short_request();
  german.language = "de";
  const Spoken english_alone = speak(english.model, english.voice, short_request());
  const Spoken german_alone = speak(multilingual.model, multilingual.voice, german);

  Spoken english_beside;
  Spoken german_beside;
  std::thread first([&] { english_beside = speak(english.model, english.voice, short_request()); });
  std::thread second([&] { german_beside = speak(multilingual.model, multilingual.voice, german); });
  first.join();
  second.join();
  CHECK(english_beside.samples == english_alone.samples);
  CHECK(german_beside.samples == german_alone.samples);
}

TEST_CASE("the_multilingual_model_keeps_its_last_token_to_itself") {
  const test::Golden golden("multilingual");
  Request request = short_request();
  request.language = "de";
  const Spoken spoken = speak(golden.model, golden.voice, request);
  CHECK(spoken.samples.size() == 960 * (spoken.tokens.front().size() - 1));
}

TEST_CASE("a_request_out_of_range_is_refused_field_by_field") {
  const test::Golden golden("english");
  Request request = short_request();
  request.temperature = -1;
  CHECK(test::error_of([&] { speak(golden.model, golden.voice, request); }).sentence ==
        "temperature = -1 is out of range: 0 to 5");
  request.steps = 0;
  CHECK(test::error_of([&] { speak(golden.model, golden.voice, request); }).facts.size() == 2);
}

TEST_CASE("a_request_that_is_stopped_is_cancelled") {
  const test::Golden golden("english");
  for (const std::string stage : {"tokens", "mel", "samples"}) {
    Request request = short_request();
    request.progress = [&](const Progress& progress) {
      return progress.stage == stage ? Going::stop : Going::on;
    };
    CHECK(test::error_of([&] { speak(golden.model, golden.voice, request); }).code == ErrorCode::cancelled);
  }
}

TEST_CASE("a_request_that_is_finished_early_returns_what_it_has") {
  const test::Golden golden("english");
  Request request = short_request();
  request.progress = [](const Progress& progress) {
    return progress.stage == "tokens" && progress.done == 4 ? Going::finish : Going::on;
  };
  const Spoken spoken = speak(golden.model, golden.voice, request);
  CHECK(!spoken.whole);
  CHECK(spoken.samples.size() == 4 * 960);
}
