// PyTorch archives: those that PyTorch wrote (tests/hostile/make_torch_archives.py), and hostile ones made
// here.
#include "checkpoint/torch_archive.hpp"

#include "checkpoint/files.hpp"
#include "checkpoint/open_tensor_file.hpp"
#include "checkpoint/zip_file.hpp"

using namespace nightingale;
using namespace nightingale::test;

namespace {

using Integers = std::vector<std::int64_t>;

std::string archive(const std::string& name) {
  return NIGHTINGALE_SOURCE "/tests/checkpoint/archives/" + name;
}

Integers counted(std::int64_t count, std::int64_t start = 0) {
  Integers values;
  for (std::int64_t i = 0; i < count; ++i) values.push_back(start + i);
  return values;
}

std::string refusal(const std::string& bytes) {
  const TemporaryFolder folder;
  const std::string path = folder.write("conds.pt", bytes);
  return refusal_of(folder, [&] { read_torch_archive(path); });
}

// The instructions of pickles, as PyTorch writes them.
std::string text(const std::string& letters) {
  return "X" + bytes_of(static_cast<std::uint32_t>(letters.size())) + letters;
}
std::string integer(std::int32_t value) {
  return "J" + bytes_of(value);
}
std::string dictionary(const std::string& items) {
  return "}(" + items + "u";
}
std::string pickle(const std::string& body) {
  return "\x80\x02" + body + ".";
}

struct View {
  std::string key = "0";
  std::string symbol = "torch\nFloatStorage\n";
  std::int32_t claimed = 6;
  std::string offset = integer(0);
  std::string shape = "(" + integer(2) + integer(3) + "t";
  std::string strides = "(" + integer(3) + integer(1) + "t";
};

std::string tensor(const View& view = {}) {
  const std::string storage =
      "(" + text("storage") + "c" + view.symbol + text(view.key) + text("cpu") + integer(view.claimed) + "tQ";
  return "ctorch._utils\n_rebuild_tensor_v2\n(" + storage + view.offset + view.shape + view.strides +
         "\x89}tR";
}

const std::string six_floats = bytes_of(std::vector<float>{0, 1, 2, 3, 4, 5});

// An archive of this pickle and one storage of six floats.
std::string with_pickle(const std::string& body) {
  return zip_file({stored("conds/data.pkl", pickle(body)), stored("conds/data/0", six_floats)});
}

std::string with_tensor(const View& view) {
  return with_pickle(dictionary(text("a") + tensor(view)));
}

// The place of a name's last mention: the one in the zip directory.
std::size_t in_directory(const std::string& file, const std::string& name) {
  return file.rfind(name);
}

}  // namespace

TEST_CASE("torch_archive_reads_the_built_in_voice") {
  for (const char* const name : {"conds.pt", "deflated.pt"}) {
    CAPTURE(name);
    const TensorFile file = open_tensor_file(archive(name));
    REQUIRE(file.tensors().size() == 7);
    CHECK(file.find("t3.speaker_emb")->shape == Integers{1, 256});
    CHECK(to_integers(*file.find("t3.speaker_emb")) == counted(256));
    CHECK(file.find("t3.cond_prompt_speech_tokens")->type == StoredType::i64);
    CHECK(to_integers(*file.find("t3.cond_prompt_speech_tokens")) == counted(15));
    CHECK(to_float(*file.find("t3.emotion_adv")) == std::vector<float>{0.5f});
    CHECK(to_integers(*file.find("gen.prompt_token")) == counted(7, 100));
    CHECK(to_integers(*file.find("gen.prompt_token_len")) == Integers{7});
    CHECK(file.find("gen.prompt_feat")->shape == Integers{1, 14, 80});
    CHECK(to_integers(*file.find("gen.prompt_feat")) == counted(14 * 80));
    CHECK(to_integers(*file.find("gen.embedding")) == counted(192, -96));
    CHECK(file.metadata().at("t3.clap_emb") == "None");
    CHECK(file.metadata().at("gen.prompt_feat_len") == "None");
  }
}

