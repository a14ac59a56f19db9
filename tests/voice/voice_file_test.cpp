// Writing a voice and reading it back: one file, a baked folder, their facts; and facts that are odd.
#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "checkpoint/files.hpp"
#include "checkpoint/npy.hpp"
#include "checkpoint/safetensors.hpp"
#include "goldens.hpp"
#include "voice/voice_facts.hpp"
#include "voice/write_voice.hpp"

using namespace nightingale;
using test::TemporaryFolder;
namespace fs = std::filesystem;

namespace {

VoiceFacts some_facts() {
  return {.name = "Anna Ærø",
          .language = "da",
          .licence = "CC BY 4.0",
          .consent = "told on tape, 2026-11-24",
          .source = "anna.flac",
          .source_sha256 = std::string(64, 'a'),
          .source_rate = 44100,
          .source_seconds = 11525.0625,
          .baked_from = 83.2,
          .baked_to = 93.2,
          .variant = "multilingual",
          .created_by = "nightingale 0.1.0"};
}

KeptVoice some_voice() {
  KeptVoice voice = read_kept_voice(test::golden("english-odd/voice"));
  voice.facts = some_facts();
  voice.preview = {0, 1, -32767, 32767};
  return voice;
}

void check_same(const KeptVoice& left, const KeptVoice& right) {
  CHECK(left.arrays.speaker == right.arrays.speaker);
  CHECK(left.arrays.condition_prompt == right.arrays.condition_prompt);
  CHECK(left.arrays.emotion == right.arrays.emotion);
  CHECK(left.arrays.flow_speaker == right.arrays.flow_speaker);
  CHECK(left.arrays.prompt == right.arrays.prompt);
  CHECK(left.arrays.prompt_mel == right.arrays.prompt_mel);
  CHECK(left.arrays.prompt_frames == right.arrays.prompt_frames);
  CHECK(left.preview == right.preview);
  CHECK(texts_of(left.facts) == texts_of(right.facts));
}

std::size_t entries(const std::string& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
}

// A voice file whose metadata are these.
KeptVoice with_metadata(const FactTexts& texts) {
  const TemporaryFolder folder;
  write_voice_file(folder / "a.voice", some_voice());
  const TensorFile file = read_safetensors(folder / "a.voice");
  write_safetensors(folder / "b.voice", file.tensors(), texts);
  return read_kept_voice(folder / "b.voice");
}

}  // namespace

