#include "cli/pytorch_side.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <vector>

extern char** environ;

namespace nightingale::cli {

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

Error failed(const std::string& why, const std::string& fix = {}) {
  return {ErrorCode::unsupported, "PyTorch's side of the bench " + why, {}, fix};
}

// The script lies in the source tree, of which the program's build folder is a part.
std::string find_script() {
  std::error_code error;
  fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  for (; folder.has_relative_path(); folder = folder.parent_path()) {
    const fs::path script = folder / "bench" / "pytorch_side.py";
    if (fs::is_regular_file(script, error)) return script.string();
  }
  return {};
}

std::string their_word(const std::string& stage) {
  if (stage == "tokens") return "t3";
  if (stage == "bake") return "bake";
  return stage == "mel" ? "flow" : "hift";
}

std::vector<std::string> command(const std::string& script, const PytorchSide::Options& options) {
  std::string stages;
  for (const std::string& stage : options.stages) stages += (stages.empty() ? "" : ",") + their_word(stage);
  std::vector<std::string> words{options.python, "-W", "ignore", script, options.model};
  words.push_back(options.voice.empty() ? "none" : options.voice);
  for (const std::string& word :
       {std::string("--threads"), std::to_string(options.threads), std::string("--stages"), stages})
    words.push_back(word);
  if (!options.recording.empty()) words.insert(words.end(), {"--recording", options.recording});
  return words;
}

}  // namespace

Result<std::unique_ptr<PytorchSide>> PytorchSide::start(const Options& options) {
  const std::string script = find_script();
  if (script.empty()) {
    return failed("has no bench/pytorch_side.py beside the program",
                  "run the bench from the source tree's own build");
  }
  int to[2], from[2];
  if (::pipe2(to, O_CLOEXEC) != 0 || ::pipe2(from, O_CLOEXEC) != 0) return failed("could not be started");
  std::unique_ptr<PytorchSide> side(new PytorchSide);
  side->questions_ = to[1];
  side->answers_ = from[0];
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, to[0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, from[1], STDOUT_FILENO);
  std::vector<std::string> words = command(script, options);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const int fault =
      ::posix_spawnp(&side->process_, words[0].c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  ::close(to[0]);
  ::close(from[1]);
  if (fault != 0) {
    side->process_ = -1;
    return failed("could not start " + options.python + ": " + std::strerror(fault), "--python PATH");
  }
  std::signal(SIGPIPE, SIG_IGN);  // when it ends early, writing to it fails and is told below
  const Result<std::string> ready = side->answer();
  if (!ready.ok()) return ready.error();
  return side;
}

PytorchSide::~PytorchSide() {
  if (questions_ >= 0) ::close(questions_);  // it ends when its input does
  if (answers_ >= 0) ::close(answers_);
  if (process_ > 0) ::waitpid(process_, nullptr, 0);
}

Result<std::string> PytorchSide::answer() {
  for (;;) {
    if (const std::size_t end = unread_.find('\n'); end != std::string::npos) {
      std::string line = unread_.substr(0, end);
      unread_.erase(0, end + 1);
      return line;
    }
    char block[4096];
    const ssize_t count = ::read(answers_, block, sizeof block);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      return failed("ended before it answered",
                    "--python PATH of a Python with chatterbox-tts: tools/setup_python.sh makes one");
    }
    unread_.append(block, static_cast<std::size_t>(count));
  }
}

Result<TheirRun> PytorchSide::run(const std::string& stage, std::int64_t tokens) {
  const std::string question = Json{{"stage", their_word(stage)}, {"tokens", tokens}}.dump() + "\n";
  if (::write(questions_, question.data(), question.size()) != static_cast<ssize_t>(question.size())) {
    return failed("ended before it was asked");
  }
  const Result<std::string> line = answer();
  if (!line.ok()) return line.error();
  const Json said = Json::parse(line.value(), nullptr, false);
  if (!said.is_object() || !said.contains("seconds")) return failed("answered: " + line.value());
  return TheirRun{said["seconds"].get<double>(), said.value("parts", std::map<std::string, double>{}),
                  said.value("peak_memory", std::int64_t{0})};
}

}  // namespace nightingale::cli