TEST_CASE("torch_archive_reads_every_stored_type") {
  const TensorFile file = read_torch_archive(archive("kinds.pt"));
  for (const char* const name : {"f64", "f16", "bf16", "i64", "i32", "i16", "i8"}) {
    CAPTURE(name);
    CHECK(to_integers(*file.find(name)) == Integers{-1, 0, 1});
  }
  CHECK(file.find("bf16")->type == StoredType::bf16);
  CHECK(file.find("f16")->type == StoredType::f16);
  CHECK(to_integers(*file.find("u8")) == Integers{0, 1, 2});
  CHECK(to_integers(*file.find("boolean")) == Integers{1, 0, 1});
}

TEST_CASE("torch_archive_brings_every_view_into_c_order") {
  const TensorFile file = read_torch_archive(archive("kinds.pt"));
  CHECK(file.find("scalar")->shape.empty());
  CHECK(to_integers(*file.find("scalar")) == Integers{7});
  CHECK(file.find("nothing")->shape == Integers{2, 0});
  CHECK(to_integers(*file.find("nothing")).empty());
  CHECK(to_integers(*file.find("base")) == counted(24));
  Integers transposed;
  for (int column = 0; column < 6; ++column)
    for (int row = 0; row < 4; ++row) transposed.push_back(6 * row + column);
  CHECK(file.find("transposed")->shape == Integers{6, 4});
  CHECK(to_integers(*file.find("transposed")) == transposed);
  CHECK(to_integers(*file.find("sliced")) == Integers{8, 9, 10, 14, 15, 16});
  CHECK(to_integers(*file.find("shared")) == counted(6, 12));
  CHECK(to_integers(*file.find("expanded")) == Integers{0, 1, 2, 0, 1, 2});
}

TEST_CASE("torch_archive_unfolds_what_holds_tensors_and_keeps_plain_values") {
  const TensorFile file = read_torch_archive(archive("kinds.pt"));
  CHECK(to_integers(*file.find("state.weight")) == counted(6));
  CHECK(to_integers(*file.find("state.bias")) == counted(2));
  CHECK(to_integers(*file.find("list.0")) == counted(2));
  CHECK(to_integers(*file.find("list.1.deep")) == counted(2, 5));
  CHECK(file.metadata().at("epoch") == "12");
  CHECK(file.metadata().at("rate") == "0.25");
  CHECK(file.metadata().at("large") == "1099511627776");
  CHECK(file.metadata().at("negative") == "-5");
  CHECK(file.metadata().at("done") == "True");
  CHECK(file.metadata().at("note") == "ü is two bytes");
  const TensorFile bare = read_torch_archive(archive("bare.pt"));
  CHECK(to_integers(*bare.find("bare")) == counted(4));
}

TEST_CASE("torch_archive_never_runs_what_a_pickle_names") {
  const Error error = error_of([] { read_torch_archive(archive("command.pt")); });
  const bool named = error.sentence.find(
                         "command.pt holds the Python object posix.system, which is not read: only "
                         "tensors, numbers, texts, lists and dictionaries are, and nothing is "
                         "executed") != std::string::npos;
  CHECK(named);
  CHECK(refusal(with_pickle(dictionary(text("a") + "cos\nsystem\n(" + text("true") + "tR"))) ==
        "conds.pt holds the Python object os.system, which is not read: only tensors, numbers, texts, lists "
        "and "
        "dictionaries are, and nothing is executed");
  // The same through the instruction that takes the name from the stack.
  const bool stacked = refusal(with_pickle(text("builtins") + text("eval") + "\x93")).find("builtins.eval") !=
                       std::string::npos;
  CHECK(stacked);
}

TEST_CASE("torch_archive_refuses_the_older_format") {
  const Error error = error_of([] { open_tensor_file(archive("legacy.pt")); });
  CHECK(error.sentence ==
        archive("legacy.pt") +
            " is a bare Python pickle, as PyTorch before 1.6 wrote them, not a safetensors file");
  CHECK(error.fix == "load it with PyTorch and save it again, or convert it to safetensors");
}

TEST_CASE("torch_archive_reads_archives_made_here") {
  const TemporaryFolder folder;
  // So that every hostile archive below differs from a sound one in one thing.
  const TensorFile file = read_torch_archive(folder.write("a.pt", with_tensor({})));
  CHECK(to_integers(*file.find("a")) == counted(6));
  ZipPart large = stored("conds/data/0", six_floats);
  large.zip64 = true;
  const std::string zip64 =
      zip_file({stored("conds/data.pkl", pickle(dictionary(text("a") + tensor()))), large}, true);
  CHECK(to_integers(*read_torch_archive(folder.write("b.pt", zip64)).find("a")) == counted(6));
}

