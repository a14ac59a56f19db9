// The rates at which a recording is heard when it becomes a voice.
#pragma once

namespace nightingale {

inline constexpr int clip_rate = 24000;       // s3gen/const.py S3GEN_SR
inline constexpr int listening_rate = 16000;  // s3tokenizer.py S3_SR

}  // namespace nightingale