TEST_CASE("a_voice_comes_back_whole_from_one_file") {
  const TemporaryFolder folder;
  write_voice_file(folder / "anna.voice", some_voice());
  check_same(read_kept_voice(folder / "anna.voice"), some_voice());
  CHECK(read_safetensors(folder / "anna.voice").metadata().at("format") == "nightingale voice 1");
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("a_voice_comes_back_whole_from_a_folder") {
  const TemporaryFolder folder;
  write_voice_folder(folder / "anna", some_voice());
  check_same(read_kept_voice(folder / "anna"), some_voice());
  CHECK(entries(folder / "anna") == 8);
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("a_voice_without_preview_and_facts_is_six_tensors") {
  const TemporaryFolder folder;
  KeptVoice voice = some_voice();
  voice.facts = {};
  voice.preview.clear();
  write_voice_file(folder / "a.voice", voice);
  CHECK(read_safetensors(folder / "a.voice").tensors().size() == 6);
  check_same(read_kept_voice(folder / "a.voice"), voice);
}

TEST_CASE("the_form_of_a_voice_goes_by_its_name_unless_it_is_given") {
  const TemporaryFolder folder;
  const KeptVoice voice = some_voice();
  write_voice(folder / "a.voice", VoiceForm::automatic, voice);
  write_voice(folder / "b.safetensors", VoiceForm::automatic, voice);
  write_voice(folder / "c", VoiceForm::automatic, voice);
  write_voice(folder / "d.voice", VoiceForm::folder, voice);
  write_voice(folder / "e", VoiceForm::file, voice);
  CHECK(fs::is_regular_file(folder / "a.voice"));
  CHECK(fs::is_regular_file(folder / "b.safetensors"));
  CHECK(fs::is_directory(folder / "c"));
  CHECK(fs::is_directory(folder / "d.voice"));
  CHECK(fs::is_regular_file(folder / "e"));
  const Error error = test::error_of([&] { write_voice(folder / "f.wav", VoiceForm::automatic, voice); });
  CHECK(error.code == ErrorCode::option_invalid);
  CHECK(error.sentence.find("a voice is no .wav file") != std::string::npos);
}

TEST_CASE("a_folder_that_held_a_voice_is_replaced_and_any_other_is_left_alone") {
  const TemporaryFolder folder;
  KeptVoice voice = some_voice();
  write_voice_folder(folder / "anna", voice);
  voice.preview.clear();
  write_voice_folder(folder / "anna/", voice);
  CHECK(read_kept_voice(folder / "anna").preview.empty());
  CHECK(entries(folder / "anna") == 7);
  CHECK(entries(folder.path()) == 1);

  folder.write("anna/diary.txt", "dear diary");
  const Error error = test::error_of([&] { write_voice_folder(folder / "anna", voice); });
  CHECK(error.code == ErrorCode::output_failed);
  CHECK(error.sentence.find("holds diary.txt, which is no part of a voice") != std::string::npos);
  CHECK(test::content_of(folder / "anna/diary.txt") == "dear diary");
  CHECK(entries(folder / "anna") == 8);
}

TEST_CASE("a_folder_cannot_take_the_place_of_a_file_or_stand_nowhere") {
  const TemporaryFolder folder;
  folder.write("anna", "a file");
  const auto code = [&](const std::string& place) {
    return test::error_of([&] { check_voice_place(place, VoiceForm::folder); }).code;
  };
  CHECK(code(folder / "anna") == ErrorCode::output_failed);
  CHECK(code(folder / "none/anna") == ErrorCode::output_failed);
  CHECK(code("") == ErrorCode::output_failed);
  CHECK(test::error_of([&] { check_voice_place(folder / "none/anna.voice", VoiceForm::automatic); }).code ==
        ErrorCode::output_failed);
  check_voice_place(folder / "new", VoiceForm::automatic);
  check_voice_place(folder / "new.voice", VoiceForm::automatic);
  CHECK(entries(folder.path()) == 1);
}

TEST_CASE("facts_are_kept_in_full_precision_as_texts_and_as_json") {
  const VoiceFacts again = facts_of(texts_of(some_facts()));
  CHECK(again.source_seconds == 11525.0625);
  CHECK(again.baked_from == 83.2);
  CHECK(texts_of(facts_of_json(facts_json(some_facts()))) == texts_of(some_facts()));
  CHECK(nlohmann::json::parse(facts_json(some_facts()))["source_rate"] == 44100);
  CHECK(texts_of({}).empty());
}

TEST_CASE("odd_facts_are_left_out_and_never_refused") {
  const VoiceFacts facts = with_metadata({{"name", "An\x1b[31mna\n"},
                                          {"source_rate", "many"},
                                          {"source_seconds", "-3"},
                                          {"baked_from", "nan"},
                                          {"baked_to", "1e999"},
                                          {"colour", "blue"}})
                               .facts;
  CHECK(facts.name == "An [31mna ");
  CHECK(facts.source_rate == 0);
  CHECK(facts.source_seconds == 0);
  CHECK(facts.baked_from == 0);
  CHECK(facts.baked_to == 0);
  CHECK(facts_of({{"source_rate", "99999999999999999999"}}).source_rate == 0);
  CHECK(facts_of({{"source_rate", "44100 Hz"}}).source_rate == 0);
}

TEST_CASE("a_long_fact_is_cut_between_characters") {
  std::string name = "a";
  while (name.size() < 5000) name += "ø";
  const std::string cut = facts_of({{"name", name}}).name;
  CHECK(cut.size() == 4095);
  CHECK(cut == name.substr(0, 4095));
}

TEST_CASE("a_folder_speaks_whatever_its_metadata_json_holds") {
  const TemporaryFolder folder;
  write_voice_folder(folder / "anna", some_voice());
  for (const char* text :
       {"", "{", "[1, 2]", "\xff\xfe", "{\"name\": {\"first\": \"Anna\"}}", "{\"source_rate\": 1e300}"}) {
    CAPTURE(text);
    folder.write("anna/metadata.json", text);
    CHECK(texts_of(read_kept_voice(folder / "anna").facts).empty());
  }
  folder.write("anna/metadata.json", "{\"name\": \"Anna\", \"source_rate\": 8000, \"else\": [1]}");
  CHECK(read_kept_voice(folder / "anna").facts.name == "Anna");
  CHECK(read_kept_voice(folder / "anna").facts.source_rate == 8000);
}

TEST_CASE("a_preview_that_is_none_is_passed_over") {
  const TemporaryFolder folder;
  write_voice_folder(folder / "anna", some_voice());
  folder.write("anna/preview.npy", "no array");
  CHECK(read_kept_voice(folder / "anna").preview.empty());
  const std::vector<float> floats(8);
  write_npy(folder / "anna/preview.npy",
            {"preview", StoredType::f32, {8}, false, std::as_bytes(std::span(floats))});
  CHECK(read_kept_voice(folder / "anna").preview.empty());
}

TEST_CASE("a_voice_doubts_another_model_and_a_longer_prompt_than_it_was_trained_with") {
  KeptVoice voice = some_voice();
  CHECK(doubts_about(voice, "multilingual", 150).empty());
  CHECK(doubts_about(voice, "english", 150).at(0).code == "other_variant");
  voice.facts.variant.clear();
  CHECK(doubts_about(voice, "english", 150).empty());
  const auto long_prompt = doubts_about(voice, "english", 10);
  REQUIRE(long_prompt.size() == 1);
  CHECK(long_prompt[0].sentence == "the voice prompts T3 with " +
                                       std::to_string(voice.arrays.condition_prompt.size()) +
                                       " tokens; this one was trained with 10");
  CHECK(long_prompt[0].severity == Finding::Severity::warning);
}
