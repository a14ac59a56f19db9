// The surface that all arithmetic of the house goes through: what each operation means for named axes.
//
// goals      one place for the rules and their messages; model code that reads like the paper and never names
//            a library, a thread or an instruction set; a substrate (reference, cpu) is arithmetic only.
// not goals  general broadcasting, indexing, gradients.
//
// Operands align by the *names* of their axes, never by position. Every operation first asks its rule
// (ops/rules.hpp) for the axes of the result; the rule refuses what does not fit, naming both sides. Layout
// is channels-last: rows outside, the channel innermost. Results are new tensors.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ops/trace.hpp"
#include "ops/weight.hpp"
#include "tensor/storage.hpp"
#include "tensor/tensor.hpp"

namespace nightingale {

// A function of one number, applied to each.
struct Activation {
  enum class Kind {
    none,
    silu,        // x · sigmoid(x)
    gelu,        // x · Φ(x), exact
    mish,        // x · tanh(log(1 + exp x))
    elu,         // x > 0 ? x : exp(x) − 1
    leaky_relu,  // x > 0 ? x : parameter · x
    relu,
    tanh,
    sigmoid,  // 1/(1 + exp(−x))
    sine,
    exponential,  // min(exp x, parameter)
    absolute,
    clamp,  // to ±parameter
    above,  // x > parameter ? 1 : 0
  };
  Kind kind = Kind::none;
  float parameter = 0;
};

// What a substrate may do in the same pass; it means the same when it does not: activation(result) + add.
struct Fused {
  Activation then = {};
  const Tensor* add = nullptr;  // same axes as the result
};

// One of several linears that read the same rows.
struct Projection {
  const Weight& weight;
  const Weight& bias;
  Fused fused = {};
};

// Attention among a tensor's own rows: the linears that make query, key and value of a row, and the heads
// that each of the three is cut into.
struct SelfAttention {
  std::array<Projection, 3> projections;  // query, key, value
  Axis head, width;
  float scale;
};

// A 1-D convolution's geometry, in taps and rows.
struct Convolution {
  std::int64_t stride = 1;
  std::int64_t dilation = 1;
  std::int64_t pad_left = 0;
  std::int64_t pad_right = 0;
};

// A transposed 1-D convolution's geometry; `trim` rows are cut from both ends.
struct TransposedConvolution {
  std::int64_t stride = 1;
  std::int64_t trim = 0;
};

// A 2-D convolution's geometry: one of a 1-D convolution for each direction.
struct PlaneConvolution {
  Convolution row, column;
};

// The weights of one layer of an LSTM, its gates in the order input, forget, candidate, output.
struct LstmWeights {
  Weight input;                       // [gate 4·hidden, in]
  Weight recurrent;                   // [gate 4·hidden, hidden]
  Weight input_bias, recurrent_bias;  // [gate 4·hidden]
};

enum class Padding { zero, reflect };

// A short-time Fourier transform with a periodic Hann window of `window` samples, centred by reflection.
struct Spectrum {
  std::int64_t window = 0;
  std::int64_t hop = 0;
};

// What a cache holds: rows of [head, width] for each of `layers` layers, of `batch` requests.
struct CacheSizes {
  Axis batch, head, width;
  std::int64_t layers = 0;
  std::int64_t most_rows = 0;  // ignored by the proof run
};

// The keys and values of earlier rows, one entry a layer: made by a substrate, owned by a request.
class Cache {
 public:
  explicit Cache(const CacheSizes& sizes)
      : sizes_(sizes) {}
  virtual ~Cache() = default;
  const CacheSizes& sizes() const { return sizes_; }
  const Size& length() const { return length_; }  // rows that have been through every layer
  void advance(const Size& rows) { length_ = length_ + rows; }
  // Takes the first rows of another cache over, as if they had gone through the layers here. Precondition:
  // this one is empty, the other is of the same substrate, its sizes but for `most_rows`, and so many rows.
  void begin_with(const Cache& other, const Size& rows) {
    take_over(other, rows);
    length_ = rows;
  }

 protected:
  virtual void take_over(const Cache& /*other*/, const Size& /*rows*/) {}

  CacheSizes sizes_;
  Size length_ = 0;
};

// One operand of a stage as it arrived, and the axes the stage declares for it.
struct Join {
  std::string_view name;
  const Tensor* tensor;
  Shape declared;
};

class Ops {
 public:
  explicit Ops(Type real)
      : real_(real),
        pool_(Pool::make()) {}
  virtual ~Ops() = default;
  Ops(const Ops&) = delete;
  Ops& operator=(const Ops&) = delete;

  // Which numbers this substrate computes with: f32, or f64 in the reference.
  Type real() const { return real_; }
  virtual std::string_view name() const = 0;

