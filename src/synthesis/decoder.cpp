#include "synthesis/decoder.hpp"

#include <vector>

namespace nightingale {

void Decoder::write_on(std::span<Sequence* const> sequences) {
  if (sequences.empty()) return;
  Call own{sequences};
  std::unique_lock lock(mutex_);
  waiting_.push_back(&own);
  while (!own.done) {
    if (passing_) {
      passed_.wait(lock);
    } else {
      lead(lock);
    }
  }
  if (own.fault) std::rethrow_exception(own.fault);
}

// One pass for those who have waited longest.
void Decoder::lead(std::unique_lock<std::mutex>& lock) {
  std::vector<Sequence*> together;
  std::int64_t rows = 0;
  std::size_t calls = 0;
  for (; calls < waiting_.size(); ++calls) {
    const std::span<Sequence* const> more = waiting_[calls]->sequences;
    for (const Sequence* sequence : more) rows += sequence->rows();
    if (calls > 0 && rows > Sequence::most_rows) break;
    together.insert(together.end(), more.begin(), more.end());
  }
  passing_ = true;
  lock.unlock();
  std::exception_ptr fault;
  try {
    nightingale::write_on(op_, t3_, together);
  } catch (...) {
    fault = std::current_exception();
  }
  lock.lock();
  passing_ = false;
  for (; calls > 0; --calls, waiting_.pop_front()) {
    waiting_.front()->done = true;
    waiting_.front()->fault = fault;
  }
  passed_.notify_all();
}

std::size_t Decoder::waiting() const {
  const std::scoped_lock lock(mutex_);
  return waiting_.size();
}

}  // namespace nightingale
