#include "suite/datum_json.h"

#include <limits>

namespace pavtest::suite {

namespace {

using Json = nlohmann::ordered_json;

Json integer_json(Integer value) {
    if (value >= std::numeric_limits<std::int64_t>::min() &&
        value <= std::numeric_limits<std::int64_t>::max()) {
        return static_cast<std::int64_t>(value);
    }
    if (value > 0 && value <= static_cast<Integer>(std::numeric_limits<std::uint64_t>::max())) {
        return static_cast<std::uint64_t>(value);
    }
    return static_cast<double>(value);
}

}  // namespace

nlohmann::ordered_json datum_json(const Datum& datum) {
    struct Visitor {
        Json operator()(std::monostate) const { return nullptr; }
        Json operator()(bool v) const { return v; }
        Json operator()(Integer v) const { return integer_json(v); }
        Json operator()(double v) const { return v; }
        Json operator()(const std::string& v) const { return v; }
        Json operator()(const DatumList& v) const {
            Json out = Json::array();
            for (const Datum& item : v) {
                out.push_back(datum_json(item));
            }
            return out;
        }
        Json operator()(const DatumMap& v) const {
            Json out = Json::object();
            for (const auto& [key, item] : v) {
                out[key] = datum_json(item);
            }
            return out;
        }
    };
    return std::visit(Visitor{}, datum.value);
}

Datum datum_of(const nlohmann::ordered_json& json) {
    if (json.is_boolean()) {
        return Datum::of(json.get<bool>());
    }
    if (json.is_number_unsigned()) {
        return Datum::of(static_cast<Integer>(json.get<std::uint64_t>()));
    }
    if (json.is_number_integer()) {
        return Datum::of(static_cast<Integer>(json.get<std::int64_t>()));
    }
    if (json.is_number_float()) {
        return Datum::of(json.get<double>());
    }
    if (json.is_string()) {
        return Datum::of(json.get<std::string>());
    }
    if (json.is_array()) {
        DatumList out;
        for (const Json& item : json) {
            out.push_back(datum_of(item));
        }
        return Datum::of(std::move(out));
    }
    if (json.is_object()) {
        DatumMap out;
        for (const auto& [key, item] : json.items()) {
            out.emplace_back(key, datum_of(item));
        }
        return Datum::of(std::move(out));
    }
    return Datum{};
}

}  // namespace pavtest::suite
