// safetensors: what is read, what is refused and in which words.
#include "checkpoint/safetensors.hpp"

#include "checkpoint/files.hpp"
#include "checkpoint/open_tensor_file.hpp"

using namespace nightingale;
using namespace nightingale::test;

namespace {

// A file with this header and so many bytes of data, 0, 1, 2, …
std::string safetensors(const std::string& header, std::size_t data) {
  std::string bytes = bytes_of(std::uint64_t{header.size()}) + header;
  for (std::size_t i = 0; i < data; ++i) bytes += static_cast<char>(i);
  return bytes;
}

std::string entry(const std::string& name, const std::string& dtype, const std::string& shape, int begin,
                  int end) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":[" +
         std::to_string(begin) + "," + std::to_string(end) + "]}";
}

// The sentence with which a file of these bytes is refused.
std::string refusal(const std::string& bytes) {
  const TemporaryFolder folder;
  const std::string path = folder.write("model.safetensors", bytes);
  return refusal_of(folder, [&] { read_safetensors(path); });
}

StoredTensor floats(const std::string& name, std::vector<std::int64_t> shape,
                    const std::vector<float>& values) {
  return {name, StoredType::f32, std::move(shape), false, std::as_bytes(std::span(values))};
}

}  // namespace

TEST_CASE("safetensors_are_read_in_the_order_of_the_file") {
  const TemporaryFolder folder;
  const std::string header = "{\"__metadata__\":{\"name\":\"Anna\"}," + entry("late", "U8", "[2]", 4, 6) +
                             "," + entry("early", "I16", "[1,2]", 0, 4) + "," +
                             entry("none", "F32", "[0,5]", 4, 4) + "}";
  const TensorFile file = read_safetensors(folder.write("a.safetensors", safetensors(header, 6)));
  REQUIRE(file.tensors().size() == 3);
  CHECK(file.has_bytes());
  CHECK(file.tensors()[0].name == "early");
  CHECK(file.tensors()[1].name == "none");
  CHECK(file.tensors()[2].name == "late");
  CHECK(file.metadata().at("name") == "Anna");
  CHECK(to_integers(*file.find("early")) == std::vector<std::int64_t>{0x0100, 0x0302});
  CHECK(to_integers(*file.find("late")) == std::vector<std::int64_t>{4, 5});
  CHECK(to_float(*file.find("none")).empty());
  CHECK(file.find("absent") == nullptr);
}

TEST_CASE("safetensors_data_need_not_be_aligned") {
  const TemporaryFolder folder;
  std::string header = "{" + entry("a", "U8", "[1]", 0, 1) + "," + entry("b", "F64", "[]", 1, 9) + "}";
  while ((header.size() + 8) % 8 != 0) header += ' ';
  const std::string bytes = bytes_of(std::uint64_t{header.size()}) + header + "x" + bytes_of(2.5);
  const TensorFile file = read_safetensors(folder.write("a.safetensors", bytes));
  CHECK(to_double(*file.find("b")) == std::vector<double>{2.5});
}

TEST_CASE("safetensors_survive_writing_and_reading") {
  const TemporaryFolder folder;
  const std::vector<float> values = {1, 2, 3, 4, 5, 6};
  const std::vector<std::int64_t> tokens = {7, -8};
  StoredTensor turned = floats("turned", {2, 3}, values);
  turned.fortran_order = true;
  const std::string path = folder / "voice.safetensors";
  write_safetensors(path,
                    {floats("plain", {2, 3}, values),
                     turned,
                     {"tokens", StoredType::i64, {1, 2}, false, std::as_bytes(std::span(tokens))}},
                    {{"name", "Anna \xff"}});
  const TensorFile file = open_tensor_file(path);
  CHECK(to_float(*file.find("plain")) == values);
  CHECK(to_float(*file.find("turned")) == std::vector<float>{1, 3, 5, 2, 4, 6});
  CHECK(to_integers(*file.find("tokens")) == tokens);
  // A text that is not UTF-8 must not spoil the file.
  CHECK(file.metadata().at("name") == "Anna \xef\xbf\xbd");
  CHECK(file.tensors()[0].name == "tokens");
  CHECK(reinterpret_cast<std::uintptr_t>(file.tensors()[0].bytes.data()) % 8 == 0);
}

