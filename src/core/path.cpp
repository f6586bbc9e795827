#include "wherry/path.h"

#include <algorithm>
#include <stdexcept>

namespace wherry {

namespace {

bool is_component(std::string_view name) {
    return !name.empty() && name != "." && name != ".." && name.find('/') == std::string_view::npos &&
           name.find('\0') == std::string_view::npos;
}

std::size_t count_components(std::string_view path) {
    return path.size() == 1 ? 0 : static_cast<std::size_t>(std::ranges::count(path, '/'));
}

// A path that grows and shrinks at its end; the root is "" in here, so that each component brings its own slash.
class Builder {
public:
    Builder(std::string_view start, std::size_t more) : depth_(count_components(start)) {
        if (start.size() == 1) start = {};
        text_.reserve(std::min(start.size() + more + 1, Path::max_length));
        text_ = start;
    }

    bool push(std::string_view name) {
        if (name.size() > Path::max_component || depth_ == Path::max_depth) return false;
        if (text_.size() + 1 + name.size() > Path::max_length) return false;
        text_ += '/';
        text_ += name;
        ++depth_;
        return true;
    }

    void pop() {
        if (depth_ == 0) return;
        text_.resize(text_.rfind('/'));
        --depth_;
    }

    std::string take() && { return text_.empty() ? std::string("/") : std::move(text_); }

private:
    std::string text_;
    std::size_t depth_;
};

}  // namespace

Result<Path> Path::resolve(const Path& cwd, std::string_view text) {
    if (text.find('\0') != std::string_view::npos) return fail(Code::invalid, "path with a NUL byte");
    Builder builder(text.starts_with('/') ? std::string_view("/") : cwd.text(), text.size());
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('/'), text.size());
        const std::string_view name = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (name.empty() || name == ".") continue;
        if (name == "..") {
            builder.pop();
        } else if (!builder.push(name)) {
            // Also when a later ".." would have led back: the limits bound the work, not only the outcome.
            return fail(Code::name_not_allowed, "path too long or too deep");
        }
    }
    return Path(std::move(builder).take());
}

std::string_view Path::name() const noexcept { return text().substr(text_.rfind('/') + 1); }

std::string_view Path::extension() const noexcept {
    const std::string_view last = name();
    const std::size_t dot = last.rfind('.');
    if (dot == std::string_view::npos || dot == 0 || dot + 1 == last.size()) return {};
    return last.substr(dot);
}

Path Path::parent() const {
    const std::size_t slash = text_.rfind('/');
    return slash == 0 ? Path() : Path(text_.substr(0, slash));
}

std::size_t Path::depth() const noexcept { return count_components(text_); }

std::vector<std::string_view> Path::components() const {
    std::vector<std::string_view> names;
    if (is_root()) return names;
    names.reserve(depth());
    std::string_view rest = text();
    while (!rest.empty()) {
        rest.remove_prefix(1);
        const std::string_view name = rest.substr(0, rest.find('/'));
        names.push_back(name);
        rest.remove_prefix(name.size());
    }
    return names;
}

Path Path::child(std::string_view name) const {
    if (!is_component(name)) throw std::invalid_argument("wherry::Path::child: not the name of one component");
    std::string text;
    text.reserve(text_.size() + 1 + name.size());
    if (!is_root()) text = text_;
    text += '/';
    text += name;
    return Path(std::move(text));
}

bool Path::is_inside(const Path& directory) const noexcept {
    if (directory.is_root()) return true;
    if (!text_.starts_with(directory.text_)) return false;
    return text_.size() == directory.text_.size() || text_[directory.text_.size()] == '/';
}

Path Path::below(const Path& directory) const {
    if (!is_inside(directory)) throw std::invalid_argument("wherry::Path::below: not inside that directory");
    if (directory.is_root()) return *this;
    if (text_.size() == directory.text_.size()) return Path();
    return Path(text_.substr(directory.text_.size()));
}

Path Path::under(const Path& directory) const {
    if (directory.is_root()) return *this;
    return is_root() ? directory : Path(directory.text_ + text_);
}

}  // namespace wherry
