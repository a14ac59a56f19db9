// The loops around the networks: what is drawn, what of it is sound, how it begins, and that nothing but the
// request decides it.
#include "synthesis/speech.hpp"
#include "text/tokenizer.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <list>
#include <thread>

#include "checkpoint/files.hpp"
#include "models/t3/facts.hpp"
#include "synthesis/golden_model.hpp"
#include "synthesis/inputs.hpp"
#include "synthesis/pipeline.hpp"
#include "synthesis/renderer.hpp"

using namespace nightingale;
using test::Said;
using test::say;
using Tokens = std::vector<std::int32_t>;

namespace {

Request short_request() {
  Request request;
  request.text = "Hello, nightingale.";
  request.max_seconds = 0.32;  // 8 tokens
  request.steps = 2;
  return request;
}

// Two sentences, each as long as a piece may be or nearly.
std::vector<std::string> pieces_of_two() {
  std::string first = "The nightingale sings", second = "Nobody hears it";
  while (first.size() < 200) first += " and sings";
  while (second.size() < 200) second += " or sees it";
  return {first + ".", second + "."};
}

// T3 alone, on the English golden's voice.
struct Speaker {
  test::Golden golden;
  Ops& op = golden.model.ops();
  t3::Opening opening{golden.model.t3().condition(op, t3_voice(op, golden.voice, golden.voice.emotion))};

  explicit Speaker(Precision precision = Precision::f32)
      : golden("english", make_cpu({1}), {.t3 = precision}) {}