TEST_CASE("torch_archive_refuses_views_beyond_their_storage") {
  View offset, shape, strides, overflow;
  offset.offset = integer(1);
  CHECK(refusal(with_tensor(offset)) ==
        "conds.pt: tensor a (F32 [2, 3], strides [3, 1], offset 1) reaches beyond its storage of 6 elements");
  offset.offset = integer(-1);
  CHECK(
      refusal(with_tensor(offset)) ==
      "conds.pt: tensor a (F32 [2, 3], strides [3, 1], offset -1) reaches beyond its storage of 6 elements");
  shape.shape = "(" + integer(3) + integer(3) + "t";
  CHECK(refusal(with_tensor(shape)) ==
        "conds.pt: tensor a (F32 [3, 3], strides [3, 1], offset 0) reaches beyond its storage of 6 elements");
  strides.strides =
      "(\x8a\x08" + bytes_of(std::int64_t{1} << 62) + "\x8a\x08" + bytes_of(std::int64_t{1} << 62) + "t";
  CHECK(
      refusal(with_tensor(strides)) ==
      "conds.pt: tensor a (F32 [2, 3], strides [4611686018427387904, 4611686018427387904], offset 0) reaches "
      "beyond its storage of 6 elements");
  overflow.shape = "(\x8a\x08" + bytes_of(std::int64_t{1} << 62) + integer(3) + "t";
  CHECK(refusal(with_tensor(overflow)) ==
        "conds.pt: tensor a: the size of its shape [4611686018427387904, 3] overflows");
}

TEST_CASE("torch_archive_refuses_tensors_that_unfold_without_end") {
  View expanded;
  expanded.shape = "(" + integer(1 << 30) + integer(3) + "t";
  expanded.strides = "(" + integer(0) + integer(1) + "t";
  CHECK(refusal(with_tensor(expanded)) ==
        "conds.pt: tensor a [1073741824, 3] would have to be copied into C order, and more than 268435456 "
        "bytes with it");
  // A list of two of a list of two of …: forty pairs of instructions for 2^40 tensors. And one that contains
  // itself.
  std::string doubled = text("x") + "q\x01";
  for (int i = 0; i < 30; ++i) doubled += "h\x01h\x01\x86q\x01";
  CHECK(refusal(with_pickle(doubled)) == "conds.pt: its names and texts unfold to more than 67108864 bytes");
  CHECK(refusal(with_pickle("]q\x01h\x01"
                            "a")) == "conds.pt: its values nest deeper than 32 levels");
}

TEST_CASE("torch_archive_refuses_damaged_tensors") {
  View claimed, missing, unknown, negative, few;
  claimed.claimed = 5;
  CHECK(refusal(with_tensor(claimed)) ==
        "conds.pt: the storage 0 of tensor a claims 5 elements of F32, but has 24 bytes");
  missing.key = "7";
  CHECK(refusal(with_tensor(missing)) == "conds.pt: the storage 7 of tensor a is missing from the archive");
  unknown.symbol = "torch\nComplexFloatStorage\n";
  const bool named = refusal(with_tensor(unknown)).find("torch.ComplexFloatStorage") != std::string::npos;
  CHECK(named);
  unknown.symbol = "torch._utils\n_rebuild_tensor_v2\n";
  CHECK(refusal(with_tensor(unknown)) ==
        "conds.pt: the storage of tensor a is a torch._utils._rebuild_tensor_v2");
  negative.shape = "(" + integer(-2) + integer(3) + "t";
  few.strides = "(" + integer(3) + "t";
  const std::string damaged = "conds.pt: the pickle of tensor a is damaged";
  CHECK(refusal(with_tensor(negative)) == damaged);
  CHECK(refusal(with_tensor(few)) == damaged);
  const std::string rebuild = "ctorch._utils\n_rebuild_tensor_v2\n";
  CHECK(refusal(with_pickle(dictionary(text("a") + rebuild + ")R"))) == damaged);
  CHECK(refusal(with_pickle(dictionary(text("a") + "ctorch._utils\n_rebuild_parameter\n)R"))) == damaged);
  CHECK(refusal(with_pickle(dictionary(text("a") + rebuild + "(NNNNNNtR"))) ==
        "conds.pt: the storage of tensor a is damaged");
  CHECK(refusal(with_pickle(dictionary(text("a") + "ctorch\nFloatStorage\n"))) ==
        "conds.pt: a is no tensor and no plain value");
}

