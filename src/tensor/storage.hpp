// Memory for tensors: blocks of a pool that are handed out again once the last tensor that uses them is gone,
// so that a loop which makes the same tensors at every step asks the system for memory only the first time.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

namespace nightingale {

class Pool : public std::enable_shared_from_this<Pool> {
 public:
  static std::shared_ptr<Pool> make() { return std::make_shared<Pool>(); }
  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool();

  // At least `bytes` bytes, aligned to a cache line, contents undefined. Throws Failure (memory) when there
  // is none.
  std::shared_ptr<std::byte> take(std::size_t bytes);

  // Gives the blocks that nobody uses back to the system.
  void trim();

  // The most bytes that were in use at one time.
  std::size_t peak() const;

 private:
  void give_back(std::byte* block, std::size_t bytes);

  mutable std::mutex mutex_;
  std::map<std::size_t, std::vector<std::byte*>> free_;  // by size class
  std::size_t in_use_ = 0;
  std::size_t peak_ = 0;
};

}  // namespace nightingale
