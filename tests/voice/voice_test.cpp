// Reading a voice: the baked folder, upstream's conds.pt and the single file are the same voice, and what is
// wrong with one comes in one report.
#include "voice/voice.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <limits>
#include <map>

#include "checkpoint/files.hpp"
#include "checkpoint/npy.hpp"
#include "checkpoint/safetensors.hpp"
#include "goldens.hpp"

using namespace nightingale;
using test::TemporaryFolder;

namespace {

// The six arrays of a small voice, to be spoilt and then written in one form or another.
struct SmallVoice {
  struct Array {
    std::vector<std::int64_t> shape;
    std::vector<float> values;
    StoredType type = StoredType::f32;
    bool fortran_order = false;
  };
  std::map<std::string, Array> arrays;

  explicit SmallVoice(std::int64_t prompt = 3, std::int64_t frames = 6) {
    arrays["soul_t3_256"] = counted({1, 256});
    arrays["t3_cond_tokens"] = counted({1, 5});
    arrays["emotion_adv"] = {{1, 1, 1}, {0.75F}};
    arrays["soul_s3_192"] = counted({1, 192});
    arrays["prompt_token"] = counted({1, prompt});
    arrays["prompt_feat"] = counted({1, frames, 80});
  }
  static Array counted(std::vector<std::int64_t> shape) {
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    Array array{std::move(shape), {}};
    for (std::int64_t i = 0; i < count; ++i) array.values.push_back(static_cast<float>(i % 6561));
    return array;
  }

  StoredTensor stored(const std::string& name) const {
    const Array& array = arrays.at(name);
    return {name, array.type, array.shape, array.fortran_order, std::as_bytes(std::span(array.values))};
  }
  void write_folder(const TemporaryFolder& folder) const {
    for (const auto& [name, array] : arrays) write_npy(folder / (name + ".npy"), stored(name));
  }
  void write_file(const std::string& path) const {
    std::vector<StoredTensor> tensors;
    for (const auto& [name, array] : arrays) tensors.push_back(stored(name));
    write_safetensors(path, tensors);
  }
};

Error refusal(const SmallVoice& baked) {
  const TemporaryFolder folder;
  baked.write_folder(folder);
  return test::error_of([&] { read_voice(folder.path()); });
}

void check_same(const VoiceArrays& left, const VoiceArrays& right) {
  CHECK(left.speaker == right.speaker);
  CHECK(left.condition_prompt == right.condition_prompt);
  CHECK(left.emotion == right.emotion);
  CHECK(left.flow_speaker == right.flow_speaker);
  CHECK(left.prompt == right.prompt);
  CHECK(left.prompt_mel == right.prompt_mel);
  CHECK(left.prompt_frames == right.prompt_frames);
}

}  // namespace

TEST_CASE("a_baked_folder_is_read") {
  const VoiceArrays voice = read_voice(test::golden("english/voice"));
  CHECK(voice.speaker.size() == 256);
  CHECK(voice.condition_prompt.size() == 31);
  CHECK(voice.emotion == 0.5F);
  CHECK(voice.flow_speaker.size() == 192);
  CHECK(voice.prompt.size() == 23);
  CHECK(voice.prompt_frames == 46);
  CHECK(voice.prompt_mel.size() == 46 * 80);
  CHECK(voice.origin == test::golden("english/voice"));
}

TEST_CASE("a_prompt_of_one_frame_too_many_is_a_voice_too") {
  const VoiceArrays voice = read_voice(test::golden("english-odd/voice"));
  CHECK(voice.prompt.size() == 23);
  CHECK(voice.prompt_frames == 47);
}

TEST_CASE("a_voice_is_the_same_in_a_folder_and_in_one_file") {
  const TemporaryFolder folder;
  const SmallVoice baked;
  baked.write_folder(folder);
  baked.write_file(folder / "anna.voice");
  check_same(read_voice(folder / "anna.voice"), read_voice(folder.path()));
}

TEST_CASE("a_mel_in_fortran_order_is_the_same_mel") {
  const TemporaryFolder plain;
  const TemporaryFolder turned;
  SmallVoice baked;
  baked.write_folder(plain);
  SmallVoice::Array& mel = baked.arrays["prompt_feat"];
  std::vector<float> columns;
  for (std::size_t band = 0; band < 80; ++band) {
    for (std::size_t frame = 0; frame < 6; ++frame) columns.push_back(mel.values[frame * 80 + band]);
  }
  mel.values = columns;
  mel.fortran_order = true;
  baked.write_folder(turned);
  check_same(read_voice(turned.path()), read_voice(plain.path()));
}

TEST_CASE("upstreams_conds_pt_is_a_voice") {
  const VoiceArrays voice = read_voice(NIGHTINGALE_SOURCE "/tests/checkpoint/archives/conds.pt");
  CHECK(voice.speaker.size() == 256);
  CHECK(voice.condition_prompt.size() == 15);
  CHECK(voice.condition_prompt.back() == 14);
  CHECK(voice.emotion == 0.5F);
  CHECK(voice.flow_speaker.size() == 192);
  CHECK(voice.prompt == std::vector<std::int32_t>{100, 101, 102, 103, 104, 105, 106});
  CHECK(voice.prompt_frames == 14);
}

