// Shell functions at the head of the script, then a call for each module. A module system that
// ends well is not believed: Tcl modules before 4.0 did whatever happened.
#include "build/modules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "build/section.h"

namespace pavtest::build {

namespace {

// `module` is a function that a login shell has, and a batch script may inherit.
constexpr std::string_view kFunctions = R"sh(pavtest_env_failed() {
    printf '%s\n' "$1" >&2
    [ ! -d "${PAVTEST_TEST_DIR-}" ] || printf '%s\n' "$1" >"$PAVTEST_TEST_DIR/env_failed"
    exit 1
}
if ! type module >/dev/null 2>&1; then
    for pavtest_file in "${LMOD_PKG:-/none}/init/bash" "${MODULESHOME:-/none}/init/bash" \
        /etc/profile.d/z00_lmod.sh /etc/profile.d/lmod.sh /etc/profile.d/modules.sh \
        /usr/share/lmod/lmod/init/bash /usr/share/modules/init/bash /usr/share/Modules/init/bash; do
        [ ! -r "$pavtest_file" ] || . "$pavtest_file"
        ! type module >/dev/null 2>&1 || break
    done
fi
type module >/dev/null 2>&1 || pavtest_env_failed "there is no command 'module' on this node"
# pavtest_module WORD...: `module` with these words, which has to work.
pavtest_module() {
    pavtest_file=$(mktemp) || pavtest_env_failed "mktemp failed"
    pavtest_status=0
    module "$@" >"$pavtest_file" 2>&1 || pavtest_status=$?
    pavtest_said=$(cat "$pavtest_file")
    rm -f "$pavtest_file"
    [ "$pavtest_status" = 0 ] || pavtest_env_failed "module $*: ${pavtest_said:-it ended with status $pavtest_status}"
    [ -z "$pavtest_said" ] || printf '%s\n' "$pavtest_said"
}
# pavtest_loaded NAME[/VERSION]: what is loaded of it; the name may be a glob.
pavtest_loaded() {
    module -t list 2>&1 | sed 's/ *([^)]*)$//' | while read -r pavtest_name; do
        case $pavtest_name in
            $1 | $1/*) ;;
            $1.* | $1-*) case $1 in */*) ;; *) continue ;; esac ;;
            *) continue ;;
        esac
        echo "$pavtest_name"
        break
    done
}
pavtest_load() {
    pavtest_module load "$1"
    [ -n "$(pavtest_loaded "$1")" ] ||
        pavtest_env_failed "module load $1: it is not loaded after that${pavtest_said:+: $pavtest_said}"
}
pavtest_unload() {
    pavtest_module unload "$1"
    [ -z "$(pavtest_loaded "$1")" ] ||
        pavtest_env_failed "module unload $1: it is still loaded${pavtest_said:+: $pavtest_said}"
}
pavtest_swap() {
    pavtest_old=$(pavtest_loaded "$1")
    if [ -z "$pavtest_old" ]; then
        pavtest_load "$2"
        return
    fi
    pavtest_module swap "$pavtest_old" "$2"
    pavtest_new=$(pavtest_loaded "$2")
    [ -n "$pavtest_new" ] ||
        pavtest_env_failed "module swap $pavtest_old $2: $2 is not loaded after that${pavtest_said:+: $pavtest_said}"
    [ "$pavtest_old" = "$pavtest_new" ] || [ -z "$(pavtest_loaded "$pavtest_old")" ] ||
        pavtest_env_failed "module swap $pavtest_old $2: $pavtest_old is still loaded${pavtest_said:+: $pavtest_said}"
})sh";

std::string_view name_of(std::string_view module) {
    return module.substr(0, module.rfind('/'));
}

const ModuleWrapper* wrapper_of(std::string_view module,
                                const std::vector<ModuleWrapper>& wrappers) {
    const auto found = std::find_if(
        wrappers.begin(), wrappers.end(),
        [&](const ModuleWrapper& wrapper) { return glob_match(wrapper.pattern, name_of(module)); });
    return found == wrappers.end() ? nullptr : &*found;
}

// NAME_VERSION, as Pavilion names it.
std::string version_variable(std::string_view pattern) {
    std::string name;
    for (const char c : pattern) {
        const bool fits =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        name += c == '*' ? "any" : std::string(1, fits ? c : '_');
    }
    return name + "_VERSION";
}

// One entry of a list of modules.
struct Change {
    enum class Kind { load, unload, swap } kind = Kind::load;
    std::string module;
    std::string old;  // that is swapped out
};

Change change_of(std::string_view text) {
    if (const std::size_t arrow = text.find("->"); arrow != std::string_view::npos) {
        return {Change::Kind::swap, std::string(trim(text.substr(arrow + 2))),
                std::string(trim(text.substr(0, arrow)))};
    }
    if (text.front() == '-') {
        return {Change::Kind::unload, std::string(trim(text.substr(1))), {}};
    }
    return {Change::Kind::load, std::string(text), {}};
}

class Composer {
  public:
    explicit Composer(const std::vector<ModuleWrapper>& wrappers) : wrappers_(wrappers) {}

    void add(std::string_view text) {
        const Change change = change_of(text);
        const ModuleWrapper* wrapper = wrapper_of(change.module, wrappers_);
        if (wrapper == nullptr || change.kind != Change::Kind::load) {
            call(change);
        } else {
            for (const std::string& inner : wrapper->modules) {
                if (const std::string_view name = trim(inner); !name.empty()) {
                    Change instead = change_of(name);
                    // What stands for all that the wrapper is of is what was asked for.
                    if (glob_match(wrapper->pattern, instead.module)) {
                        instead.module = change.module;
                    }
                    call(instead);
                }
            }
        }
        if (wrapper != nullptr && change.kind != Change::Kind::unload) {
            set(*wrapper, change.module);
        }
    }
    [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }

  private:
    void call(const Change& change) {
        const std::string module = shell_quote(change.module);
        switch (change.kind) {
            case Change::Kind::load:
                lines_.push_back("pavtest_load " + module);
                break;
            case Change::Kind::unload:
                lines_.push_back("pavtest_unload " + module);
                break;
            case Change::Kind::swap:
                lines_.push_back(
                    fmt::format("pavtest_swap {} {}", shell_quote(change.old), module));
                break;
        }
    }

    void set(const ModuleWrapper& wrapper, std::string_view module) {
        const std::string_view name = name_of(module);
        const std::string variable = version_variable(wrapper.pattern);
        if (name.size() < module.size()) {
            lines_.push_back(
                fmt::format("export {}={}", variable, shell_quote(module.substr(name.size() + 1))));
        } else {
            lines_.push_back(fmt::format("{}=$(pavtest_loaded {})", variable, shell_quote(name)));
            lines_.push_back(fmt::format("export {0}=\"${{{0}#*/}}\"", variable));
        }
        for (const EnvironmentChange& change : wrapper.environment) {
            lines_.push_back(assignment(change));
        }
    }

    const std::vector<ModuleWrapper>& wrappers_;
    std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> module_lines(const std::vector<std::string>& modules,
                                      const std::vector<ModuleWrapper>& wrappers) {
    Composer composer(wrappers);
    for (const std::string& module : modules) {
        if (const std::string_view name = trim(module); !name.empty()) {
            composer.add(name);
        }
    }
    if (composer.lines().empty()) {
        return {};
    }
    std::vector<std::string> lines{std::string(kFunctions)};
    lines.insert(lines.end(), composer.lines().begin(), composer.lines().end());
    return lines;
}

}  // namespace pavtest::build
