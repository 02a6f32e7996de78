#include "suite/template_cache.h"

#include "suite/template_parser.h"

namespace pavtest::suite {

tl::expected<const Template*, SyntaxError> TemplateCache::get(std::string_view text) {
    std::string key(text);
    const auto known = parsed_.find(key);
    if (known != parsed_.end()) {
        return known->second;
    }
    tl::expected<const Template*, SyntaxError> result = nullptr;
    auto parsed = parse_template(text);
    if (parsed) {
        result = &templates_.emplace_back(std::move(*parsed));
    } else {
        result = tl::make_unexpected(std::move(parsed.error()));
    }
    return parsed_.emplace(std::move(key), std::move(result)).first->second;
}

}  // namespace pavtest::suite
