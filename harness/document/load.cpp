// SPDX-License-Identifier: GPL-2.0-or-later
#include "document/load.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "document/input.hpp"

namespace relapse::document {
namespace {

struct Stop {};  // the error is in Errors already

struct Weight {
  std::size_t values = 1;
  std::size_t bytes = 0;
  std::size_t depth = 1;
};

// Builds the tree from the parser's events. yaml-cpp's own tree keeps duplicate keys in silence,
// places an alias at its anchor and expands without limit; its events show all of this.
class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const Input& input, Errors& errors) : input_(input), errors_(errors) {}

  Value take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ > 0) stop(placeOf(mark), "expected one YAML document, found another");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override;
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open({placeOf(mark), Value::List{}}, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open({placeOf(mark), Value::Map{}}, tag, anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Frame {  // a list or map that is open
    Value value;
    YAML::anchor_t anchor = 0;
    Weight weight = {};
    std::map<std::string, int> keys = {};  // with their lines
    std::optional<Entry> entry = {};       // the key that waits for its value
    bool leftOut = false;                  // that key was there before, or is no text
    bool isKey = false;
  };
  struct Anchored {
    Value value;
    Weight weight;
  };

  std::size_t offsetOf(const YAML::Mark& mark) const;
  Place placeOf(const YAML::Mark& mark) const { return input_.placeOf(offsetOf(mark)); }
  bool wantsKey() const {
    return !open_.empty() && open_.back().value.map() != nullptr && !open_.back().entry.has_value();
  }
  [[noreturn]] void stop(const Place& place, std::string_view problem) {
    errors_.add(place, path(), problem);
    throw Stop{};
  }
  std::string path() const;
  void checkTag(const Place& place, const std::string& tag);
  void checkQuotes(const YAML::Mark& mark);
  void count(const Place& place, const Weight& weight);
  void open(Value value, const std::string& tag, YAML::anchor_t anchor);
  void close();
  void takeKey(const Place& place, const std::string& text);
  void attach(Value value, YAML::anchor_t anchor, const Weight& weight);
  Place emptyPlace(const YAML::Mark& mark) const;

  const Input& input_;
  Errors& errors_;
  Value root_;
  std::vector<Frame> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  Weight total_{0, 0, 0};
  int documents_ = 0;
};

std::string TreeBuilder::path() const {
  std::string result;
  for (const Frame& frame : open_) {
    if (const Value::List* list = frame.value.list()) {
      result += fmt::format("[{}]", list->size());
    } else if (frame.entry.has_value()) {
      result += (result.empty() ? "" : ".") + frame.entry->key;
    }
  }
  return result;
}

// yaml-cpp marks a value at its anchor or tag; what matters is the value, when it is on that line.
std::size_t TreeBuilder::offsetOf(const YAML::Mark& mark) const {
  const std::string& text = input_.text();
  const std::size_t marked = mark.pos < 0 ? 0 : static_cast<std::size_t>(mark.pos);
  std::size_t at = marked;
  while (at < text.size() && (text[at] == '&' || text[at] == '!')) {
    at = std::min(text.find_first_of(" \t\n", at), text.size());
    at = std::min(text.find_first_not_of(" \t", at), text.size());
  }
  return at < text.size() && text[at] != '\n' && text[at] != '#' ? at : marked;
}

void TreeBuilder::checkTag(const Place& place, const std::string& tag) {
  const bool none = tag.empty() || tag == "?" || tag == "!";
  if (!none) errors_.add(place, path(), fmt::format("expected a value without a tag, found {}", quote(tag)));
}

// yaml-cpp takes the end of the file for a closing quote when a line end stands before it.
void TreeBuilder::checkQuotes(const YAML::Mark& mark) {
  const std::string& text = input_.text();
  const std::size_t start = offsetOf(mark);
  if (start >= text.size() || (text[start] != '"' && text[start] != '\'')) return;
  const char quoteMark = text[start];
  for (std::size_t at = start + 1; at < text.size(); ++at) {
    const bool pair = quoteMark == '\'' && text.compare(at, 2, "''") == 0;
    if (pair || (quoteMark == '"' && text[at] == '\\')) {
      ++at;
    } else if (text[at] == quoteMark) {
      return;
    }
  }
  stop(placeOf(mark), "expected a closing quote, found the end of the file");
}

void TreeBuilder::count(const Place& place, const Weight& weight) {
  total_.values += weight.values;
  total_.bytes += weight.bytes;
  if (total_.values > kMostValues) {
    stop(place, fmt::format("expected at most {} values, aliases expanded; found more", kMostValues));
  }
  if (total_.bytes > kMostExpandedBytes) {
    stop(place, fmt::format("expected at most {} bytes, aliases expanded; found more", kMostExpandedBytes));
  }
  if (open_.size() + weight.depth > kMostDepth) {
    stop(place, fmt::format("expected at most {} levels, found more", kMostDepth));
  }
}

void TreeBuilder::open(Value value, const std::string& tag, YAML::anchor_t anchor) {
  const bool isKey = wantsKey();
  checkTag(value.place, tag);
  count(value.place, Weight{});
  anchors_.erase(anchor);
  open_.push_back({std::move(value), anchor});
  open_.back().isKey = isKey;
}

void TreeBuilder::close() {
  Frame frame = std::move(open_.back());
  open_.pop_back();
  if (frame.isKey) {
    // Said only now: yaml-cpp takes a bracket that is never closed for a key, and that is another fault.
    errors_.add(frame.value.place, path(), "expected a key that is text, found " + describe(frame.value));
    open_.back().entry = Entry{{}, frame.value.place, {}};
    open_.back().leftOut = true;
    return;
  }
  attach(std::move(frame.value), frame.anchor, frame.weight);
}

void TreeBuilder::takeKey(const Place& place, const std::string& text) {
  Frame& frame = open_.back();
  frame.entry = Entry{text, place, {}};
  const auto [first, inserted] = frame.keys.emplace(text, place.line);
  frame.leftOut = !inserted;
  if (!inserted) {
    errors_.add(place, path(),
                fmt::format("expected each key once, found {} again (first on line {})", quote(text), first->second));
  }
}

void TreeBuilder::attach(Value value, YAML::anchor_t anchor, const Weight& weight) {
  if (anchor != 0) anchors_.insert_or_assign(anchor, Anchored{value, weight});
  if (open_.empty()) {
    root_ = std::move(value);
    return;
  }
  Frame& frame = open_.back();
  frame.weight.values += weight.values;
  frame.weight.bytes += weight.bytes;
  frame.weight.depth = std::max(frame.weight.depth, weight.depth + 1);
  if (auto* list = std::get_if<Value::List>(&frame.value.content)) {
    list->push_back(std::move(value));
    return;
  }
  frame.weight.bytes += frame.entry->key.size();
  if (!frame.leftOut) {
    frame.entry->value = std::move(value);
    std::get<Value::Map>(frame.value.content).push_back(std::move(*frame.entry));
  }
  frame.entry.reset();
}

// Offset of the dash that the text before `end` stops with, comments and blank lines left out.
std::optional<std::size_t> dashBefore(std::string_view text, std::size_t end) {
  while (true) {
    const std::size_t lineEnd = text.substr(0, end).rfind('\n');
    const std::size_t start = lineEnd == std::string_view::npos ? 0 : lineEnd + 1;
    std::string_view line = text.substr(start, end - start);
    const bool comment = line.starts_with('#');
    const std::size_t trailing = std::min(line.find(" #"), line.find("\t#"));
    line = comment ? std::string_view{} : line.substr(0, trailing);
    const std::size_t last = line.find_last_not_of(" \t");
    if (last != std::string_view::npos) return line[last] == '-' ? std::optional(start + last) : std::nullopt;
    if (start == 0) return std::nullopt;
    end = start - 1;
  }
}

// yaml-cpp marks a value that is not there at whatever comes next. It is placed at its key, or at
// the dash of its list item.
Place TreeBuilder::emptyPlace(const YAML::Mark& mark) const {
  Place marked = placeOf(mark);
  if (open_.empty()) return marked;
  const std::string& text = input_.text();
  const std::size_t at = std::min(offsetOf(mark), text.size());
  const bool written = at < text.size() && std::string_view("~nN&").find(text[at]) != std::string_view::npos;
  if (open_.back().entry.has_value()) {
    const Place& key = open_.back().entry->place;
    return written && marked.line == key.line ? marked : key;
  }
  const std::optional<std::size_t> dash = dashBefore(text, at);
  if (!dash) return marked;
  const Place dashPlace = input_.placeOf(*dash);
  return written && dashPlace.line == marked.line ? marked : dashPlace;
}

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) {
  if (wantsKey()) stop(placeOf(mark), "expected a key, found nothing");
  const Place place = emptyPlace(mark);
  count(place, Weight{});
  attach({place, Value::Empty{}}, anchor, Weight{});
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) {
  const Place place = placeOf(mark);
  if (wantsKey()) stop(place, "expected a key, found an alias");
  const auto known = anchors_.find(anchor);
  if (known == anchors_.end()) stop(place, "expected an alias of something complete, found one of what it stands in");
  count(place, known->second.weight);
  Value copy = known->second.value;
  copy.place = place;
  attach(std::move(copy), 0, Weight{known->second.weight});
}

