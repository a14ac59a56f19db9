// Every refusal of the rules, word for word, against tests/ops/refusals.txt: a wrong axis must be found from
// the text alone. The file is read like code; when a sentence changes on purpose, copy it there from the
// output.
#include <doctest/doctest.h>

#include "kernels/reference/reference.hpp"
#include "refusal_texts.hpp"

namespace nightingale {
namespace {

using testing::check_texts;
using testing::declared;
using testing::made;

// A checkpoint has said that the encoder is 512 wide.
Axis solved_channel() {
  const Axis channel = unknown("channel");
  channel.size.terms().front().first.solve(512, "flow.encoder_proj.weight and 30 more");
  return channel;
}

const Shape mel_rows{{"batch", 1}, {"frame", 564}, {"mel", 80}};
const Shape head_rows{{"batch", 2}, {"frame", 5}, {"head", 3}, {"width", 4}};

TEST_CASE("linear_refuses_what_does_not_end_in_the_weights_axis") {
  const Weight weight = declared("flow.encoder_proj.weight", {{"mel", 80}, solved_channel()});
  const Tensor fitting = made({{"batch", 1}, {"frame", 4}, {"channel", 512}});
  const Tensor residual = made({{"batch", 1}, {"frame", 3}, {"mel", 80}}, "flow.encoder");
  check_texts({
      {"linear: another value", [&] { rules::linear(made(mel_rows, "flow.encoder"), weight, {}); }},
      {"linear: axis order",
       [&] {
         rules::linear(made({{"batch", 1}, {"channel", 512}, {"frame", 4}}), weight, {});
       }},
      {"linear: another size",
       [&] {
         rules::linear(made({{"frame", 4}, {"channel", 256}}), weight, {});
       }},
      {"linear: another name",
       [&] {
         rules::linear(made({{"frame", 4}, {"hidden", 512}}), weight, {});
       }},
      {"linear: another bias",
       [&] {
         rules::linear(fitting, weight, declared("flow.encoder_proj.bias", {{"mel", 81}}));
       }},
      {"linear: two axes of one name",
       [&] {
         rules::linear(made({{"mel", 4}, {"channel", 512}}), weight, {});
       }},
      {"linear: another residual", [&] { rules::linear(fitting, weight, {}, {.add = &residual}); }},
      {"linear: a weight with taps",
       [&] {
         rules::linear(fitting, declared("conv.weight", {{"out", 7}, {"in", 80}, {"tap", 4}}), {});
       }},
      {"linear: no axes", [&] { rules::linear(made({}), weight, {}); }},
  });
}

TEST_CASE("embedding_refuses_numbers_and_a_name_that_is_taken") {
  const Weight table = declared("emb.weight", {{"entry", 4}, {"mel", 3}});
  check_texts({
      {"embedding: not ids", [&] { rules::embedding(made(mel_rows), table); }},
      {"embedding: two axes of one name",
       [&] {
         rules::embedding(made({{"mel", 2}}, "", Type::i32), table);
       }},
  });
}

TEST_CASE("conv1d_refuses_channels_first_too_few_rows_and_lengths_that_do_not_divide") {
  const Weight weight = declared("f0.weight", {{"out", 7}, {"mel", 80}, {"tap", 4}});
  const Axis prompt = unknown("prompt");
  const Tensor symbolic = made({{"batch", 1}, {"frame", 2 * prompt.size}, {"mel", 80}});
  const Tensor channels_first = made({{"batch", 1}, {"mel", 80}, {"frame", 564}}, "noise");
  check_texts({
      {"conv1d: channels first", [&] { rules::conv1d(channels_first, weight, {}, {}); }},
      {"conv1d: no batch",
       [&] {
         rules::conv1d(made({{"frame", 564}, {"mel", 80}}), weight, {}, {});
       }},
      {"conv1d: too short",
       [&] {
         rules::conv1d(made({{"batch", 1}, {"frame", 2}, {"mel", 80}}), weight, {}, {.pad_left = 1});
       }},
      {"conv1d: no stride", [&] { rules::conv1d(made(mel_rows), weight, {}, {.stride = 0}); }},
      {"conv1d: a stride that was not declared",
       [&] {
         const Weight of_every_row = declared("f0.weight", {{"out", 7}, {"mel", 80}, {"tap", 4}});
         of_every_row.record().use = Use::convolution;
         rules::conv1d(made(mel_rows), of_every_row, {}, {.stride = 2});
       }},
      {"conv1d: not a whole number of steps",
       [&] { rules::conv1d(symbolic, weight, {}, {.stride = 4, .pad_left = 3}); }},
      {"conv1d: taps not known",
       [&] {
         rules::conv1d(made(mel_rows), declared("f0.weight", {{"out", 7}, {"mel", 80}, unknown("tap")}), {},
                       {});
       }},
      {"conv_transpose1d: too short",
       [&] {
         rules::conv_transpose1d(made({{"batch", 1}, {"frame", 1}, {"mel", 80}}),
                                 declared("ups.weight", {{"mel", 80}, {"out", 7}, {"tap", 4}}), {},
                                 {.stride = 2, .trim = 3});
       }},
  });
}

TEST_CASE("norms_refuse_another_width") {
  check_texts({
      {"layer_norm: another size",
       [] {
         rules::per_channel("layer_norm", made(mel_rows), declared("norm.weight", {{"mel", 81}}));
       }},
  });
}

TEST_CASE("attention_refuses_rows_heads_and_positions_that_do_not_match") {
  const Tensor query = made(head_rows);
  const Tensor turned = made({{"batch", 2}, {"frame", 5}, {"head", 4}, {"width", 3}});
  const Weight u = declared("pos_bias_u", {{"head", 3}, {"width", 4}});
  const Weight wrong = declared("pos_bias_v", {{"head", 4}, {"width", 3}});
  const Tensor table = made({{"relative", 9}, {"head", 3}, {"width", 4}});
  const auto relative = [&](const Tensor& position, const Weight& v) {
    rules::relative_attention(query, query, query, position, u, v);
  };
  check_texts({
      {"attention: not split into heads", [&] { rules::attention(made(mel_rows), query, query); }},
      {"attention: other heads", [&] { rules::attention(query, turned, turned); }},
      {"attention: another value",
       [&] {
         rules::attention(query, query, made({{"batch", 2}, {"seen", 5}, {"head", 3}, {"width", 4}}));
       }},
      {"relative_attention: too many positions",
       [&] {
         relative(made({{"relative", 10}, {"head", 3}, {"width", 4}}), u);
       }},
      {"relative_attention: positions of other heads",
       [&] {
         relative(made({{"relative", 9}, {"head", 4}, {"width", 4}}), u);
       }},
      {"relative_attention: another bias", [&] { relative(table, wrong); }},
      {"rotary: another number of frequencies", [&] { rules::rotary(query, 3, 1); }},
      {"rotary: another number of starts", [&] { rules::rotary(query, 2, 3); }},
  });
}

TEST_CASE("cached_attention_refuses_another_batch_a_missing_layer_and_more_rows_than_it_holds") {
  const auto op = make_reference();
  const Tensor query = op->zeros(head_rows);
  const auto attend = [&](std::vector<std::int64_t> batches, std::int64_t layer) {
    std::vector<Cache> caches;
    for (const std::int64_t batch : batches) {
      caches.emplace_back(CacheSizes{.batch = {"batch", batch},
                                     .head = {"head", 3},
                                     .width = {"width", 4},
                                     .layers = 1,
                                     .most_rows = 4});
    }
    std::vector<Cache*> each;
    for (Cache& cache : caches) each.push_back(&cache);
    rules::cached_attention(query, query, query, each, layer);
  };
  check_texts({
      {"cached_attention: another batch", [&] { attend({1}, 0); }},
      {"cached_attention: a sequence too much",
       [&] {
         attend({1, 2}, 0);
       }},
      {"cached_attention: a missing layer", [&] { attend({2}, 1); }},
      {"cached_attention: full",
       [&] {
         attend({1, 1}, 0);
       }},
  });
}

TEST_CASE("add_refuses_another_order_another_length_and_an_axis_of_its_own") {
  const Tensor x = made(mel_rows, "flow.encoder");
  const Axis prompt = unknown("prompt");
  const Axis speech = unknown("speech");
  const Tensor whole = made({{"frame", 2 * (prompt.size + speech.size)}, {"mel", 80}}, "flow.encoder");
  const Tensor trimmed = made({{"frame", 2 * speech.size}, {"mel", 80}}, "noise");
  check_texts({
      {"add: axis order",
       [&] {
         rules::repeated("add", x, made({{"batch", 1}, {"mel", 80}, {"frame", 564}}, "noise"));
       }},
      {"add: the prompt is missing",
       [&] {
         rules::repeated("add", x, made({{"batch", 1}, {"frame", 64}, {"mel", 80}}, "noise"));
       }},
      {"add: the prompt is missing for every length", [&] { rules::repeated("add", whole, trimmed); }},
      {"add: the speaker as it is",
       [&] {
         rules::repeated("add", x, made({{"speaker", 80}}, "voice"));
       }},
      {"add: one frame for all",
       [&] {
         rules::repeated("add", x, made({{"batch", 1}, {"frame", 1}, {"mel", 80}}, "noise"));
       }},
      {"add: an axis of its own",
       [&] {
         rules::repeated("add", x, made({{"harmonic", 9}}));
       }},
      {"multiply: more items than x",
       [&] {
         rules::repeated("multiply", x, made({{"batch", 2}, {"mel", 80}}));
       }},
      {"combine: fewer axes",
       [&] {
         rules::combine(x, made({{"frame", 564}, {"mel", 80}}));
       }},
  });
}

TEST_CASE("concat_refuses_parts_that_differ_elsewhere") {
  const std::vector<Tensor> parts{made(mel_rows), made({{"batch", 1}, {"frame", 64}, {"mel", 80}}, "noise")};
  const std::vector<Tensor> mixed{made(mel_rows), made(mel_rows, "", Type::i32)};
  check_texts({
      {"concat: another length", [&] { rules::concat(parts, "mel"); }},
      {"concat: an axis that is not there", [&] { rules::concat(parts, "speaker"); }},
      {"concat: ids and numbers", [&] { rules::concat(mixed, "mel"); }},
      {"concat: nothing", [&] { rules::concat({}, "mel"); }},
  });
}

TEST_CASE("slice_select_pad_and_repeat_refuse_what_does_not_lie_in_the_axis") {
  const Tensor x = made(mel_rows);
  const Axis prompt = unknown("prompt");
  const Tensor symbolic = made({{"frame", 2 * prompt.size}});
  check_texts({
      {"slice: beyond the end", [&] { rules::slice(x, "frame", 500, 65); }},
      {"slice: beyond the end for every length",
       [&] { rules::slice(symbolic, "frame", 1, 2 * prompt.size); }},
      {"slice: before the start", [&] { rules::slice(x, "frame", -1, 2); }},
      {"select: beyond the end", [&] { rules::select(x, "frame", 564); }},
      {"pad: too short to reflect", [&] { rules::pad(x, "batch", 1, 1, Padding::reflect); }},
      {"pad: less than nothing", [&] { rules::pad(x, "frame", -1, 1, Padding::zero); }},
      {"repeat: never", [&] { rules::repeat(x, "frame", 0); }},
  });
}

TEST_CASE("renaming_moves_refuse_names_that_are_taken_or_absent_and_products_that_do_not_match") {
  const Tensor x = made(mel_rows);
  const Name twice[] = {"batch", "mel", "mel"};
  check_texts({
      {"spread: a name that is taken",
       [&] {
         rules::spread(x, {"mel", 3}, "mel");
       }},
      {"spread: a sixth axis",
       [&] {
         rules::spread(made({{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}, {"e", 1}}), {"row", 3}, "a");
       }},
      {"reorder: an axis twice", [&] { rules::reorder(x, twice); }},
      {"rename: a name that is taken", [&] { rules::rename(x, "frame", "mel"); }},
      {"split: another product",
       [&] {
         rules::split(x, "mel", {"head", 3}, {"width", 27});
       }},
      {"merge: not neighbours",
       [&] {
         rules::merge(x, "batch", "mel", {"channel", 80});
       }},
      {"merge: another product",
       [&] {
         rules::merge(x, "frame", "mel", {"channel", 80});
       }},
  });
}

TEST_CASE("transforms_refuse_lengths_and_bins_that_are_not_theirs") {
  const Axis prompt = unknown("prompt");
  const Tensor symbolic = made({{"batch", 1}, {"sample", 2 * prompt.size}});
  const Tensor columns = made({{"batch", 1}, {"spectrum", 8}, {"bin", 9}});
  const Tensor frames = made({{"batch", 1}, {"frame", 8}, {"bin", 9}});
  check_texts({
      {"stft: too short",
       [&] {
         rules::stft(made({{"batch", 1}, {"sample", 8}}), {16, 4});
       }},
      {"stft: not a whole number of hops",
       [&] {
         rules::stft(symbolic, {16, 4});
       }},
      {"stft: an odd window",
       [&] {
         rules::stft(symbolic, {15, 2});
       }},
      {"istft: another window",
       [&] {
         rules::istft(columns, columns, {18, 4});
       }},
      {"istft: not spectra",
       [&] {
         rules::istft(frames, frames, {16, 4});
       }},
      {"phases: not samples", [&] { rules::phases(columns, 9); }},
  });
}

TEST_CASE("the_front_refuses_numbers_of_another_type_and_another_count") {
  const auto op = make_reference();
  const Tensor floats = made(mel_rows);
  check_texts({
      {"front: numbers of another substrate", [&] { op->scale(floats, 2); }},
      {"front: too few numbers",
       [&] {
         op->write({{"row", 3}}, std::vector<float>{1, 2});
       }},
      {"front: too many ids",
       [&] {
         op->write_ids({{"row", 1}}, std::vector<std::int32_t>{1, 2});
       }},
  });
}

TEST_CASE("embedding_refuses_an_id_beyond_its_table_and_says_which") {
  const auto op = make_reference();
  const Weight table = testing::random_weight("text_emb.weight", {{"entry", 4}, {"model", 3}}, 1);
  for (const std::int32_t id : {4, -1}) {
    const Tensor ids = op->write_ids({{"row", 3}}, std::vector<std::int32_t>{0, 3, id});
    try {
      op->embedding(ids, table);
      FAIL("not refused");
    } catch (const Failure& failure) {
      CHECK(failure.error().code == ErrorCode::model_mismatch);
      CHECK(failure.error().sentence == "embedding text_emb.weight: id " + std::to_string(id) +
                                            " at place 2 is not one of the table's 4 entries");
    }
  }
}

TEST_CASE("a_tensor_that_no_memory_could_hold_is_refused_before_it_is_asked_for") {
  const auto op = make_reference();
  const std::int64_t huge = std::int64_t{1} << 40;
  try {
    op->zeros({{"batch", huge}, {"row", huge}});
    FAIL("not refused");
  } catch (const Failure& failure) {
    CHECK(failure.error().code == ErrorCode::memory);
  }
}

}  // namespace
}  // namespace nightingale
