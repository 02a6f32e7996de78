// Taking members out of a JSON object that somebody else may have written: wrong types
// are errors with the member's name, never exceptions.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"

namespace pavtest::session {

/// Reads members of one object; the first thing that is wrong is kept.
class Fields {
  public:
    Fields(const nlohmann::json& object, std::string what)
        : object_(object), what_(std::move(what)) {}

    void text(const char* key, std::string& into, bool required = false) {
        const nlohmann::json* const value = find(key, required);
        if (value == nullptr) {
            return;
        }
        if (value->is_string()) {
            into = value->get_ref<const std::string&>();
        } else {
            wrong(key, "a string");
        }
    }
    /// Also takes an integer: `"nodes": 2`.
    void text(const char* key, std::optional<std::string>& into) {
        const nlohmann::json* const value = find(key, false);
        if (value == nullptr) {
            return;
        }
        if (value->is_number_integer()) {
            into = value->dump();
        } else {
            text(key, into.emplace());
        }
    }
    template <class Integer>
    void integer(const char* key, Integer& into, bool required = false) {
        const nlohmann::json* const value = find(key, required);
        if (value == nullptr) {
            return;
        }
        if (!value->is_number_integer() ||
            (value->is_number_unsigned() && value->get<std::uint64_t>() > largest<Integer>()) ||
            (!value->is_number_unsigned() &&
             value->get<std::int64_t>() < std::int64_t{std::numeric_limits<Integer>::min()})) {
            wrong(key, "an integer");
            return;
        }
        into = static_cast<Integer>(value->get<std::int64_t>());
    }
    void flag(const char* key, bool& into) {
        const nlohmann::json* const value = find(key, false);
        if (value != nullptr && value->is_boolean()) {
            into = value->get<bool>();
        } else if (value != nullptr) {
            wrong(key, "true or false");
        }
    }
    void texts(const char* key, std::vector<std::string>& into) {
        each(key, [&](const nlohmann::json& entry) {
            if (!entry.is_string()) {
                wrong(key, "a list of strings");
                return;
            }
            into.push_back(entry.get_ref<const std::string&>());
        });
    }
    void indices(const char* key, std::vector<std::uint32_t>& into) {
        each(key, [&](const nlohmann::json& entry) {
            if (!entry.is_number_unsigned() ||
                entry.get<std::uint64_t>() > largest<std::uint32_t>()) {
                wrong(key, "a list of indices");
                return;
            }
            into.push_back(entry.get<std::uint32_t>());
        });
    }
    void time(const char* key, Timestamp& into) {
        std::string written;
        text(key, written, true);
        if (const auto when = from_rfc3339(written)) {
            into = *when;
        } else {
            wrong(key, "a time");
        }
    }
    /// Null where it is absent or null.
    const nlohmann::json* find(const char* key, bool required) {
        const auto found = object_.find(key);
        if (found == object_.end() || found->is_null()) {
            if (required) {
                wrong(key, "there");
            }
            return nullptr;
        }
        return &*found;
    }
    void wrong(const char* key, const char* expected) {
        if (problem_.empty()) {
            problem_ = fmt::format("{}: '{}' is not {}", what_, key, expected);
        }
    }
    [[nodiscard]] const std::string& problem() const { return problem_; }

  private:
    template <class Integer>
    static constexpr std::uint64_t largest() {
        return static_cast<std::uint64_t>(std::numeric_limits<Integer>::max());
    }
    template <class Take>
    void each(const char* key, Take&& take) {
        const nlohmann::json* const value = find(key, false);
        if (value == nullptr) {
            return;
        }
        if (!value->is_array()) {
            wrong(key, "a list");
            return;
        }
        for (const nlohmann::json& entry : *value) {
            take(entry);
        }
    }

    const nlohmann::json& object_;
    std::string what_;
    std::string problem_;
};

/// Parses a document that must be an object with a `format` that we can read.
inline Result<nlohmann::json> parse_document(std::string_view text, const std::string& what,
                                             int newest) {
    nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
    if (!document.is_object()) {
        return fail(ErrorKind::infrastructure, fmt::format("{}: not a JSON object", what));
    }
    Fields fields(document, what);
    int format = 0;
    fields.integer("format", format, true);
    if (!fields.problem().empty()) {
        return fail(ErrorKind::infrastructure, fields.problem());
    }
    if (format > newest) {
        return fail(
            ErrorKind::infrastructure,
            fmt::format("{}: format {} was written by a newer pavtest; this one reads up to {}",
                        what, format, newest),
            "use the pavtest that made the session, or a newer one");
    }
    if (format < 1) {
        return fail(ErrorKind::infrastructure,
                    fmt::format("{}: there is no format {}", what, format));
    }
    return document;
}

}  // namespace pavtest::session