  Tokens say(const SpeechOptions& options, const Tokens& text = {start_text, 20, 30, stop_text}) {
    Random random(7);
    return generate_speech(op, golden.model.t3(), opening, text, options, random);
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
  CHECK(speaker.say({.sampling = {}, .most_tokens = 5}).size() == 5);
}

TEST_CASE("sequences_say_the_same_together_as_alone_whoever_joins_and_leaves") {
  for (const Precision precision : {Precision::f32, Precision::int8}) {
    CAPTURE(precision);
    Speaker speaker(precision);
    const std::vector<Tokens> texts{{start_text, 20, 30, stop_text},
                                    {start_text, 40, 41, 42, 43, 44, 45, 46, 47, 48, stop_text},
                                    {start_text, 60, stop_text}};
    const std::vector<SpeechOptions> options{{.sampling = {}, .most_tokens = 12},
                                             {.sampling = {.guidance = 0}, .most_tokens = 7},
                                             {.sampling = {.temperature = 1.5F}, .most_tokens = 10}};
    std::vector<Random> random(3, Random(7));
    std::list<Sequence> sequences;
    const auto write = [&](int rounds) {
      for (int round = 0; round < rounds; ++round) {
        std::vector<Sequence*> together;
        for (Sequence& one : sequences) {
          if (!one.ended()) together.push_back(&one);
        }
        write_on(speaker.op, speaker.golden.model.t3(), together);
      }
    };
    for (std::size_t i = 0; i < texts.size(); ++i) {
      sequences.emplace_back(speaker.op, speaker.golden.model.t3(), speaker.opening, texts[i], options[i],
                             random[i]);
      write(3);
    }
    write(6);
    std::size_t i = 0;
    for (const Sequence& sequence : sequences) {
      CHECK(sequence.ended());
      CHECK(sequence.tokens() == speaker.say(options[i], texts[i]));
      ++i;
    }
  }
}

TEST_CASE("every_piece_of_a_text_sounds_as_it_would_alone_with_the_seed_behind") {
  const test::Golden golden("english");
  Request request = short_request();
  const std::vector<std::string> pieces = pieces_of_two();
  request.text = pieces[0] + " " + pieces[1];
  const Said whole = say(golden.model, golden.voice, request);
  REQUIRE(whole.tokens.size() == pieces.size());
  std::vector<float> samples;
  for (std::size_t i = 0; i < pieces.size(); ++i, ++request.seed) {
    request.text = pieces[i];
    const Said alone = say(golden.model, golden.voice, request);
    CHECK(whole.tokens[i] == alone.tokens.front());
    samples.insert(samples.end(), alone.sound.begin(), alone.sound.end());
  }
  CHECK(whole.sound == samples);
}

TEST_CASE("a_text_that_is_finished_early_ends_within_its_first_unfinished_piece") {
  const test::Golden golden("english");
  Request request = short_request();
  request.text = pieces_of_two()[0] + " " + pieces_of_two()[1];
  request.progress = [](const Progress& progress) {
    return progress.stage == "tokens" && progress.done == 3 ? Going::finish : Going::on;
  };
  const Said spoken = say(golden.model, golden.voice, request);
  CHECK(!spoken.whole);
  CHECK(spoken.tokens.size() == 1);
  CHECK(spoken.sound.size() == 3 * 960);
}

TEST_CASE("speech_never_outgrows_the_learned_positions") {
  Speaker speaker;
  const std::int64_t positions = speaker.golden.model.t3().most_speech();
  SpeechOptions options{.sampling = {.guidance = 0, .temperature = 0}, .most_tokens = 4000};
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
  const Said alone = say(one.model, one.voice, short_request());
  const Said shared = say(three.model, three.voice, short_request());
  CHECK(alone.tokens == shared.tokens);
  CHECK(alone.sound == shared.sound);
  CHECK(alone.sound.size() == 960 * alone.tokens.front().size());
}

TEST_CASE("another_seed_says_something_else") {
  const test::Golden golden("english");
  Request request = short_request();
  const Said first = say(golden.model, golden.voice, request);
  CHECK(say(golden.model, golden.voice, request).sound == first.sound);
  request.seed = 43;
  CHECK(say(golden.model, golden.voice, request).tokens != first.tokens);
}

TEST_CASE("two_engines_in_one_process_do_not_meet") {
  const test::Golden english("english");
  const test::Golden multilingual("multilingual");
  Request german = short_request();
  german.language = "de";
  const Said english_alone = say(english.model, english.voice, short_request());
  const Said german_alone = say(multilingual.model, multilingual.voice, german);

  Said english_beside;
  Said german_beside;
  std::thread first([&] { english_beside = say(english.model, english.voice, short_request()); });
  std::thread second([&] { german_beside = say(multilingual.model, multilingual.voice, german); });
  first.join();
  second.join();
  CHECK(english_beside.sound == english_alone.sound);
  CHECK(german_beside.sound == german_alone.sound);
}

TEST_CASE("the_multilingual_model_keeps_its_last_token_to_itself") {
  const test::Golden golden("multilingual");
  Request request = short_request();
  request.language = "de";
  const Said spoken = say(golden.model, golden.voice, request);
  CHECK(spoken.sound.size() == 960 * (spoken.tokens.front().size() - 1));
}

TEST_CASE("a_request_out_of_range_is_refused_field_by_field") {
  const test::Golden golden("english");
  Request request = short_request();
  request.temperature = -1;
  CHECK(test::error_of([&] { say(golden.model, golden.voice, request); }).sentence ==
        "temperature = -1 is out of range: 0 to 5");
  request.steps = 0;
  CHECK(test::error_of([&] { say(golden.model, golden.voice, request); }).facts.size() == 2);
}

TEST_CASE("a_request_that_is_stopped_is_cancelled") {
  const test::Golden golden("english");
  for (const std::string stage : {"tokens", "mel", "samples"}) {
    Request request = short_request();
    request.progress = [&](const Progress& progress) {
      return progress.stage == stage ? Going::stop : Going::on;
    };
    CHECK(test::error_of([&] { say(golden.model, golden.voice, request); }).code == ErrorCode::cancelled);
  }
}

TEST_CASE("a_request_that_is_finished_early_returns_what_it_has") {
  const test::Golden golden("english");
  Request request = short_request();
  request.progress = [](const Progress& progress) {
    return progress.stage == "tokens" && progress.done == 4 ? Going::finish : Going::on;
  };
  const Said spoken = say(golden.model, golden.voice, request);
  CHECK(!spoken.whole);
  CHECK(spoken.sound.size() == 4 * 960);
}

TEST_CASE("a_stream_says_the_same_words_and_as_many_samples_and_begins_early") {
  for (const std::string name : {"english", "multilingual"}) {
    const test::Golden golden(name);
    Request request = short_request();
    if (name == "multilingual") request.language = "de";
    request.text = pieces_of_two()[0] + " " + pieces_of_two()[1];
    request.max_seconds = 3;
    request.steps = 1;
    const Said whole = say(golden.model, golden.voice, request);
    std::vector<std::int64_t> tokens_at_sound;
    std::int64_t tokens = 0;
    request.progress = [&](const Progress& progress) {
      if (progress.stage == "tokens") tokens = progress.done;
      if (progress.stage == "samples" && progress.done > 0) tokens_at_sound.push_back(tokens);
      return Going::on;
    };
    const Said streamed = say(golden.model, golden.voice, request, Sounding::stream);
    CHECK(streamed.tokens == whole.tokens);
    CHECK(streamed.sound.size() == whole.sound.size());
    REQUIRE(tokens_at_sound.size() > 2);
    CHECK(tokens_at_sound.front() <= 30);
    CHECK(say(golden.model, golden.voice, request, Sounding::stream).sound == streamed.sound);
  }
}

TEST_CASE("a_stream_that_is_finished_early_keeps_what_is_written") {
  const test::Golden golden("english");
  Request request = short_request();
  request.max_seconds = 4;
  request.steps = 1;
  request.progress = [](const Progress& progress) {
    return progress.stage == "tokens" && progress.done == 30 ? Going::finish : Going::on;
  };
  const Said spoken = say(golden.model, golden.voice, request, Sounding::stream);
  CHECK(!spoken.whole);
  CHECK(spoken.sound.size() == 30 * 960);
}

TEST_CASE("what_several_threads_ask_for_meanwhile_goes_through_in_one_pass") {
  // Holds the first pass until two more calls wait, and counts passes.
  struct Gate : Trace {
    std::atomic<int> passes = 0;
    std::promise<void> entered, opened;
    void enter(std::string_view what, std::string_view) override {
      if (what != "t3.step" || passes++ > 0) return;
      entered.set_value();
      opened.get_future().wait();
    }
  } gate;
  Speaker speaker;
  std::vector<Random> random(3, Random(7));
  std::list<Sequence> sequences;
  for (Random& own : random) {
    sequences.emplace_back(speaker.op, speaker.golden.model.t3(), speaker.opening,
                           Tokens{start_text, 20, 30, stop_text}, SpeechOptions{}, own);
  }
  Decoder& decoder = speaker.golden.model.decoder();
  speaker.op.trace_to(&gate);
  std::vector<std::thread> threads;
  for (Sequence& one : sequences) {
    threads.emplace_back([&decoder, &one] { decoder.write_on(std::array{&one}); });
    if (threads.size() == 1) gate.entered.get_future().wait();
  }
  while (decoder.waiting() < 3) std::this_thread::yield();
  gate.opened.set_value();
  for (std::thread& thread : threads) thread.join();
  speaker.op.trace_to(nullptr);
  CHECK(gate.passes == 2);
  CHECK(decoder.waiting() == 0);
  for (const Sequence& one : sequences) {
    CHECK(one.tokens() == speaker.say({.sampling = {}, .most_tokens = 2}));
  }
}

TEST_CASE("requests_at_the_same_time_sound_as_they_do_alone") {
  const test::Golden golden("english");
  std::vector<Request> requests(3, short_request());
  std::vector<std::vector<float>> alone;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    requests[i].seed = static_cast<std::int64_t>(i);
    requests[i].guidance = i == 1 ? 0 : 0.5;
    alone.push_back(say(golden.model, golden.voice, requests[i]).sound);
  }
  std::vector<std::vector<float>> together(requests.size());
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    threads.emplace_back([&, i] { together[i] = say(golden.model, golden.voice, requests[i]).sound; });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(together == alone);
}