TEST_CASE("torch_archive_refuses_names_twice_and_keys_that_are_none") {
  CHECK(refusal(with_pickle(dictionary(text("a") + "N" + text("a") + "N"))) == "conds.pt: it names a twice");
  CHECK(refusal(with_pickle(dictionary(text("a.b") + "N" + text("a") + dictionary(text("b") + "N")))) ==
        "conds.pt: it names a.b twice");
  CHECK(refusal(with_pickle(dictionary("NN"))) ==
        "conds.pt: a dictionary has a key that is neither text nor integer");
}

TEST_CASE("torch_archive_refuses_pickles_it_cannot_follow") {
  const auto refused = [](const std::string& bytes) {
    return refusal(zip_file({stored("conds/data.pkl", bytes)}));
  };
  CHECK(refused("") == "conds.pt: its pickle ends early");
  CHECK(refused("\x80\x02}") == "conds.pt: its pickle ends early");
  CHECK(refused("\x80\x02X\xff\xff\xff\xff") == "conds.pt: its pickle ends early");
  CHECK(refused("cos") == "conds.pt: its pickle ends early");
  CHECK(refused("\x80\x09.") == "conds.pt: its pickle has the unknown protocol 9");
  CHECK(refused("\x80\x02i") == "conds.pt: its pickle has the unknown instruction 0x69 at byte 2");
  CHECK(refused("\x8a\x09.........") == "conds.pt: its pickle has an integer of more than 64 bits");
  CHECK(refused(".") == "conds.pt: its pickle is damaged at byte 1");
  CHECK(refused("t.") == "conds.pt: its pickle is damaged at byte 1");
  CHECK(refused("N(\x85.") == "conds.pt: its pickle is damaged at byte 3");
  CHECK(refused("h\x05.") == "conds.pt: its pickle is damaged at byte 2");
  CHECK(refused("}(Nu.") == "conds.pt: its pickle is damaged at byte 4");
  CHECK(refused("]NNs.") == "conds.pt: its pickle is damaged at byte 4");
  CHECK(refused("N)R.") == "conds.pt: its pickle is damaged at byte 3");
  CHECK(refused("]}b.") == "conds.pt: its pickle sets attributes of something that is no dictionary");
  CHECK(refused("ccollections\nOrderedDict\n]\x85R.") ==
        "conds.pt: its pickle makes an OrderedDict from something");
  CHECK(refused(std::string((4 << 20) + 1, 'N')) ==
        "conds.pt: its pickle has 4194305 bytes; more than 4194304 are not read");
}

TEST_CASE("torch_archive_refuses_other_zip_files") {
  CHECK(refusal(zip_file({stored("readme.txt", "hello")})) ==
        "conds.pt: it is a zip file, but no PyTorch archive: it has no data.pkl");
  CHECK(refusal(zip_file({stored("a/data.pkl", "N."), stored("b/data.pkl", "N.")})) ==
        "conds.pt: it has two pickles, a/data.pkl and b/data.pkl");
  CHECK(refusal(zip_file({stored("a/data.pkl", "N."), stored("a/byteorder", "big")})) ==
        "conds.pt: it was saved on a big-endian machine");
  CHECK(refusal("plain text") == "conds.pt is a file of unknown kind, not a PyTorch archive (zip)");
}

TEST_CASE("zip_refuses_files_that_were_cut_off") {
  const std::string whole = with_tensor({});
  CHECK(refusal(whole.substr(0, whole.size() / 2)) ==
        "conds.pt: the zip directory at its end is missing: perhaps an incomplete download");
  CHECK(refusal("PK\x03\x04") ==
        "conds.pt: the zip directory at its end is missing: perhaps an incomplete download");
  // The head of one file and the end of another.
  CHECK(refusal(whole.substr(0, 40) + whole.substr(whole.size() - 22)) ==
        "conds.pt: the zip directory lies beyond the end of the file: perhaps an incomplete download");
}

