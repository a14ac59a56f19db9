// The rules of the operations that compute. Those that only move numbers stand in rules_moves.cpp.
#include "ops/rules.hpp"

#include "ops/rules_common.hpp"

namespace nightingale::rules {

Shape embedding(const Tensor& ids, const Weight& table) {
  const Operation operation{"embedding", &table};
  require_rank(operation, table, 2, "[entry, channel]");
  if (ids.type() != Type::i32 || ids.shape().rank() == Shape::most_axes) {
    refuse(operation, {"the ids are not whole numbers in [batch, row]", "write_ids makes token ids"},
           {side({"ids", ids})});
  }
  require_new(operation, ids, Shape::most_axes, table.shape()[1]);
  Shape out = ids.shape();
  out.append(resolved(table.shape()[1]));
  return out;
}

Shape linear(const Tensor& x, const Weight& weight, const Weight& bias, const Fused& fused) {
  const Operation operation{"linear", &weight};
  require_rank(operation, weight, 2, "[out, in]");
  require_innermost(operation, {"x", x}, weight.shape()[1], "the weight");
  const Axis out = resolved(weight.shape()[0]);
  require_bias(operation, bias, out);
  Shape result = x.shape();
  require_new(operation, x, result.rank() - 1, out);
  result[result.rank() - 1] = out;
  require_added(operation, fused, result);
  return result;
}

Shape lstm(const Tensor& x, const LstmWeights& weights) {
  const Operation operation{"lstm", &weights.input};
  require_rank(operation, weights.input, 2, "[gate, in]");
  require_rank(operation, weights.recurrent, 2, "[gate, hidden]");
  require_innermost(operation, {"x", x}, weights.input.shape()[1], "the weight");
  require_layout(operation, {"x", x}, 3,
                 "[batch, row, " + std::string(weights.input.shape()[1].name.text()) + "]");
  const Axis gate = resolved(weights.input.shape()[0]);
  const Axis hidden = resolved(weights.recurrent.shape()[1]);
  const Shape expected{gate, hidden};
  require_equal({"lstm", &weights.recurrent}, {"the input weight's gates", expected},
                {"the recurrent weight", weights.recurrent.shape()});
  require_bias({"lstm", &weights.input_bias}, weights.input_bias, gate);
  require_bias({"lstm", &weights.recurrent_bias}, weights.recurrent_bias, gate);
  if (!same(gate.size, 4 * hidden.size)) {
    refuse(operation,
           {quoted(gate) + " is not four times " + quoted(hidden),
            "an LSTM has four gates: input, forget, candidate, output"},
           {side(weights.input), side(weights.recurrent)});
  }
  require_new(operation, x, 2, hidden);
  return {x.shape()[0], x.shape()[1], hidden};
}

Shape pooled(std::string_view name, const Tensor& x, Name axis, std::int64_t fewest) {
  const std::size_t place = place_of(name, x, axis);
  const Axis& along = x.shape()[place];
  if (along.size.is_number() && along.size.number() < fewest) {
    refuse(
        {name},
        {quoted(along) + " is too short: it takes at least " + std::to_string(fewest), "give a longer input"},
        {side({"x", x})});
  }
  Shape out = x.shape();
  out.erase(place);
  return out;
}

Shape segment_mean(const Tensor& x, Name axis, std::int64_t length) {
  place_of("segment_mean", x, axis);
  if (length < 1) {
    refuse({"segment_mean"},
           {"segments of " + std::to_string(length) + " hold nothing", "give a length of at least 1"},
           {side({"x", x})});
  }
  return x.shape();
}

void per_channel(std::string_view name, const Tensor& x, const Weight& weight) {
  const Operation operation{name, &weight};
  if (x.shape().rank() == 0) refuse(operation, {"x has no axes", "give a value of the stage before"}, {});
  if (!weight) return;
  require_rank(operation, weight, 1, "[channel]");
  require_innermost(operation, {"x", x}, weight.shape()[0], "the weight");
}

void attention(const Tensor& query, const Tensor& key, const Tensor& value) {
  const Operation operation{"attention"};
  require_layout(operation, {"query", query}, 4, "[batch, row, head, width]");
  require_layout(operation, {"key", key}, 4, "[batch, other row, head, width]");
  require_equal(operation, {"key", key}, {"value", value});
  for (const std::size_t i : {std::size_t{0}, std::size_t{2}, std::size_t{3}}) {
    const Axis& wanted = query.shape()[i];
    const Axis& found = key.shape()[i];
    if (found.name == wanted.name && same(found.size, wanted.size)) continue;
    refuse(operation,
           {"the query has " + quoted(wanted) + " where the key has " + quoted(found),
            "query and key must be split into the same heads of the same width"},
           {side({"query", query}), side({"key", key})});
  }
}

void relative_attention(const Tensor& query, const Tensor& key, const Tensor& value, const Tensor& position,
                        const Weight& u, const Weight& v) {
  const Operation operation{"relative_attention", &u};
  require_layout(operation, {"query", query}, 4, "[batch, row, head, width]");
  require_equal(operation, {"query", query}, {"key", key});
  require_equal(operation, {"query", query}, {"value", value});
  const Shape& axes = query.shape();
  const Size distances = 2 * axes[1].size - 1;
  const Shape wanted{{"relative", distances}, axes[2], axes[3]};
  const Shape& found = position.shape();
  const Shape expected = found.rank() == 3 ? Shape{{found[0].name, distances}, axes[2], axes[3]} : wanted;
  if (found.rank() != 3 || !same(found[0].size, distances)) {
    refuse(operation,
           {"position is " + found.text() + " but " + quoted(axes[1]) + " has " + distances.text() +
                " distances, 2·rows − 1",
            "make the table of positions for the rows of this query"},
           {side({"query", query}), side({"position", position}, wanted.text())});
  }
  require_equal(operation, {"query's head and width", expected}, {"position", position});
  for (const Weight* weight : {&u, &v}) {
    const Shape one_row{axes[2], axes[3]};
    require_equal({"relative_attention", weight}, {"one row of the query", one_row},
                  {"the weight", weight->shape()});
  }
}

namespace {

// One of the caches, or the only one, against what is appended to it.
void held_by(const Operation& operation, const Tensor& key, const Cache& cache, std::int64_t layer) {
  const CacheSizes& sizes = cache.sizes();
  if (layer < 0 || layer >= sizes.layers) {
    refuse(operation,
           {"layer " + std::to_string(layer) + " of a cache for " + std::to_string(sizes.layers),
            "make the cache for as many layers as the network has"},
           {side({"key", key})});
  }
  const Size rows = cache.length() + key.shape()[1].size;
  if (rows.is_number() && key.has_numbers() && rows.number() > sizes.most_rows) {
    refuse(operation,
           {"the cache holds at most " + std::to_string(sizes.most_rows) + " rows, not " + rows.text(),
            "speak a shorter text, or make the cache longer"},
           {side({"key", key})});
  }
}

}  // namespace

void cached_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                      std::span<Cache* const> caches, std::int64_t layer) {
  const Operation operation{"cached_attention"};
  require_layout(operation, {"query", query}, 4, "[batch, row, head, width]");
  require_equal(operation, {"query", query}, {"key", key});
  require_equal(operation, {"query", query}, {"value", value});
  Size batch = 0;
  for (const Cache* cache : caches) batch = batch + cache->sizes().batch.size;
  for (const Cache* cache : caches) {
    const CacheSizes& sizes = cache->sizes();
    const Shape held{{sizes.batch.name, batch}, query.shape()[1], sizes.head, sizes.width};
    require_equal(operation, {caches.size() > 1 ? "the row of caches" : "the cache", held}, {"key", key});
    held_by(operation, key, *cache, layer);
  }
}

