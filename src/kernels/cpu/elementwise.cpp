// Elementwise arithmetic: add and multiply with an operand that may repeat, combine, scale.
//
// The repeating operand y is seen through strides along x's axes. The innermost axis is one of two loops: y
// runs along with x, or one number of y serves the whole row.
#include "base/multiversion.hpp"
#include "kernels/cpu/parallel.hpp"
#include "kernels/cpu/substrate.hpp"

namespace nightingale {

namespace {

enum class Joining { add, multiply };

NIGHTINGALE_MULTIVERSION
void join_rows(Joining how, const float* __restrict x, const float* __restrict y, float* __restrict out,
               std::int64_t count) {
  if (how == Joining::add) {
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) out[i] = x[i] + y[i];
  } else {
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) out[i] = x[i] * y[i];
  }
}

NIGHTINGALE_MULTIVERSION
void join_number(Joining how, const float* __restrict x, float y, float* __restrict out, std::int64_t count) {
  if (how == Joining::add) {
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) out[i] = x[i] + y;
  } else {
#pragma omp simd
    for (std::int64_t i = 0; i < count; ++i) out[i] = x[i] * y;
  }
}

NIGHTINGALE_MULTIVERSION
void combine_numbers(float factor, const float* x, float other, const float* y, float* out,
                     std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) out[i] = factor * x[i] + other * y[i];
}

NIGHTINGALE_MULTIVERSION
void scale_numbers(const float* x, float factor, float offset, float* out, std::int64_t count) {
#pragma omp simd
  for (std::int64_t i = 0; i < count; ++i) out[i] = factor * x[i] + offset;
}

// The innermost axes that y walks through without a gap, joined to one long row.
struct Rows {
  std::int64_t length = 1;     // of a row
  std::int64_t step = 1;       // of y along the row: 1 or 0
  std::size_t outer_axes = 0;  // axes outside the row
};

Rows rows_of(const Shape& shape, std::span<const std::int64_t> strides) {
  Rows rows;
  rows.outer_axes = shape.rank();
  if (shape.rank() == 0) return rows;
  rows.step = strides[shape.rank() - 1] == 0 ? 0 : 1;
  while (rows.outer_axes > 0) {
    const std::size_t axis = rows.outer_axes - 1;
    const bool one = shape.count(axis) == 1;
    if (!one && strides[axis] != rows.step * rows.length) break;
    rows.length *= shape.count(axis);
    --rows.outer_axes;
  }
  return rows;
}

// Where y starts for row `row` of x.
std::int64_t start_of(std::int64_t row, const Shape& shape, std::span<const std::int64_t> strides,
                      std::size_t outer_axes) {
  std::int64_t start = 0;
  for (std::size_t axis = outer_axes; axis-- > 0;) {
    start += row % shape.count(axis) * strides[axis];
    row /= shape.count(axis);
  }
  return start;
}

void join_tensors(int threads, Joining how, const Tensor& x, const Tensor& y,
                  std::span<const std::int64_t> strides, Tensor& out) {
  const Shape& shape = x.shape();
  const std::int64_t elements = shape.elements();
  if (elements == 0) return;
  const Rows rows = rows_of(shape, strides);
  // One long row is cut into pieces that can be shared out; several rows are shared out whole.
  const std::int64_t whole = elements / rows.length;
  const std::int64_t pieces = whole > 1 ? 1 : threads;
  cpu::share(threads, whole * pieces, rows.length / pieces, [&](std::int64_t first, std::int64_t last) {
    for (std::int64_t piece = first; piece < last; ++piece) {
      const std::int64_t row = piece / pieces, part = piece % pieces;
      const std::int64_t begin = rows.length * part / pieces, end = rows.length * (part + 1) / pieces;
      const float* from = x.data<float>() + row * rows.length + begin;
      const float* with = y.data<float>() + start_of(row, shape, strides, rows.outer_axes);
      float* to = out.data<float>() + row * rows.length + begin;
      if (rows.step == 0) {
        join_number(how, from, *with, to, end - begin);
      } else {
        join_rows(how, from, with + begin, to, end - begin);
      }
    }
  });
}

}  // namespace

void Cpu::do_add(const Tensor& x, const Tensor& y, std::span<const std::int64_t> strides, Tensor& out) {
  join_tensors(threads_, Joining::add, x, y, strides, out);
}

void Cpu::do_multiply(const Tensor& x, const Tensor& y, std::span<const std::int64_t> strides, Tensor& out) {
  join_tensors(threads_, Joining::multiply, x, y, strides, out);
}

void Cpu::do_combine(float factor, const Tensor& x, float other, const Tensor& y, Tensor& out) {
  cpu::share(threads_, x.shape().elements(), 1, [&](std::int64_t first, std::int64_t last) {
    combine_numbers(factor, x.data<float>() + first, other, y.data<float>() + first,
                    out.data<float>() + first, last - first);
  });
}

void Cpu::do_scale(const Tensor& x, float factor, float offset, Tensor& out) {
  cpu::share(threads_, x.shape().elements(), 1, [&](std::int64_t first, std::int64_t last) {
    scale_numbers(x.data<float>() + first, factor, offset, out.data<float>() + first, last - first);
  });
}

}  // namespace nightingale
