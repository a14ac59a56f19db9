#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "api/guarded.hpp"
#include "small_model.hpp"

using namespace nightingale;
using namespace nightingale::test;

TEST_CASE("guarded_turns_whatever_is_thrown_into_an_error") {
  const auto code = [](const auto& work) { return guarded(work).error().code; };
  CHECK(code([]() -> int { fail(ErrorCode::voice_invalid, "no"); }) == ErrorCode::voice_invalid);
  CHECK(code([]() -> int { throw std::bad_alloc(); }) == ErrorCode::memory);
  CHECK(code([]() -> int { throw std::out_of_range("at"); }) == ErrorCode::internal);
  CHECK(code([]() -> int { throw 1; }) == ErrorCode::internal);
  CHECK(guarded([] { return 3; }).value() == 3);
}

TEST_CASE("engine_speaks_a_sentence") {
  const Audio audio = opened(small_engine().speak(short_request(), small_voice()));
  CHECK(audio.whole);
  CHECK(audio.cut == 1);  // random weights find no end
  REQUIRE(audio.tokens.size() == 1);
  CHECK(audio.samples.size() == 960 * audio.tokens.front().size());
  CHECK(audio.watermarked == has_watermark());
  REQUIRE(audio.times.size() == (audio.watermarked ? 4 : 3));
  CHECK(audio.times[0].made == static_cast<std::int64_t>(audio.tokens.front().size()));
  CHECK(audio.times[2].made == static_cast<std::int64_t>(audio.samples.size()));
}

TEST_CASE("engine_ends_its_proof_with_the_samples_of_every_length") {
  REQUIRE(!small_engine().proof().empty());
  CHECK(small_engine().proof().back() == "audio = [batch, 480·out_frame]");
}

TEST_CASE("engine_gives_every_thread_the_same_samples_for_the_same_seed") {
  const std::vector<float> alone = opened(small_engine().speak(short_request(), small_voice())).samples;
  std::array<std::vector<float>, 4> together;
  std::vector<std::thread> threads;
  for (auto& samples : together) {
    threads.emplace_back([&samples, engine = small_engine(), voice = small_voice()] {
      const auto audio = engine.speak(short_request(), voice);
      if (audio.ok()) samples = audio->samples;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& samples : together) CHECK(samples == alone);
}

TEST_CASE("engine_stops_at_once_or_finishes_what_is_written") {
  Request request = short_request();
  request.progress = [](const Progress&) { return Going::stop; };
  const auto stopped = small_engine().speak(request, small_voice());
  REQUIRE(!stopped.ok());
  CHECK(stopped.error().code == ErrorCode::cancelled);

  request.text = "One sentence. " + std::string(400, 'a') + ". Another one.";
  request.progress = [](const Progress& progress) { return progress.done >= 3 ? Going::finish : Going::on; };
  const Audio finished = opened(small_engine().speak(request, small_voice()));
  CHECK_FALSE(finished.whole);
  CHECK(finished.cut == 0);
  REQUIRE(finished.tokens.size() == 1);
  CHECK(finished.tokens.front().size() <= 3);
  CHECK(finished.samples.size() == 960 * finished.tokens.front().size());
}

TEST_CASE("engine_reports_an_exception_of_the_listener_instead_of_letting_it_through") {
  Request request = short_request();
  request.progress = [](const Progress&) -> Going { throw std::runtime_error("the listener fell over"); };
  const auto audio = small_engine().speak(request, small_voice());
  REQUIRE(!audio.ok());
  CHECK(audio.error().sentence.find("the listener fell over") != std::string::npos);
}

TEST_CASE("engine_refuses_fields_out_of_range_all_at_once") {
  Request request = short_request();
  request.temperature = -1;
  request.steps = 0;
  const auto audio = small_engine().speak(request, small_voice());
  REQUIRE(!audio.ok());
  CHECK(audio.error().code == ErrorCode::option_invalid);
  CHECK(audio.error().facts.size() == 2);
  CHECK(check_request(request).error().text() == audio.error().text());
}

TEST_CASE("check_request_needs_no_model") {
  CHECK(check_request({.text = "Hello."}).ok());
  CHECK(check_request({.text = " \n"}).error().code == ErrorCode::text_invalid);
  CHECK(check_request({.text = "\xff"}).error().code == ErrorCode::text_invalid);
}

TEST_CASE("opening_what_is_not_there_is_an_error_with_a_fix") {
  const auto engine = Engine::open("no-such-folder");
  REQUIRE(!engine.ok());
  CHECK(engine.error().code == ErrorCode::model_missing);
  CHECK(!engine.error().fix.empty());
  const auto voice = Voice::open("no-such-voice");
  REQUIRE(!voice.ok());
  CHECK(voice.error().code == ErrorCode::voice_invalid);
  CHECK(Engine::open(golden("model"), {.threads = -1}).error().code == ErrorCode::option_invalid);
  const auto unmarked = Engine::open(golden("model"), {.watermark_weights = "no-such-file"});
  REQUIRE(!unmarked.ok());
  CHECK(unmarked.error().code == ErrorCode::model_missing);
  CHECK(unmarked.error().sentence.find("no-such-file") != std::string::npos);
  CHECK(unmarked.error().fix.find("--no-watermark") != std::string::npos);
}

TEST_CASE("audio_is_written_whole_or_refused_beforehand") {
  const Scratch scratch;
  const Audio audio{.samples = std::vector<float>(240, 0.5F), .tokens = {}, .times = {}, .whole = true};
  CHECK(write_audio(audio, scratch.file("a.wav")).ok());
  CHECK(std::filesystem::file_size(scratch.file("a.wav")) == 44 + 2 * 240);
  CHECK(encode_audio(audio, "wav").value().size() == 44 + 2 * 240);
  std::filesystem::remove(scratch.file("a.wav"));

  CHECK(check_output(scratch.file("a.wav")).ok());
  CHECK(check_output(scratch.file("a.xyz")).error().code == ErrorCode::option_invalid);
  CHECK(check_output(scratch.file("none/a.wav")).error().code == ErrorCode::output_failed);
  CHECK(check_output(scratch.file("a.wav"), "mp9").error().code == ErrorCode::option_invalid);
  CHECK(scratch.empty());
}

TEST_CASE("bench_times_each_stage_of_a_model") {
  const Bench bench = opened(Bench::open(golden("model"), {.threads = 1}));
  CHECK(bench.opened() ==
        std::vector<std::string>{"tokens", "together", "mel", "samples"});  // nothing there listens
  for (const std::string& stage : bench.opened()) {
    const BenchStage timed = opened(bench.run(stage));
    CHECK(timed.stage == stage);
    CHECK(timed.seconds > 0);
    CHECK(timed.tokens >= 100);
  }
  CHECK(bench.run("singing").error().code == ErrorCode::option_invalid);
}

TEST_CASE("bench_tells_when_each_operation_of_a_stage_was") {
  const Bench bench = opened(Bench::open(golden("model"), {.threads = 1}, {"samples"}));
  const auto events = nlohmann::json::parse(bench.timeline().value()).at("traceEvents");
  std::map<std::string, double> spent;
  for (const auto& event : events) {
    CHECK(event.at("ph") == "X");
    CHECK(event.at("dur") >= 0);
    spent[event.at("name")] += event.at("dur").get<double>();
    if (event.at("name") == "conv1d") CHECK(event.at("args").at("weight").get<std::string>().size() > 8);
  }
  CHECK(spent.at("conv1d") > 0);
  CHECK(spent.at("hift.generator") > 0);
  CHECK(spent.count("t3.step") == 0);
}