void rotary(const Tensor& x, std::int64_t frequencies, std::int64_t starts) {
  const Operation operation{"rotary"};
  require_layout(operation, {"x", x}, 4, "[batch, row, head, width]");
  const Axis& batch = x.shape()[0];
  if (starts != 1 && !same(batch.size, starts)) {
    refuse(operation,
           {quoted(batch) + " does not match " + std::to_string(starts) + " starts",
            "give one start for all entries of the batch, or one for each"},
           {side({"x", x}, "[batch " + std::to_string(starts) + ", row, head, width]")});
  }
  const Axis& width = x.shape()[3];
  if (same(width.size, 2 * frequencies)) return;
  refuse(operation,
         {quoted(width) + " is not twice the " + std::to_string(frequencies) + " frequencies",
          "a head turns pairs: it needs half as many frequencies as it is wide"},
         {side({"x", x}, "[batch, row, head, width " + std::to_string(2 * frequencies) + "]")});
}

void combine(const Tensor& x, const Tensor& y) {
  require_equal({"combine"}, {"x", x}, {"y", y});
}

namespace {

// y has an axis that x lacks, or what they share differs.
Cause why_not_repeated(const Shape& x, const Shape& y) {
  for (const Axis& axis : y) {
    if (x.has(axis.name)) continue;
    const std::string own = "y has an axis " + quoted(axis) + " that x does not have";
    for (const Axis& other : x) {
      if (same(other.size, axis.size)) {
        return {own, "rename it to '" + std::string(other.name.text()) + "' if it means " + quoted(other) +
                         " of x"};
      }
    }
    return {own, "bring y to axes of x first, or spread x along it"};
  }
  Shape shared;
  for (const Axis& axis : x) {
    if (y.has(axis.name)) shared.append(axis);
  }
  return compare({"x", shared}, {"y", y});
}

}  // namespace

