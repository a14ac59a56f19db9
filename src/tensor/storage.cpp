#include "tensor/storage.hpp"

#include <bit>
#include <new>

#include "base/failure.hpp"

namespace nightingale {

namespace {

constexpr std::align_val_t cache_line{64};

// Sizes are rounded up to a quarter of their power of two: few classes, at most a quarter of a block unused.
std::size_t size_class(std::size_t bytes) {
  constexpr std::size_t smallest = 256;
  if (bytes <= smallest) return smallest;
  const std::size_t quarter = std::bit_floor(bytes - 1) / 4;
  return (bytes + quarter - 1) / quarter * quarter;
}

}  // namespace

Pool::~Pool() {
  trim();
}

std::shared_ptr<std::byte> Pool::take(std::size_t bytes) {
  const std::size_t size = size_class(bytes);
  std::byte* block = nullptr;
  {
    const std::lock_guard lock(mutex_);
    auto& blocks = free_[size];
    if (!blocks.empty()) {
      block = blocks.back();
      blocks.pop_back();
    }
    in_use_ += size;
    peak_ = std::max(peak_, in_use_);
  }
  if (!block) block = static_cast<std::byte*>(::operator new(size, cache_line, std::nothrow));
  if (!block) {
    const std::lock_guard lock(mutex_);
    in_use_ -= size;
    fail(ErrorCode::memory, "no memory for a tensor of " + std::to_string(bytes) + " bytes",
         "speak shorter pieces of text, use a shorter prompt, or free memory");
  }
  return {block, [pool = shared_from_this(), size](std::byte* used) { pool->give_back(used, size); }};
}

void Pool::give_back(std::byte* block, std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  free_[bytes].push_back(block);
  in_use_ -= bytes;
}

void Pool::trim() {
  const std::lock_guard lock(mutex_);
  for (auto& [size, blocks] : free_) {
    for (std::byte* block : blocks) ::operator delete(block, cache_line);
    blocks.clear();
  }
}

std::size_t Pool::peak() const {
  const std::lock_guard lock(mutex_);
  return peak_;
}

}  // namespace nightingale
