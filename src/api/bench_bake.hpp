// The stage "bake" of a bench: a recording becomes a voice, each part timed.
#pragma once

#include <string>

#include "api/bakery.hpp"

namespace nightingale {

// Everything that Baker::bake does. Throws Failure (audio_invalid).
BenchStage time_bake(const Bakery& bakery, const std::string& recording);

}  // namespace nightingale