TEST_CASE("every_fault_of_a_voice_is_in_one_report") {
  SmallVoice baked;
  baked.arrays.erase("emotion_adv");
  baked.arrays["soul_s3_192"] = SmallVoice::counted({1, 191});
  baked.arrays["t3_cond_tokens"].values[3] = 6561;
  baked.arrays["soul_t3_256"].values[17] = std::numeric_limits<float>::quiet_NaN();
  const Error error = refusal(baked);
  CHECK(error.code == ErrorCode::voice_invalid);
  REQUIRE(error.facts.size() == 4);
  CHECK(error.facts[0].subject == "soul_t3_256.npy");
  CHECK(error.facts[0].found == "a number that is not finite at 17");
  CHECK(error.facts[1].subject == "t3_cond_tokens.npy");
  CHECK(error.facts[1].found == "token 6561");
  CHECK(error.facts[1].expected == "speech tokens from 0 to 6560");
  CHECK(error.facts[2].subject == "emotion_adv.npy");
  CHECK(error.facts[2].found == "nothing");
  CHECK(error.facts[2].expected == "an array [1, 1, 1]");
  CHECK(error.facts[3].subject == "soul_s3_192.npy");
  CHECK(error.facts[3].found == "[1, 191]");
  CHECK(error.facts[3].expected == "[1, 192]");
  CHECK(!error.fix.empty());
}

TEST_CASE("faults_of_conds_pt_are_told_in_upstreams_names") {
  const TemporaryFolder folder;
  const SmallVoice baked;
  StoredTensor speaker = baked.stored("soul_t3_256");
  speaker.name = "t3.speaker_emb";
  write_safetensors(folder / "conds.safetensors", {speaker});
  const Error error = test::error_of([&] { read_voice(folder / "conds.safetensors"); });
  REQUIRE(error.facts.size() == 5);
  CHECK(error.facts[0].subject == "t3.cond_prompt_speech_tokens");
  CHECK(error.facts[4].subject == "gen.prompt_feat");
}

TEST_CASE("a_mel_that_does_not_fit_its_tokens_is_refused") {
  for (const std::int64_t frames : {5, 8, 3, 0}) {
    CAPTURE(frames);
    const Error error = refusal(SmallVoice(3, frames));
    REQUIRE(error.facts.size() == 1);
    CHECK(error.facts[0].subject == "prompt_feat.npy");
    CHECK(error.facts[0].found == std::to_string(frames) + " frames");
    CHECK(error.facts[0].expected == "6 or 7 = 2·prompt (+ 1)");
  }
}

TEST_CASE("tokens_below_zero_and_no_tokens_are_refused") {
  SmallVoice negative;
  negative.arrays["prompt_token"].values[1] = -1;
  CHECK(refusal(negative).facts.at(0).found == "token -1");
  CHECK(refusal(SmallVoice(0, 0)).facts.at(0).found == "no tokens");
}

TEST_CASE("tokens_that_are_no_whole_numbers_are_refused") {
  SmallVoice baked;
  baked.arrays["prompt_token"].values[1] = 1.5F;
  CHECK(refusal(baked).facts.at(0).subject == "prompt_token.npy");
}

TEST_CASE("a_damaged_array_is_one_fault_of_the_report") {
  const TemporaryFolder folder;
  SmallVoice().write_folder(folder);
  folder.write("prompt_feat.npy", "no array");
  const Error error = test::error_of([&] { read_voice(folder.path()); });
  REQUIRE(error.facts.size() == 1);
  CHECK(error.facts[0].subject == "prompt_feat.npy");
}

TEST_CASE("an_empty_folder_lacks_six_arrays") {
  const TemporaryFolder folder;
  CHECK(test::error_of([&] { read_voice(folder.path()); }).facts.size() == 6);
}

TEST_CASE("a_voice_that_is_not_there_is_said_to_be_missing") {
  const Error error = test::error_of([] { read_voice("/no/such/voice"); });
  CHECK(error.code == ErrorCode::voice_invalid);
  CHECK(error.sentence == "there is no voice at /no/such/voice");
}

TEST_CASE("a_shorter_prompt_is_the_end_of_the_whole_one_in_tokens_and_mel") {
  VoiceArrays voice;
  voice.prompt_frames = 21;  // one more than two a token
  for (std::int32_t token = 0; token < 10; ++token) voice.prompt.push_back(token);
  for (int number = 0; number < 21 * 80; ++number) voice.prompt_mel.push_back(static_cast<float>(number));
  const VoiceArrays shorter = with_prompt(voice, 0.16);
  CHECK(shorter.prompt == std::vector<std::int32_t>{6, 7, 8, 9});
  CHECK(shorter.prompt_frames == 9);
  CHECK(shorter.prompt_mel.size() == 9 * 80);
  CHECK(shorter.prompt_mel.front() == 12 * 80);
  CHECK(shorter.prompt_mel.back() == 21 * 80 - 1);
  CHECK(with_prompt(voice, 0.001).prompt == std::vector<std::int32_t>{9});
  for (const std::optional<double> all : {std::optional<double>(), std::optional<double>(60.0)}) {
    CHECK(with_prompt(voice, all).prompt == voice.prompt);
    CHECK(with_prompt(voice, all).prompt_mel == voice.prompt_mel);
  }
}