void repeated(std::string_view name, const Tensor& x, const Tensor& y) {
  const Shape& along = x.shape();
  const Shape& axes = y.shape();
  std::size_t met = 0;
  for (const Axis& axis : along) {
    if (met == axes.rank() || axes[met].name != axis.name) continue;
    const bool one_for_all = axis.name == Name("batch") && axes[met].size == Size(1);
    if (!one_for_all && !same(axes[met].size, axis.size)) break;
    ++met;
  }
  if (met == axes.rank()) return;

  refuse({name}, why_not_repeated(along, axes),
         {side({"x", x}), side({"y", y}, "axes of x in the same order, or some of them")});
}

std::array<std::int64_t, Shape::most_axes> strides_along(const Shape& x, const Shape& y) {
  std::array<std::int64_t, Shape::most_axes> strides{};
  std::int64_t stride = 1;
  std::size_t left = y.rank();
  for (std::size_t i = x.rank(); i-- > 0;) {
    if (left == 0 || y[left - 1].name != x[i].name) continue;
    --left;
    strides[i] = y.count(left) == 1 ? 0 : stride;
    stride *= y.count(left);
  }
  return strides;
}

Shape stft(const Tensor& x, const Spectrum& spectrum) {
  const Operation operation{"stft"};
  require_layout(operation, {"x", x}, 2, "[batch, sample]");
  const Axis& sample = x.shape()[1];
  if (spectrum.window < 2 || spectrum.window % 2 != 0 || spectrum.hop < 1) {
    refuse(operation,
           {"a window of " + std::to_string(spectrum.window) + " with hop " + std::to_string(spectrum.hop) +
                " is not even and positive",
            "correct the transform's sizes"},
           {side({"x", x})});
  }
  if (sample.size.is_number() && sample.size.number() <= spectrum.window / 2) {
    refuse(operation,
           {quoted(sample) + " is too short to be reflected by half a window, " +
                std::to_string(spectrum.window / 2),
            "give more than half a window of samples"},
           {side({"x", x})});
  }
  const auto steps = sample.size.divided(spectrum.hop);
  if (!steps) {
    refuse(operation,
           {sample.size.text() + " samples are not a whole number of hops of " +
                std::to_string(spectrum.hop) + " for every length",
            "trim or pad to a multiple of the hop"},
           {side({"x", x})});
  }
  return {x.shape()[0], {"spectrum", *steps + 1}, {"bin", spectrum.window + 2}};
}

Shape istft(const Tensor& magnitude, const Tensor& phase, const Spectrum& spectrum) {
  const Operation operation{"istft"};
  require_layout(operation, {"magnitude", magnitude}, 3, "[batch, spectrum, bin]");
  require_equal(operation, {"magnitude", magnitude}, {"phase", phase});
  require_innermost(operation, {"magnitude", magnitude}, {"bin", spectrum.window / 2 + 1}, "the window");
  const Axis& columns = magnitude.shape()[1];
  if (columns.name != Name("spectrum") || (columns.size.is_number() && columns.size.number() < 2)) {
    refuse(operation,
           {quoted(columns) + " is not a row of at least 2 spectra",
            "the columns of a transform are named 'spectrum'"},
           {side({"magnitude", magnitude}, "[batch, spectrum, bin]")});
  }
  return {magnitude.shape()[0], {"sample", spectrum.hop * (columns.size - 1)}};
}

Shape phases(const Tensor& f0, std::int64_t harmonics) {
  const Operation operation{"phases"};
  require_layout(operation, {"f0", f0}, 2, "[batch, sample]");
  Shape out = f0.shape();
  out.append({"harmonic", harmonics});
  return out;
}

}  // namespace nightingale::rules
