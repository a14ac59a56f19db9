// T3's decoding for all requests of a model: what several threads ask for at once goes through the network in
// one pass, which reads the weights once.
//
// Nobody waits for company. Who comes while a pass is under way waits for its end; then one of those who wait
// leads the next pass, for as many of them as may write together.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <span>

#include "synthesis/speech.hpp"

namespace nightingale {

class Decoder {
 public:
  // Both must outlive it.
  Decoder(Ops& op, const t3::T3& t3)
      : op_(op),
        t3_(t3) {}

  // One more token of every sequence. From any thread. Throws what the pass threw. Precondition: none has
  // ended, and they are no more than may write together.
  void write_on(std::span<Sequence* const> sequences);

  // How many calls wait for a pass or are in one.
  std::size_t waiting() const;

 private:
  struct Call {
    std::span<Sequence* const> sequences;
    bool done = false;
    std::exception_ptr fault = nullptr;
  };
  void lead(std::unique_lock<std::mutex>& lock);

  Ops& op_;
  const t3::T3& t3_;
  mutable std::mutex mutex_;
  std::condition_variable passed_;
  std::deque<Call*> waiting_;  // in their order, those in a pass included
  bool passing_ = false;
};

}  // namespace nightingale
