// Moving numbers about, by hand: what lies where afterwards, and what costs no copy.
#include <doctest/doctest.h>

#include <numeric>

#include "close.hpp"
#include "kernels/reference/reference.hpp"

namespace nightingale {
namespace {

using testing::close;

// 0, 1, 2, … under the axes.
Tensor counting(Ops& op, const Shape& shape) {
  std::vector<float> numbers(static_cast<std::size_t>(shape.elements()));
  std::iota(numbers.begin(), numbers.end(), 0.0f);
  return op.write(shape, numbers);
}

TEST_CASE("concat_joins_along_the_axis_it_names") {
  const auto op = make_reference();
  const Tensor x = counting(*op, {{"batch", 2}, {"row", 2}, {"mel", 1}});
  const Tensor y = counting(*op, {{"batch", 2}, {"row", 1}, {"mel", 1}});
  const Tensor rows = op->concat({x, y}, "row");
  CHECK(rows.shape() == Shape{{"batch", 2}, {"row", 3}, {"mel", 1}});
  CHECK(close(rows, {0, 1, 0, 2, 3, 1}, 0));
  CHECK(close(op->concat({x, x}, "mel"), {0, 0, 1, 1, 2, 2, 3, 3}, 0));
  CHECK(close(op->concat({y}, "batch"), {0, 1}, 0));
}

TEST_CASE("concat_joins_ids_too") {
  const auto op = make_reference();
  const std::int32_t ids[] = {5, 6, 7};
  const Tensor x = op->write_ids({{"row", 3}}, ids);
  CHECK(close(op->concat({x, x}, "row"), {5, 6, 7, 5, 6, 7}, 0));
}

TEST_CASE("slice_takes_a_part_and_is_a_view_along_the_outermost_axis") {
  const auto op = make_reference();
  const Tensor x = counting(*op, {{"batch", 1}, {"row", 3}, {"mel", 2}}).from("noise");
  const Tensor rows = op->slice(x, "row", 1, 2);
  CHECK(close(rows, {2, 3, 4, 5}, 0));
  CHECK(rows.data<double>() == x.data<double>() + 2);
  const Tensor mel = op->slice(x, "mel", 1, 1);
  CHECK(mel.shape() == Shape{{"batch", 1}, {"row", 3}, {"mel", 1}});
  CHECK(close(mel, {1, 3, 5}, 0));
  CHECK(mel.origin() == Name("noise"));
  CHECK(op->slice(x, "row", 3, 0).shape().elements() == 0);
}

TEST_CASE("select_takes_one_index_and_drops_the_axis") {
  const auto op = make_reference();
  const Tensor x = counting(*op, {{"batch", 2}, {"row", 3}, {"mel", 2}});
  const Tensor row = op->select(x, "row", 2);
  CHECK(row.shape() == Shape{{"batch", 2}, {"mel", 2}});
  CHECK(close(row, {4, 5, 10, 11}, 0));
  CHECK(close(op->select(x, "batch", 1), {6, 7, 8, 9, 10, 11}, 0));
}

TEST_CASE("pad_adds_zeros_or_reflects_without_repeating_the_edge") {
  const auto op = make_reference();
  const Tensor x = counting(*op, {{"batch", 2}, {"row", 3}});
  CHECK(close(op->pad(x, "row", 1, 2), {0, 0, 1, 2, 0, 0, 0, 3, 4, 5, 0, 0}, 0));
  CHECK(close(op->pad(x, "row", 2, 1, Padding::reflect), {2, 1, 0, 1, 2, 1, 5, 4, 3, 4, 5, 4}, 0));
  CHECK(close(op->pad(x, "batch", 1, 0), {0, 0, 0, 0, 1, 2, 3, 4, 5}, 0));
}

TEST_CASE("repeat_repeats_each_index_in_place") {
  const auto op = make_reference();
  const Tensor x = counting(*op, {{"batch", 2}, {"row", 2}, {"mel", 2}});
  const Tensor twice = op->repeat(x, "row", 2);
  CHECK(twice.shape() == Shape{{"batch", 2}, {"row", 4}, {"mel", 2}});
  CHECK(close(twice, {0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5, 6, 7, 6, 7}, 0));
}

TEST_CASE("spread_repeats_along_a_new_axis") {
  const auto op = make_reference();
  const Tensor x = counting(*op, {{"batch", 2}, {"mel", 2}});
  const Tensor rows = op->spread(x, {"row", 3}, "mel");
  CHECK(rows.shape() == Shape{{"batch", 2}, {"row", 3}, {"mel", 2}});
  CHECK(close(rows, {0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3}, 0));
  CHECK(op->spread(x, {"row", 1}, "mel").data<double>() == x.data<double>());
}

TEST_CASE("reorder_moves_numbers_to_the_new_storage_order") {
  const auto op = make_reference();
  const Tensor x = counting(*op, {{"batch", 2}, {"row", 3}, {"mel", 2}});
  const Tensor turned = op->reorder(x, {"batch", "mel", "row"});
  CHECK(turned.shape() == Shape{{"batch", 2}, {"mel", 2}, {"row", 3}});
  CHECK(close(turned, {0, 2, 4, 1, 3, 5, 6, 8, 10, 7, 9, 11}, 0));
  CHECK(close(op->reorder(x, {"row", "batch", "mel"}), {0, 1, 6, 7, 2, 3, 8, 9, 4, 5, 10, 11}, 0));
  CHECK(close(op->reorder(x, {"mel", "row", "batch"}), {0, 6, 2, 8, 4, 10, 1, 7, 3, 9, 5, 11}, 0));
  CHECK(close(op->reorder(op->reorder(x, {"mel", "row", "batch"}), {"batch", "row", "mel"}), x, 0));
}

TEST_CASE("reorder_of_axes_of_size_one_is_a_view") {
  const auto op = make_reference();
  const Tensor x = counting(*op, {{"batch", 1}, {"row", 3}, {"mel", 2}});
  const Tensor turned = op->reorder(x, {"row", "batch", "mel"});
  CHECK(turned.data<double>() == x.data<double>());
  CHECK(turned.shape() == Shape{{"row", 3}, {"batch", 1}, {"mel", 2}});
}

TEST_CASE("rename_split_and_merge_are_views") {
  const auto op = make_reference();
  const Tensor x = counting(*op, {{"batch", 2}, {"channel", 6}}).from("flow.encoder");
  const Tensor heads = op->split(x, "channel", {"head", 3}, {"width", 2});
  CHECK(heads.shape() == Shape{{"batch", 2}, {"head", 3}, {"width", 2}});
  CHECK(heads.data<double>() == x.data<double>());
  CHECK(op->merge(heads, "head", "width", {"channel", 6}).shape() == x.shape());
  CHECK(op->rename(x, "channel", "mel").origin() == Name("flow.encoder"));
}

TEST_CASE("write_and_read_give_back_the_numbers") {
  const auto op = make_reference();
  const std::vector<float> numbers{0.1f, -2.5f, 3e30f};
  CHECK(op->read(op->write({{"row", 3}}, numbers)) == numbers);
  CHECK(op->read(op->zeros({{"row", 2}})) == std::vector<float>{0, 0});
  CHECK(op->zeros({{"row", 0}}).shape().elements() == 0);
}

}  // namespace
}  // namespace nightingale
