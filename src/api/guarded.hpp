// The public edge: whatever is thrown inside ends here and becomes a Result.
#pragma once

#include <exception>
#include <new>
#include <string>

#include "base/failure.hpp"

namespace nightingale {

// Runs `work` and returns what it returns, or the error that it threw.
template <typename Work>
auto guarded(const Work& work) -> Result<decltype(work())> {
  try {
    return work();
  } catch (const Failure& failure) {
    return failure.error();
  } catch (const std::bad_alloc&) {
    return Error{
        ErrorCode::memory, "there is not enough memory", {}, "speak shorter pieces of text, or free memory"};
  } catch (const std::exception& exception) {
    return Error{ErrorCode::internal,
                 std::string("something unexpected happened: ") + exception.what(),
                 {},
                 "please report this"};
  } catch (...) {
    return Error{ErrorCode::internal, "something unexpected happened", {}, "please report this"};
  }
}

}  // namespace nightingale