TEST_CASE("zip_refuses_damaged_directories") {
  const std::string whole = with_tensor({});
  std::string file = whole;
  file[file.size() - 12] = '\x7f';  // the count
  CHECK(refusal(file).starts_with("conds.pt: the zip directory claims 127 entries in "));
  file = whole;
  file[in_directory(file, "conds/data.pkl") - 46] = 'X';
  CHECK(refusal(file) == "conds.pt: the zip directory is damaged");
  file = whole;
  file[in_directory(file, "conds/data/0") - 4] = '\x01';  // where its local header lies
  CHECK(refusal(file) == "conds.pt: entry conds/data/0 is not where the directory says");
  file = whole;
  file[in_directory(file, "conds/data/0") - 1] = '\x7f';
  CHECK(refusal(file) ==
        "conds.pt: an entry's header lies beyond the end of the file: perhaps an incomplete download");
}

TEST_CASE("zip_refuses_hostile_entries") {
  const auto refused = [](const ZipPart& part) { return refusal(zip_file({part})); };
  ZipPart part = stored("a/data.pkl", "N.");
  part.checksum ^= 1;
  CHECK(refused(part) == "conds.pt: entry a/data.pkl is damaged: its checksum does not match");
  part = stored("a/data.pkl", "N.");
  part.flags = 1;
  CHECK(refused(part) == "conds.pt: entry a/data.pkl is encrypted");
  part = stored("a/data.pkl", "N.");
  part.method = 12;
  CHECK(refused(part) == "conds.pt: entry a/data.pkl is packed with method 12, not stored or deflated");
  part = stored("a/data.pkl", "N.");
  part.unpacked = 3;
  CHECK(refused(part) == "conds.pt: entry a/data.pkl is stored, but has two lengths: 2 and 3");
  part = deflated("a/data.pkl", "N.");
  part.unpacked = 1'000'000'000;
  CHECK(refused(part).starts_with("conds.pt: entry a/data.pkl claims 1000000000 bytes packed into "));
  part = deflated("a/data.pkl", "N.");
  part.unpacked = 3;
  CHECK(refused(part) == "conds.pt: entry a/data.pkl is damaged: its checksum does not match");
  part = deflated("a/data.pkl", "N.");
  part.packed[0] = '\x07';  // a block type that does not exist
  CHECK(refused(part) == "conds.pt: entry a/data.pkl is damaged: its checksum does not match");
  CHECK(refusal(zip_file({stored("a/data.pkl", "N."), stored("a/data.pkl", "N.")})) ==
        "conds.pt: the archive has two entries a/data.pkl");
}

TEST_CASE("zip_refuses_entries_that_overlap") {
  // One entry's bytes hold the local header and bytes of another, so that both share them.
  const std::string inner =
      std::string("PK\x03\x04") + std::string(22, '\0') + std::string("\x01\0\0\0", 4) + "b" + "N.";
  std::string file = zip_file({stored("a", inner), stored("b", "N.")});
  file[in_directory(file, "b") - 4] = 31;
  CHECK(refusal(file) == "conds.pt: entries a and b overlap");
}

TEST_CASE("zip_refuses_damaged_zip64_fields") {
  ZipPart part = stored("a/data.pkl", "N.");
  part.zip64 = true;
  const std::string whole = zip_file({part}, true);
  std::string file = whole;
  file[in_directory(file, "a/data.pkl") + 12] = 16;  // the length of the field, of three numbers
  CHECK(refusal(file) == "conds.pt: entry a/data.pkl has a damaged zip64 field");
  file = whole;
  file[in_directory(file, "a/data.pkl") + 12] = 99;
  CHECK(refusal(file) == "conds.pt: entry a/data.pkl has a damaged extra field");
  file = whole;
  file[file.rfind("PK\x06\x06")] = 'X';
  CHECK(refusal(file) == "conds.pt: the zip64 directory's end is damaged");
  file = whole;
  file[file.rfind("PK\x06\x07") + 15] = '\x7f';
  CHECK(
      refusal(file) ==
      "conds.pt: the zip64 directory's end lies beyond the end of the file: perhaps an incomplete download");
}