  // Makes the substrate's own form of a weight; called once for each, after the checkpoint has been judged,
  // by several threads at once.
  virtual void prepare(Weight& /*weight*/) {}

  // Does tasks 0 … count − 1, beside each other where a substrate can.
  virtual void in_turns(std::size_t count, const std::function<void(std::size_t)>& task) {
    for (std::size_t i = 0; i < count; ++i) task(i);
  }

  // The edges: numbers in, numbers out.
  Tensor write(const Shape& shape, std::span<const float> numbers);
  Tensor write_ids(const Shape& shape, std::span<const std::int32_t> ids);
  std::vector<float> read(const Tensor& x);
  Tensor zeros(const Shape& shape);

  // A weight as a tensor: learned queries, and rows first … of a table (axes [row, channel]) such as learned
  // positions.
  Tensor constant(const Weight& weight);
  Tensor rows(const Weight& table, const Size& first, const Axis& row);

  // Where stages meet: each operand's names, order and sizes against what the stage declares for these
  // lengths. Throws Failure (shape_mismatch) with the whole story: see ops/join.hpp.
  void join(std::string_view stage, const Lengths& lengths, std::initializer_list<Join> operands);

  // ids [batch, row] → [batch, row, channel]; table [entry, channel]
  Tensor embedding(const Tensor& ids, const Weight& table);
  // x […, in] → […, out]; weight [out, in], bias [out] or none
  Tensor linear(const Tensor& x, const Weight& weight, const Weight& bias, const Fused& fused = {});
  // The same for several weights, in one pass over x where a substrate can.
  std::vector<Tensor> linears(const Tensor& x, std::span<const Projection> projections);
  // narrow(widen(x)): a substrate need not keep what lies between.
  Tensor feed_forward(const Tensor& x, const Projection& widen, const Projection& narrow);
  // x [batch, row, in] → [batch, row′, out]; weight [out, in, tap]
  Tensor conv1d(const Tensor& x, const Weight& weight, const Weight& bias, const Convolution& shape,
                const Fused& fused = {});
  // x [batch, row, in] → [batch, row′, out]; weight [in, out, tap]
  Tensor conv_transpose1d(const Tensor& x, const Weight& weight, const Weight& bias,
                          const TransposedConvolution& shape);

  // x [batch, row, column, in] → [batch, row′, column′, out]; weight [out, in, column tap, row tap], as
  // upstream stores planes of [band, frame]
  Tensor conv2d(const Tensor& x, const Weight& weight, const PlaneConvolution& shape);
  // Each channel by itself, of stride 1: x [batch, row, channel] → [batch, row′, channel]; weight [channel,
  // 1, tap]
  Tensor depthwise_conv1d(const Tensor& x, const Weight& weight, const Convolution& shape,
                          const Fused& fused = {});
  // x [batch, row, in] → the hidden state of every row, [batch, row, hidden]; the state before the first is
  // 0.
  //   i, f, g, o = W·x + b + U·h + c;  cell = σ(f)·cell + σ(i)·tanh(g);  h = σ(o)·tanh(cell)
  Tensor lstm(const Tensor& x, const LstmWeights& weights);

  // Over the innermost axis: (x − mean)/√(variance + eps) · scale + shift, then the activation.
  Tensor layer_norm(const Tensor& x, const Weight& scale, const Weight& shift, float eps,
                    Activation then = {});
  // x/√(mean(x²) + eps) · scale
  Tensor rms_norm(const Tensor& x, const Weight& scale, float eps);
  // x · scale + shift, per channel, then the activation: a batch norm of a trained network.
  Tensor affine(const Tensor& x, const Weight& scale, const Weight& shift, Activation then = {});
  // x/max(‖x‖, eps)
  Tensor normalise(const Tensor& x, float eps);