TEST_CASE("safetensors_stay_readable_when_the_file_object_is_gone") {
  const TemporaryFolder folder;
  const std::vector<float> values = {1, 2};
  write_safetensors(folder / "a.safetensors", {floats("a", {2}, values)});
  TensorFile copy = read_safetensors(folder / "a.safetensors");
  {
    const TensorFile original = std::exchange(copy, TensorFile("", {}, {}, nullptr)), second = original;
    copy = second;
  }
  CHECK(to_float(*copy.find("a")) == values);
}

TEST_CASE("safetensors_refuses_a_header_longer_than_any") {
  const std::string ten_gigabytes = bytes_of(std::uint64_t{10'000'000'000}) + "{\"a\":";
  CHECK(refusal(ten_gigabytes) ==
        "model.safetensors claims a header of 10000000000 bytes; none is longer than 100000000, and the file "
        "has 13");
}

TEST_CASE("safetensors_refuses_a_header_longer_than_the_file") {
  CHECK(refusal(bytes_of(std::uint64_t{1000}) + "{\"a\":") ==
        "model.safetensors ends 995 bytes early: perhaps an incomplete download");
}

TEST_CASE("safetensors_refuses_a_truncated_file") {
  CHECK(refusal(safetensors("{" + entry("a", "F32", "[25]", 0, 100) + "}", 60)) ==
        "model.safetensors ends 40 bytes early: perhaps an incomplete download");
}

TEST_CASE("safetensors_refuses_bytes_after_the_last_tensor") {
  CHECK(refusal(safetensors("{" + entry("a", "F32", "[1]", 0, 4) + "}", 7)) ==
        "model.safetensors has 3 bytes after its last tensor");
}

TEST_CASE("safetensors_refuses_overlapping_tensors") {
  const std::string header =
      "{" + entry("a", "F32", "[2]", 0, 8) + "," + entry("b", "F32", "[2]", 4, 12) + "}";
  CHECK(
      refusal(safetensors(header, 12)) ==
      "model.safetensors: tensor b is damaged: it begins at 4, inside the tensor before it, which ends at 8");
}

TEST_CASE("safetensors_refuses_a_gap_between_tensors") {
  const std::string header =
      "{" + entry("a", "F32", "[1]", 0, 4) + "," + entry("b", "F32", "[1]", 6, 10) + "}";
  CHECK(refusal(safetensors(header, 10)) ==
        "model.safetensors: tensor b is damaged: a gap of 2 bytes before it");
}

TEST_CASE("safetensors_refuses_a_size_that_is_not_the_shape") {
  CHECK(refusal(safetensors("{" + entry("a", "F32", "[2,3]", 0, 20) + "}", 20)) ==
        "model.safetensors: tensor a is damaged: 20 bytes for F32 [2, 3], which takes 24");
}

TEST_CASE("safetensors_refuses_a_shape_that_overflows") {
  CHECK(refusal(safetensors("{" + entry("a", "F32", "[4611686018427387904,4]", 0, 0) + "}", 0)) ==
        "model.safetensors: tensor a is damaged: the shape [4611686018427387904, 4], whose size overflows");
  CHECK(
      refusal(safetensors("{" + entry("a", "F32", "[4611686018427387904,4,0]", 0, 0) + "}", 0)) ==
      "model.safetensors: tensor a is damaged: the shape [4611686018427387904, 4, 0], whose size overflows");
}

TEST_CASE("safetensors_refuses_an_unknown_dtype") {
  CHECK(refusal(safetensors("{" + entry("a", "F8_E8M0", "[4]", 0, 4) + "}", 4)) ==
        "model.safetensors: tensor a is damaged: the unknown dtype F8_E8M0");
}

TEST_CASE("safetensors_refuses_damaged_entries") {
  const std::string a = "model.safetensors: tensor a is damaged: ";
  CHECK(refusal(safetensors(R"({"a":5})", 0)) ==
        a + "an entry without exactly dtype, shape and data_offsets");
  CHECK(refusal(safetensors(R"({"a":{"dtype":"F32","shape":[1]}})", 4)) ==
        a + "an entry without exactly dtype, shape and data_offsets");
  CHECK(refusal(safetensors(R"({"a":{"dtype":1,"shape":[1],"data_offsets":[0,4]}})", 4)) ==
        a + "a dtype that is no text");
  CHECK(refusal(safetensors("{" + entry("a", "F32", "[-1]", 0, 4) + "}", 4)) ==
        a + "a shape that is no list of sizes");
  CHECK(refusal(safetensors("{" + entry("a", "F32", "[1.5]", 0, 4) + "}", 4)) ==
        a + "a shape that is no list of sizes");
  CHECK(refusal(safetensors("{" + entry("a", "F32", "[18446744073709551615]", 0, 4) + "}", 4)) ==
        a + "a shape that is no list of sizes");
  CHECK(refusal(safetensors("{" + entry("a", "F32", "[1]", 4, 0) + "}", 4)) ==
        a + "data_offsets that are no [begin, end]");
  CHECK(refusal(safetensors("{" + entry("a", "F32", "[1]", -4, 0) + "}", 4)) ==
        a + "data_offsets that are no [begin, end]");
}

TEST_CASE("safetensors_reports_all_damaged_tensors_together") {
  const TemporaryFolder folder;
  const std::string header = "{" + entry("a", "Q4", "[2]", 0, 8) + "," + entry("b", "F32", "[3]", 8, 16) +
                             "," + entry("c", "F32", "[2]", 12, 20) + "}";
  const std::string path = folder.write("m.safetensors", safetensors(header, 20));
  const Error error = error_of([&] { read_safetensors(path); });
  CHECK(error.code == ErrorCode::file_invalid);
  CHECK(error.sentence == path + ": 3 of its tensors are damaged");
  REQUIRE(error.facts.size() == 3);
  CHECK(error.facts[0].subject == "a");
  CHECK(error.facts[0].found == "the unknown dtype Q4");
  CHECK(error.facts[1].found == "8 bytes for F32 [3], which takes 12");
  CHECK(error.facts[2].found == "it begins at 12, inside the tensor before it, which ends at 16");
}

TEST_CASE("safetensors_reports_twenty_damaged_tensors_and_counts_the_rest") {
  const TemporaryFolder folder;
  std::string header = "{";
  for (int i = 0; i < 30; ++i) header += (i ? "," : "") + entry(std::to_string(i), "Q4", "[1]", i, i + 1);
  const std::string path = folder.write("m.safetensors", safetensors(header + "}", 30));
  const Error error = error_of([&] { read_safetensors(path); });
  CHECK(error.sentence == path + ": 30 of its tensors are damaged");
  REQUIRE(error.facts.size() == 21);
  CHECK(error.facts[20].subject == "and 10 more");
}

TEST_CASE("safetensors_refuses_a_name_twice") {
  const std::string twice = entry("a", "F32", "[1]", 0, 4) + "," + entry("a", "F32", "[1]", 0, 4);
  CHECK(refusal(safetensors("{" + twice + "}", 4)) == "model.safetensors: the header names \"a\" twice");
}

TEST_CASE("safetensors_refuses_a_header_that_is_no_json") {
  CHECK(refusal(safetensors("{\"a\" 5}", 0)) == "model.safetensors: the header is no JSON (at byte 6)");
  CHECK(refusal(safetensors("{\"\xff\":{}}", 0)) == "model.safetensors: the header is no JSON (at byte 3)");
  CHECK(refusal(safetensors("{\"a\":1e999}", 0)) ==
        "model.safetensors: the header is no JSON that can be held");
}

TEST_CASE("safetensors_refuses_deep_nesting") {
  CHECK(refusal(safetensors("{\"a\":" + std::string(100'000, '['), 0)) ==
        "model.safetensors: the header nests deeper than the 3 levels of its format");
}

TEST_CASE("safetensors_refuses_metadata_that_are_no_texts") {
  const std::string sentence = "model.safetensors: the header has a __metadata__ that is no map of texts";
  CHECK(refusal(safetensors(R"({"__metadata__":[]})", 0)) == sentence);
  CHECK(refusal(safetensors(R"({"__metadata__":{"a":1}})", 0)) == sentence);
}

TEST_CASE("safetensors_refuses_what_is_something_else") {
  CHECK(refusal("") == "model.safetensors is empty");
  CHECK(refusal("hello") == "model.safetensors is a file of unknown kind, not a safetensors file");
  CHECK(refusal("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 5\n") ==
        "model.safetensors is a git-lfs pointer, not a safetensors file");
  CHECK(refusal("\n<!DOCTYPE HTML><html>") == "model.safetensors is an HTML page, not a safetensors file");
  CHECK(refusal("<html>") == "model.safetensors is an HTML page, not a safetensors file");
  CHECK(refusal("GGUF....") == "model.safetensors is a GGUF file, not a safetensors file");
  CHECK(refusal("PK\x03\x04") == "model.safetensors is a PyTorch archive (zip), not a safetensors file");
  CHECK(refusal("\x93NUMPY") == "model.safetensors is a NumPy array (.npy), not a safetensors file");
  CHECK(refusal("{}") == "model.safetensors is a JSON file, not a safetensors file");
}

TEST_CASE("any_file_is_opened_by_its_content") {
  const TemporaryFolder folder;
  const std::vector<float> values = {1, 2};
  write_safetensors(folder / "weights.npy", {floats("a", {2}, values)});
  CHECK(open_tensor_file(folder / "weights.npy").find("a") != nullptr);

  const auto refused = [&](const std::string& path) {
    return refusal_of(folder, [&] { open_tensor_file(path); });
  };
  CHECK(refused(folder / "absent") == "there is no file absent");
  CHECK(refused(folder.path()) == folder.path() + " is a folder, not a file");
  CHECK(refused("/dev/null") == "/dev/null is a device or a pipe, not a file");
  CHECK(refused(folder.write("empty", "")) == "empty is empty");
  CHECK(refused(folder.write("text", "plain text")) ==
        "text is a file of unknown kind, not a safetensors file");
  CHECK(refused(folder.write("page", "  <html>")) == "page is an HTML page, not a safetensors file");
  CHECK(refused(folder.write("old.pt", "\x80\x02.")) ==
        "old.pt is a bare Python pickle, as PyTorch before 1.6 wrote them, not a safetensors file");
  CHECK(error_of([&] { open_tensor_file(folder / "absent"); }).code == ErrorCode::model_missing);
}

TEST_CASE("a_missing_file_is_told_from_one_below_a_file") {
  const TemporaryFolder folder;
  const std::string below = folder.write("a", "text") + "/b";
  CHECK(refusal_of(folder, [&] { read_safetensors(below); }) == "there is no file a/b");
}

TEST_CASE("writing_replaces_a_file_whole_or_not_at_all") {
  const TemporaryFolder folder;
  const std::vector<float> values = {1, 2};
  const std::string path = folder.write("a.safetensors", "what was there before");
  std::filesystem::create_symlink("a.safetensors", folder / "link");
  write_safetensors(folder / "link", {floats("a", {2}, values)});
  CHECK(std::filesystem::is_symlink(folder / "link"));
  CHECK(read_safetensors(path).find("a") != nullptr);
  // Nothing is left beside it.
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 2);

  const auto refused = [&](const std::string& at) {
    const Error error = error_of([&] { write_safetensors(at, {floats("a", {2}, values)}); });
    CHECK(error.code == ErrorCode::output_failed);
    return refusal_of(folder, [&] { write_safetensors(at, {floats("a", {2}, values)}); });
  };
  CHECK(refused(folder / "no/a") == "cannot write no/a: there is no folder no");
  CHECK(refused(folder.path()) == "cannot write " + folder.path() + ": it is a folder");
  CHECK(refused("/dev/full") == "cannot write /dev/full: No space left on device");
  CHECK(refused("") == "cannot write the result: its file name is empty");
}

TEST_CASE("writing_refuses_a_tensor_twice") {
  const TemporaryFolder folder;
  const std::vector<float> values = {1, 2};
  const StoredTensor tensor = floats("a", {2}, values);
  CHECK(refusal_of(folder, [&] {
          write_safetensors(folder / "a", {tensor, tensor});
        }) == "tensor a is to be written twice to a");
}
