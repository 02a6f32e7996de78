// Each function checks and converts its arguments as Pavilion's argument specs do.
#include "suite/functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <random>

#include "suite/arithmetic.h"
#include "suite/regex.h"

namespace pavtest::suite {

namespace {

using Arguments = std::vector<Datum>;

tl::unexpected<std::string> fail(std::string what) {
    return tl::make_unexpected(std::move(what));
}

Datum integer(Integer value) {
    return Datum::of(value);
}

/// What an argument must be; conversion follows Python's int(), float(), str().
enum class Type { integer, real, number, text, numbers, texts, map };

bool truth_word(const Datum& datum) {
    const auto* text = datum.as<std::string>();
    return text != nullptr && (*text == "True" || *text == "False");
}

Computed to_integer(const Datum& value) {
    if (const auto* whole = value.as<Integer>()) {
        return integer(*whole);
    }
    if (const auto* boolean = value.as<bool>()) {
        return integer(*boolean ? 1 : 0);
    }
    if (const auto* real = value.as<double>()) {
        constexpr double bound = 1e38;
        if (!(std::fabs(*real) < bound)) {
            return fail(fmt::format("{} is no integer", value.text()));
        }
        return integer(static_cast<Integer>(std::trunc(*real)));
    }
    Integer parsed = 0;
    if (truth_word(value)) {
        return integer(1);
    }
    if (value.is_text() && parse_integer(value.text(), parsed)) {
        return integer(parsed);
    }
    return fail(fmt::format("'{}' is no integer", value.text()));
}

Computed to_real(const Datum& value) {
    double parsed = 0;
    if (truth_word(value)) {
        return Datum::of(1.0);
    }
    if (value.is_number() || (value.is_text() && parse_float(value.text(), parsed))) {
        if (const auto* real = value.as<double>()) {
            return Datum::of(*real);
        }
        if (value.is_text()) {
            return Datum::of(parsed);
        }
        const auto whole = to_integer(value);
        return Datum::of(static_cast<double>(*whole->as<Integer>()));
    }
    return fail(fmt::format("'{}' is no number", value.text()));
}

Computed to_number(const Datum& value) {
    if (value.is_number()) {
        return value;
    }
    if (value.is_text()) {
        if (truth_word(value)) {
            return Datum::of(value.text() == "True");
        }
        Integer whole = 0;
        double real = 0;
        if (parse_integer(value.text(), whole)) {
            return integer(whole);
        }
        if (parse_float(value.text(), real)) {
            return Datum::of(real);
        }
    }
    return fail(fmt::format("'{}' is no number", value.text()));
}

Computed convert(const Datum& value, Type type) {
    switch (type) {
        case Type::integer:
            return to_integer(value);
        case Type::real:
            return to_real(value);
        case Type::number:
            return to_number(value);
        case Type::text:
            return Datum::of(value.text());
        case Type::map:
            return value.is_map() ? Computed(value)
                                  : Computed(fail(fmt::format("'{}' is no mapping", value.text())));
        case Type::numbers:
        case Type::texts:
            break;
    }
    const auto* list = value.as<DatumList>();
    if (list == nullptr) {
        return fail(fmt::format("'{}' is no list", value.text()));
    }
    DatumList out;
    out.reserve(list->size());
    for (const Datum& item : *list) {
        auto converted = convert(item, type == Type::numbers ? Type::number : Type::text);
        if (!converted) {
            return converted;
        }
        out.push_back(std::move(*converted));
    }
    return Datum::of(std::move(out));
}

double real_at(const Arguments& arguments, std::size_t i) {
    return *arguments[i].as<double>();
}
Integer integer_at(const Arguments& arguments, std::size_t i) {
    return *arguments[i].as<Integer>();
}
const std::string& text_at(const Arguments& arguments, std::size_t i) {
    return *arguments[i].as<std::string>();
}
const DatumList& list_at(const Arguments& arguments, std::size_t i) {
    return *arguments[i].as<DatumList>();
}

double as_real(const Datum& number) {
    return *to_real(number)->as<double>();
}

Computed whole(double value) {
    constexpr double bound = 1e38;
    if (!(std::fabs(value) < bound)) {
        return fail(fmt::format("{} has no integer", Datum::of(value).text()));
    }
    return integer(static_cast<Integer>(value));
}

int digit_value(char c) {
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
}

// Python's int(text, base): a sign, a prefix that fits the base, single underscores.
Computed integer_of_base(const Arguments& arguments) {
    std::string_view text = text_at(arguments, 0);
    auto base = static_cast<int>(std::clamp<Integer>(integer_at(arguments, 1), -1, 100));
    const auto invalid = [&] {
        return fail(fmt::format("'{}' is no integer to base {}", text_at(arguments, 0), base));
    };
    if (base != 0 && (base < 2 || base > 36)) {
        return fail("the base must be 0, or from 2 to 36");
    }
    const std::size_t first = text.find_first_not_of(" \t\n\r\f\v");
    if (first == std::string_view::npos) {
        return invalid();
    }
    text = text.substr(first, text.find_last_not_of(" \t\n\r\f\v") - first + 1);
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) {
        text.remove_prefix(1);
    }
    constexpr std::array<std::pair<char, int>, 3> prefixes{{{'x', 16}, {'o', 8}, {'b', 2}}};
    const char mark = text.size() > 1 && text[0] == '0' ? static_cast<char>(text[1] | 0x20) : '\0';
    for (const auto& [letter, prefixed] : prefixes) {
        if (mark == letter && (base == prefixed || base == 0)) {
            base = prefixed;
            text.remove_prefix(2);
            if (text.starts_with('_')) {
                text.remove_prefix(1);
            }
            break;
        }
    }
    base = base == 0 ? 10 : base;
    Integer value = 0;
    bool last_was_digit = false;
    for (const char c : text) {
        if (c == '_' && last_was_digit) {
            last_was_digit = false;
            continue;
        }
        const int digit = digit_value(c);
        if (digit >= base) {
            return invalid();
        }
        if (__builtin_mul_overflow(value, Integer{base}, &value) ||
            __builtin_add_overflow(value, Integer{digit}, &value)) {
            return fail("the number is too large");
        }
        last_was_digit = true;
    }
    return last_was_digit ? Computed(integer(negative ? -value : value)) : Computed(invalid());
}

Computed round_to_places(const Arguments& arguments) {
    const double value = real_at(arguments, 0);
    const auto places = static_cast<int>(std::clamp<Integer>(integer_at(arguments, 1), -400, 400));
    if (!std::isfinite(value) || places > 330) {
        return Datum::of(value);
    }
    if (places >= 0) {
        return Datum::of(std::strtod(fmt::format("{:.{}f}", value, places).c_str(), nullptr));
    }
    const double unit = std::pow(10.0, -places);
    return Datum::of(std::isinf(unit) ? std::copysign(0.0, value)
                                      : std::nearbyint(value / unit) * unit);
}

Computed logarithm(const Arguments& arguments) {
    const double value = as_real(arguments[0]);
    const double base = as_real(arguments[1]);
    if (value <= 0 || base <= 0 || base == 1) {
        return fail("logarithms are of positive numbers, to a positive base other than 1");
    }
    return Datum::of(std::log(value) / std::log(base));
}

Computed sum(const Arguments& arguments) {
    Computed total = integer(0);
    for (const Datum& item : list_at(arguments, 0)) {
        total = apply("+", *total, item);
        if (!total) {
            break;
        }
    }
    return total;
}

Computed extreme(const Arguments& arguments, std::string_view symbol) {
    const DatumList& items = list_at(arguments, 0);
    if (items.empty()) {
        return fail("the list is empty");
    }
    const Datum* best = &items.front();
    for (const Datum& item : items) {
        if (apply(symbol, item, *best)->truth()) {
            best = &item;
        }
    }
    return *best;
}

Computed average(const Arguments& arguments) {
    if (list_at(arguments, 0).empty()) {
        return fail("the list is empty");
    }
    auto total = sum(arguments);
    return total ? apply("/", *total, integer(static_cast<Integer>(list_at(arguments, 0).size())))
                 : total;
}

Computed length(const Arguments& arguments) {
    const Datum& value = arguments[0];
    if (const auto* list = value.as<DatumList>()) {
        return integer(static_cast<Integer>(list->size()));
    }
    if (const auto* map = value.as<DatumMap>()) {
        return integer(static_cast<Integer>(map->size()));
    }
    if (const auto* text = value.as<std::string>()) {
        return integer(std::count_if(text->begin(), text->end(), [](char c) {
            return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
        }));
    }
    return fail(fmt::format("a {} has no length", value.type_name()));
}

Computed keys(const Arguments& arguments) {
    std::vector<std::string> names;
    for (const auto& [name, _] : *arguments[0].as<DatumMap>()) {
        names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    DatumList out;
    for (std::string& name : names) {
        out.push_back(Datum::of(std::move(name)));
    }
    return Datum::of(std::move(out));
}

Computed search(const Arguments& arguments) {
    const auto regex = Regex::compile(text_at(arguments, 0));
    if (!regex) {
        return fail(
            fmt::format("'{}' is no regular expression: {}", text_at(arguments, 0), regex.error()));
    }
    const auto found = regex->search(text_at(arguments, 1));
    if (!found) {
        return Datum::of(std::string{});
    }
    if (found->groups.empty()) {
        return Datum::of(found->text);
    }
    return found->groups.front() ? Datum::of(*found->groups.front()) : Datum{};
}

Computed replace(const Arguments& arguments) {
    constexpr std::size_t longest = 16U << 20;
    const std::string& text = text_at(arguments, 0);
    const std::string& find = text_at(arguments, 1);
    const std::string& by = text_at(arguments, 2);
    std::string out;
    std::size_t at = 0;
    if (find.empty()) {
        for (const char c : text) {
            out += (static_cast<unsigned char>(c) & 0xC0U) == 0x80U ? std::string(1, c)
                                                                    : by + std::string(1, c);
        }
        return Datum::of(out + by);
    }
    while (true) {
        const std::size_t next = text.find(find, at);
        out.append(text, at, next - at);
        if (next == std::string::npos) {
            return Datum::of(std::move(out));
        }
        out += by;
        at = next + find.size();
        if (out.size() > longest) {
            return fail("the result is too long");
        }
    }
}

Computed square_root(const Arguments& arguments) {
    return apply("^", arguments[0], Datum::of(0.5));
}

Computed pass_filter(const Arguments& arguments, std::string_view symbol) {
    const Datum* limit = &arguments[1];
    DatumMap out;
    for (const auto& [name, item] : *arguments[0].as<DatumMap>()) {
        const Datum* value = &item;
        if (item.is_map()) {
            if (arguments.size() < 3) {
                return fail("the items are mappings, so a key must be given");
            }
            value = item.find(text_at(arguments, 2));
        } else if (arguments.size() > 2) {
            return fail("a key is given, but an item is no mapping");
        }
        if (value == nullptr || (!value->is_number() && !value->is_text())) {
            continue;
        }
        auto number = to_number(*value);
        if (!number) {
            return number;
        }
        if (apply(symbol, *number, *limit)->truth()) {
            out.emplace_back(name, item);
        }
    }
    return Datum::of(std::move(out));
}

Computed range(const Arguments& arguments) {
    constexpr Integer longest = 1'000'000;
    const Integer from = integer_at(arguments, 0);
    const Integer until = integer_at(arguments, 1);
    if (until > from && until - from > longest) {
        return fail("the range is too long");
    }
    DatumList out;
    for (Integer i = from; i < until; ++i) {
        out.push_back(integer(i));
    }
    return Datum::of(std::move(out));
}

Computed outliers(const Arguments& arguments) {
    const DatumList& values = list_at(arguments, 0);
    const DatumList& names = list_at(arguments, 1);
    const double limit = real_at(arguments, 2);
    if (values.size() != names.size()) {
        return fail("the values and the names must be as many");
    }
    if (values.empty()) {
        return fail("the list is empty");
    }
    const auto count = static_cast<double>(values.size());
    double total = 0;
    for (const Datum& value : values) {
        total += as_real(value);
    }
    const double mean = total / count;
    double squares = 0;
    for (const Datum& value : values) {
        squares += (as_real(value) - mean) * (as_real(value) - mean);
    }
    const double deviation = std::sqrt(squares / count);
    if (deviation == 0) {
        return fail("all values are the same");
    }
    DatumMap out;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const double distance = std::fabs(as_real(values[i]) - mean) / deviation;
        if (distance > limit) {
            out.emplace_back(names[i].text(), Datum::of(distance));
        }
    }
    return Datum::of(std::move(out));
}

Computed random_number(const Arguments& /*arguments*/) {
    std::random_device device;
    return Datum::of(std::uniform_real_distribution<double>(0.0, 1.0)(device));
}

bool every(const DatumList& items) {
    return std::all_of(items.begin(), items.end(), [](const Datum& item) { return item.truth(); });
}
bool some(const DatumList& items) {
    return std::any_of(items.begin(), items.end(), [](const Datum& item) { return item.truth(); });
}

struct Function {
    FunctionInfo info;
    std::vector<Type> types;
    std::size_t optional;  // how many of them, at the end, may be missing
    bool any_argument;     // one argument, taken as it is
    Computed (*call)(const Arguments&);
};

const std::vector<Function>& table() {
    using A = const Arguments&;
    static const std::vector<Function> functions = {
        {{"all", "all(items: [num])", "whether all items are true"},
         {Type::numbers},
         0,
         false,
         [](A a) -> Computed { return Datum::of(every(list_at(a, 0))); }},
        {{"any", "any(items: [num])", "whether an item is true"},
         {Type::numbers},
         0,
         false,
         [](A a) -> Computed { return Datum::of(some(list_at(a, 0))); }},
        {{"avg", "avg(vals: [num])", "the mean, always a float"},
         {Type::numbers},
         0,
         false,
         average},
        {{"ceil", "ceil(val: float)", "the next integer above"},
         {Type::real},
         0,
         false,
         [](A a) { return whole(std::ceil(real_at(a, 0))); }},
        {{"floor", "floor(val: float)", "the next integer below"},
         {Type::real},
         0,
         false,
         [](A a) { return whole(std::floor(real_at(a, 0))); }},
        {{"high_pass_filter", "high_pass_filter(value_dict: dict, limit: num, item_key: str?)",
          "the items of a mapping whose value exceeds the limit"},
         {Type::map, Type::number, Type::text},
         1,
         false,
         [](A a) { return pass_filter(a, ">"); }},
        {{"int", "int(value: str, base: int)", "a text as an integer to a base"},
         {Type::text, Type::integer},
         0,
         false,
         integer_of_base},
        {{"keys", "keys(arg: dict)", "the keys of a mapping, sorted"}, {Type::map}, 0, false, keys},
        {{"len", "len(list|dict|str)", "how many items or characters"}, {}, 0, true, length},
        {{"log", "log(val: num, base: num)", "the logarithm to a base"},
         {Type::number, Type::number},
         0,
         false,
         logarithm},
        {{"low_pass_filter", "low_pass_filter(value_dict: dict, limit: num, item_key: str?)",
          "the items of a mapping whose value is below the limit"},
         {Type::map, Type::number, Type::text},
         1,
         false,
         [](A a) { return pass_filter(a, "<"); }},
        {{"max", "max(vals: [num])", "the largest"},
         {Type::numbers},
         0,
         false,
         [](A a) { return extreme(a, ">"); }},
        {{"min", "min(vals: [num])", "the smallest"},
         {Type::numbers},
         0,
         false,
         [](A a) { return extreme(a, "<"); }},
        {{"outliers", "outliers(values: [num], names: [str], limit: float)",
          "the names whose values are more than `limit` standard deviations off"},
         {Type::numbers, Type::texts, Type::real},
         0,
         false,
         outliers},
        {{"random", "random()", "a random number from 0 to below 1"}, {}, 0, false, random_number},
        {{"range", "range(start: int, end: int)", "the integers from start to before end"},
         {Type::integer, Type::integer},
         0,
         false,
         range},
        {{"re_search", "re_search(regex: str, data: str)",
          "what a regular expression finds, or its first group; '' if nothing"},
         {Type::text, Type::text},
         0,
         false,
         search},
        {{"replace", "replace(string: str, find: str, replacement: str)",
          "a text with every occurrence replaced"},
         {Type::text, Type::text, Type::text},
         0,
         false,
         replace},
        {{"round", "round(val: float)", "the nearest integer, halves to the even one"},
         {Type::real},
         0,
         false,
         [](A a) { return whole(std::nearbyint(real_at(a, 0))); }},
        {{"round_dig", "round_dig(val: float, places: int)", "rounded to decimal places"},
         {Type::real, Type::integer},
         0,
         false,
         round_to_places},
        {{"sqrt", "sqrt(value: num)", "the square root"}, {Type::number}, 0, false, square_root},
        {{"sum", "sum(vals: [num])", "the sum; an integer if all are"},
         {Type::numbers},
         0,
         false,
         sum},
    };
    return functions;
}

const Function* find(std::string_view name) {
    const auto& functions = table();
    const auto found = std::find_if(functions.begin(), functions.end(),
                                    [&](const Function& f) { return f.info.name == name; });
    return found == functions.end() ? nullptr : &*found;
}

}  // namespace

