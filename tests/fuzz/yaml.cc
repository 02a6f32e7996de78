// The YAML loader: any bytes give a document or an error, and every node has a place.
#include "base/yaml.h"

#include <cstdlib>

using namespace pavtest;

namespace {

// Walks like whoever uses it: every place is asked for. Aliases share nodes, so `left` bounds it.
void walk(const yaml::Document& document, const yaml::Node& node, std::size_t& left) {
    if (left == 0) {
        return;
    }
    --left;
    const Place place = document.place(node);
    if (place.line < 0 || place.column < 0) {
        std::abort();
    }
    for (std::size_t offset = 0; offset <= node.text.size() && offset < 64; ++offset) {
        if (document.place(node, offset).file.empty()) {
            std::abort();
        }
    }
    for (const yaml::Node* item : node.items) {
        walk(document, *item, left);
    }
    for (const yaml::Entry& entry : node.entries) {
        walk(document, *entry.key, left);
        walk(document, *entry.value, left);
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto document =
        yaml::parse(std::string(reinterpret_cast<const char*>(data), size), "input.yaml");
    if (document) {
        std::size_t left = 2000;
        walk(*document, document->root(), left);
    } else if (describe(document.error()).empty()) {
        std::abort();
    }
    return 0;
}