  // query [batch, row, head, width], key and value [batch, other row, head, width] → query's axes; every row
  // sees all.
  Tensor attention(const Tensor& query, const Tensor& key, const Tensor& value, float scale);
  // x [batch, row, in] → [batch, row, out], the linears' out: they, the cut into heads, attention, and the
  // heads side by side again. A substrate need not keep what lies between.
  Tensor self_attention(const Tensor& x, const SelfAttention& how);
  // Attention with relative positions (Transformer-XL): score(i, j) = scale·((q_i + u)·k_j + (q_i + v)·p(i −
  // j)). position [relative, head, width] holds p(rows − 1) first and p(−(rows − 1)) last; u, v [head,
  // width].
  Tensor relative_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                            const Tensor& position, const Weight& u, const Weight& v, float scale);
  // Attention with a cache: appends key and value to `layer`, each row sees itself and all before it. Several
  // caches divide the batch among them in their order, each with as many rows as it has: so sequences of
  // different lengths go through together.
  Tensor cached_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                          std::span<Cache* const> caches, std::int64_t layer, float scale);
  Tensor cached_attention(const Tensor& query, const Tensor& key, const Tensor& value, Cache& cache,
                          std::int64_t layer, float scale) {
    return cached_attention(query, key, value, std::array{&cache}, layer, scale);
  }
  virtual std::unique_ptr<Cache> make_cache(const CacheSizes& sizes) = 0;

  // Rotary positions, half-split: pairs (i, i + width/2) turn by (start + row)·frequencies[i]. One start for
  // all entries of the batch, or one for each.
  Tensor rotary(const Tensor& x, std::span<const float> frequencies, std::span<const Size> starts);
  Tensor rotary(const Tensor& x, std::span<const float> frequencies, const Size& start) {
    return rotary(x, frequencies, {&start, 1});
  }

  Tensor activate(const Tensor& x, Activation activation);
  // x + sin²(alpha·x)/(alpha + 1e-9), alpha per channel
  Tensor snake(const Tensor& x, const Weight& alpha);
  // y's axes are x's, or some of x's in the same order: it is repeated over those it lacks.
  Tensor add(const Tensor& x, const Tensor& y);
  Tensor multiply(const Tensor& x, const Tensor& y);
  // factor·x + other·y, of equal axes
  Tensor combine(float factor, const Tensor& x, float other, const Tensor& y);
  // factor·x + offset
  Tensor scale(const Tensor& x, float factor, float offset = 0);

  // Over a whole axis, which disappears: the mean, and the standard deviation with n − 1 below the root.
  Tensor mean(const Tensor& x, Name axis);
  Tensor deviation(const Tensor& x, Name axis);
  // Every index replaced by the mean of its segment of `length` neighbours; the last one may be shorter.
  Tensor segment_mean(const Tensor& x, Name axis, std::int64_t length);

  // Moving numbers about.
  Tensor concat(std::span<const Tensor> parts, Name axis);
  Tensor concat(std::initializer_list<Tensor> parts, Name axis) {
    return concat(std::span<const Tensor>(parts.begin(), parts.size()), axis);
  }
  Tensor slice(const Tensor& x, Name axis, const Size& first, const Size& count);
  // One index of an axis, which disappears.
  Tensor select(const Tensor& x, Name axis, const Size& index);
  Tensor pad(const Tensor& x, Name axis, std::int64_t left, std::int64_t right,
             Padding padding = Padding::zero);
  // Every index of an axis `times` times in a row (nearest-neighbour up-sampling).
  Tensor repeat(const Tensor& x, Name axis, std::int64_t times);
  // A new axis before the axis `before`, along which x repeats.
  Tensor spread(const Tensor& x, const Axis& axis, Name before);
  Tensor reorder(const Tensor& x, std::initializer_list<Name> axes);
  Tensor rename(const Tensor& x, Name from, Name to);
  // [… axis …] → [… outer, inner …], sizes must multiply to the axis.
  Tensor split(const Tensor& x, Name axis, const Axis& outer, const Axis& inner);
  // The neighbours [… outer, inner …] → [… axis …].
  Tensor merge(const Tensor& x, Name outer, Name inner, const Axis& axis);

  // x [batch, sample] → [batch, spectrum, bin]: real parts 0…window/2, then imaginary parts.
  Tensor stft(const Tensor& x, const Spectrum& spectrum);
  // The inverse from magnitude and phase, each [batch, spectrum, bin] → [batch, sample]; window-square
  // normalised.
  Tensor istft(const Tensor& magnitude, const Tensor& phase, const Spectrum& spectrum);
  // f0 [batch, sample] in Hz → [batch, sample, harmonic]: 2π·(Σ f0·h/rate mod 1) for h = 1…harmonics. The sum
  // runs in double and is rounded to float before the mod, as PyTorch's CPU cumsum does.
  Tensor phases(const Tensor& f0, std::int64_t harmonics, float sample_rate);

  void trace_to(Trace* trace) { trace_ = trace; }
  Trace* trace() const { return trace_; }
  void note(std::string_view path, const Tensor& value) {
    if (trace_) trace_->tensor(path, value);
  }
  const std::shared_ptr<Pool>& pool() const { return pool_; }

 protected:
  // A tensor for a result. The proof run overrides it: axes, no numbers.
  virtual Tensor allocate(const Shape& shape, Type type);
  // `between` has undefined numbers as `out` has, and nobody reads them afterwards. By itself: one linear,
  // then the other.
  virtual void do_feed_forward(const Tensor& x, const Projection& widen, const Projection& narrow,
                               Tensor& between, Tensor& out);
  // `between`: query, key and value, as the linears make them. By itself: the linears, then attention.
  virtual void do_self_attention(const Tensor& x, const SelfAttention& how, std::span<Tensor> between,
                                 Tensor& out);

 private:
  // The arithmetic. Every operand has been checked; `out` has the right axes and undefined numbers.
  virtual void do_embedding(const Tensor& ids, const Weight& table, Tensor& out) = 0;
  virtual void do_linear(const Tensor& x, const Weight& weight, const Weight& bias, const Fused& fused,
                         Tensor& out) = 0;
  virtual void do_linears(const Tensor& x, std::span<const Projection> projections, std::span<Tensor> outs);
  virtual void do_conv1d(const Tensor& x, const Weight& weight, const Weight& bias, const Convolution& shape,
                         const Fused& fused, Tensor& out) = 0;
  virtual void do_conv_transpose1d(const Tensor& x, const Weight& weight, const Weight& bias,
                                   const TransposedConvolution& shape, Tensor& out) = 0;
  virtual void do_conv2d(const Tensor& x, const Weight& weight, const PlaneConvolution& shape,
                         Tensor& out) = 0;
  virtual void do_depthwise_conv1d(const Tensor& x, const Weight& weight, const Convolution& shape,
                                   const Fused& fused, Tensor& out) = 0;
  virtual void do_lstm(const Tensor& x, const LstmWeights& weights, Tensor& out) = 0;
  virtual void do_layer_norm(const Tensor& x, const Weight& scale, const Weight& shift, float eps,
                             Activation then, Tensor& out) = 0;
  virtual void do_rms_norm(const Tensor& x, const Weight& scale, float eps, Tensor& out) = 0;
  virtual void do_affine(const Tensor& x, const Weight& scale, const Weight& shift, Activation then,
                         Tensor& out) = 0;
  virtual void do_normalise(const Tensor& x, float eps, Tensor& out) = 0;
  virtual void do_attention(const Tensor& query, const Tensor& key, const Tensor& value, float scale,
                            Tensor& out) = 0;
  virtual void do_relative_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                     const Tensor& position, const Weight& u, const Weight& v, float scale,
                                     Tensor& out) = 0;
  virtual void do_cached_attention(const Tensor& query, const Tensor& key, const Tensor& value,
                                   std::span<Cache* const> caches, std::int64_t layer, float scale,
                                   Tensor& out) = 0;
  virtual void do_rotary(const Tensor& x, std::span<const float> frequencies, std::span<const Size> starts,
                         Tensor& out) = 0;
  virtual void do_activate(const Tensor& x, Activation activation, Tensor& out) = 0;
  virtual void do_snake(const Tensor& x, const Weight& alpha, Tensor& out) = 0;
  // y seen along x's axes: element index(y) = Σ index_i · strides[i], stride 0 where y repeats.
  virtual void do_add(const Tensor& x, const Tensor& y, std::span<const std::int64_t> strides,
                      Tensor& out) = 0;
  virtual void do_multiply(const Tensor& x, const Tensor& y, std::span<const std::int64_t> strides,
                           Tensor& out) = 0;
  virtual void do_combine(float factor, const Tensor& x, float other, const Tensor& y, Tensor& out) = 0;
  virtual void do_scale(const Tensor& x, float factor, float offset, Tensor& out) = 0;
  // x seen as [outer, along, inner]: everything before the axis, the axis, everything behind it.
  virtual void do_mean(const Tensor& x, std::size_t axis, Tensor& out) = 0;
  virtual void do_deviation(const Tensor& x, std::size_t axis, Tensor& out) = 0;
  virtual void do_segment_mean(const Tensor& x, std::size_t axis, std::int64_t length, Tensor& out) = 0;
  virtual void do_stft(const Tensor& x, const Spectrum& spectrum, Tensor& out) = 0;
  virtual void do_istft(const Tensor& magnitude, const Tensor& phase, const Spectrum& spectrum,
                        Tensor& out) = 0;
  virtual void do_phases(const Tensor& f0, std::int64_t harmonics, float sample_rate, Tensor& out) = 0;
  // Moving numbers needs no arithmetic, so concat, slice, pad, repeat, spread and reorder are written once,
  // in ops/moves.cpp, for every substrate that keeps its tensors in memory.

  Type real_;
  std::shared_ptr<Pool> pool_;
  Trace* trace_ = nullptr;
};

// Enters a stage or an operation of the trace for as long as it lives.
class Span {
 public:
  Span(Ops& op, std::string_view what, std::string_view of = {})
      : trace_(op.trace()),
        what_(what) {
    if (trace_) trace_->enter(what_, of);
  }
  ~Span() {
    if (trace_) trace_->leave(what_);
  }
  Span(const Span&) = delete;
  Span& operator=(const Span&) = delete;

 private:
  Trace* trace_;
  std::string_view what_;
};

}  // namespace nightingale