const std::vector<FunctionInfo>& builtin_functions() {
    static const std::vector<FunctionInfo> all = [] {
        std::vector<FunctionInfo> infos;
        for (const Function& function : table()) {
            infos.push_back(function.info);
        }
        return infos;
    }();
    return all;
}

std::vector<std::string> BuiltinFunctions::names() const {
    std::vector<std::string> out;
    for (const FunctionInfo& info : builtin_functions()) {
        out.emplace_back(info.name);
    }
    return out;
}

bool BuiltinFunctions::has(std::string_view name) const {
    return find(name) != nullptr;
}

tl::expected<Datum, std::string> BuiltinFunctions::call(std::string_view name,
                                                        const std::vector<Datum>& arguments) const {
    const Function* function = find(name);
    if (function == nullptr) {
        return fail("there is no such function");
    }
    const std::size_t most = function->any_argument ? 1 : function->types.size();
    if (arguments.size() > most || arguments.size() + function->optional < most) {
        return fail(
            fmt::format("takes {}, not {} arguments", function->info.signature, arguments.size()));
    }
    if (function->any_argument) {
        return function->call(arguments);
    }
    Arguments converted;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        auto one = convert(arguments[i], function->types[i]);
        if (!one) {
            return one;
        }
        converted.push_back(std::move(*one));
    }
    return function->call(converted);
}

}  // namespace pavtest::suite
