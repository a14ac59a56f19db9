#include "synthesis/proof.hpp"

#include <array>

#include "base/failure.hpp"
#include "models/flow/facts.hpp"
#include "models/flow/solver.hpp"
#include "models/hift/facts.hpp"
#include "models/lengths.hpp"
#include "models/perth/facts.hpp"
#include "models/t3/facts.hpp"
#include "ops/shapes.hpp"

namespace nightingale {

namespace {

namespace l = lengths;

// "480·out_frame" rather than "960·prompt + 960·speech − 480·prompt_frame": sizes in the words of
// lengths.hpp.
std::string in_words(const Size& size) {
  if (size == l::sample.size) return "480·out_frame";
  if (size == l::spectrum.size) return "120·out_frame + 1";
  if (size == l::out_frame.size) return "out_frame";
  if (size == l::frame.size) return "2·(prompt + speech)";
  return size.text();
}

std::string line(const std::string& name, const Tensor& tensor) {
  std::string axes;
  for (const Axis& axis : tensor.shape()) {
    const std::string axis_name(axis.name.text());
    const std::string size = in_words(axis.size);
    const bool plain = axis.size.is_number() || size == axis_name;
    axes += (axes.empty() ? "" : ", ") + (plain ? axis.text() : axis_name + " = " + size);
  }
  return name + " = [" + axes + "]";
}

const Axis one{"batch", 1};

}  // namespace

std::vector<std::string> prove(const t3::T3& t3) {
  Shapes op;
  const Tensor speaker = op.zeros({one, {"speaker", t3::speaker_channels}});
  const Tensor emotion = op.zeros({one, {"emotion", 1}});
  const Tensor prompt = op.write_ids({one, {"row", l::condition_prompt.size}}, {});
  const Tensor condition = t3.condition(op, {speaker, prompt, emotion});

  t3::Opening opening(condition);
  const t3::Branches branches = t3.make_branches(op, t3::Guidance::on, 0);
  const Tensor text = op.write_ids({one, {"row", l::text.size}}, {});
  const Tensor first = t3.prefill(op, opening, text, branches);
  const Tensor id = op.write_ids({{"batch", 2}, {"row", 1}}, {});
  const Tensor next = t3.step(op, id, id, branches.each());
  return {line("t3.condition", condition), line("t3.prefill", first), line("t3.step", next),
          "t3.cache = " + branches.length().text() + " rows after one step"};
}

std::vector<std::string> prove(const flow::Flow& flow, const hift::Hift& hift) {
  Shapes op;
  const flow::Voice voice{op.zeros({one, {"speaker", flow::speaker_channels}}).from("voice"),
                          op.write_ids({one, l::prompt}, {}).from("voice"),
                          op.zeros({one, {"frame", l::prompt_frame.size}, l::mel}).from("voice")};
  const Tensor speech = op.write_ids({one, l::speech}, {}).from("t3");
  const flow::Condition condition = flow.condition(op, {}, voice, speech);

  const Tensor noise = op.zeros({one, l::frame, l::mel}).from("noise");
  const Tensor velocity = flow.velocity(op, {}, noise, condition, 0, flow::default_guidance);
  const Tensor all = flow::euler_step(op, noise, velocity, 0, 1);
  const Tensor mel = flow::Flow::trim(op, all, l::prompt_frame.size);

  const hift::SourceNoise random{op.zeros({one, {"harmonic", hift::harmonics}}),
                                 op.zeros({one, l::sample, {"harmonic", hift::harmonics}})};
  const Tensor audio = hift.forward(op, {}, mel, random);
  if (audio.shape().rank() != 2 || !(audio.shape()[1].size == l::sample.size)) {
    fail(ErrorCode::internal,
         "the pipeline ends in audio = " + audio.shape().formula() + ", not in 480·out_frame",
         "please report this");
  }
  return {line("mu", condition.mu), line("velocity", velocity), line("mel", mel),
          "audio = [batch, 480·out_frame]"};
}

std::vector<std::string> prove(const t3::T3& t3, const flow::Flow& flow, const hift::Hift& hift) {
  std::vector<std::string> lines = prove(t3);
  for (std::string& shown : prove(flow, hift)) lines.push_back(std::move(shown));
  return lines;
}

std::vector<std::string> prove(const perth::Perth& perth) {
  Shapes op;
  const Axis bin{"bin", perth.bins()};
  if (perth.bins() > perth::bins) {
    fail(ErrorCode::model_mismatch,
         "the watermark's network sees " + bin.text() + ", but its spectrum has " +
             std::to_string(perth::bins),
         "take the checkpoint of resemble-perth 1.0.1");
  }
  const Tensor levels = op.zeros({one, perth::frame, bin});
  const Tensor residual = perth.encode(op, {}, levels, op.zeros({one, perth::frame}));
  std::vector<Tensor> results{residual};
  for (const perth::Branch branch : perth::branches) results.push_back(perth.decode(op, {}, levels, branch));
  for (const Tensor& result : results) {
    if (result.shape()[1].size == perth::frame.size) continue;
    fail(ErrorCode::internal, "the watermark ends in " + result.shape().formula() + ", not in its frames",
         "please report this");
  }
  return {line("residual", residual), line("answers", results.back())};
}

}  // namespace nightingale