void TreeBuilder::OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                           const std::string& text) {
  const Place place = placeOf(mark);
  const Weight weight{1, text.size(), 1};
  checkQuotes(mark);
  count(place, weight);
  if (holdsControlCharacter(text)) stop(place, "expected text without control characters, found " + quote(text));
  if (wantsKey()) {
    if (anchor != 0) anchors_.insert_or_assign(anchor, Anchored{{place, text}, weight});
    takeKey(place, text);
    checkTag(place, tag);
    return;
  }
  checkTag(place, tag);
  attach({place, text}, anchor, weight);
}

std::optional<std::string> readFile(const std::filesystem::path& file, Errors& errors) {
  const auto unreadable = [&](const std::string& why) {
    errors.add({file.string(), 0, 0}, {}, "expected a file that can be read, found: " + why);
    return std::nullopt;
  };
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) return unreadable("a folder");
  if (std::filesystem::is_other(file, error)) return unreadable("a pipe or a device");
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) return unreadable(std::generic_category().message(errno));
  std::string bytes(kMostBytes + 1, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (in.bad()) return unreadable("an error on reading");
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return bytes;
}

}  // namespace

std::optional<Value> parse(std::string_view text, const std::string& name, Errors& errors) {
  if (text.size() > kMostBytes) {
    errors.add({name, 0, 0}, {}, fmt::format("expected at most {} bytes, found more", kMostBytes));
    return std::nullopt;
  }
  const Input input(text, name);
  if (!input.isClean(errors)) return std::nullopt;
  TreeBuilder builder(input, errors);
  try {
    std::istringstream stream(input.text());
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {
    return std::nullopt;
  } catch (const YAML::Exception& exception) {
    const int offset = exception.mark.pos;
    errors.add(input.placeOf(offset < 0 ? 0 : static_cast<std::size_t>(offset)), {},
               "expected YAML, found a fault in it: " + exception.msg);
    return std::nullopt;
  }
  Value root = builder.take();
  if (root.place.line == 0) root.place = input.placeOf(0);
  return root;
}

std::optional<Value> load(const std::filesystem::path& file, Errors& errors) {
  const std::optional<std::string> bytes = readFile(file, errors);
  if (!bytes) return std::nullopt;
  return parse(*bytes, file.string(), errors);
}

Result<Value> load(const std::filesystem::path& file) {
  Errors errors;
  std::optional<Value> value = load(file, errors);
  if (!errors.empty() || !value) return errors.failure();
  return std::move(*value);
}

}  // namespace relapse::document
