// By way of a file, which people may look at, too.
#include "run/node_config.h"

#include <fmt/format.h>

#include "base/time.h"
#include "suite/deferred.h"

namespace pavtest::run {

namespace {

constexpr const char* kFile = "config.json";

}  // namespace

Result<> write_node_config(const session::PlannedTest& test, const Environment& environment,
                           const std::string& node_list, TestFiles& files) {
    const SystemClock clock;
    suite::NodeWorld world;
    world.environment = environment;
    world.clock = &clock;
    auto nodes = suite::allocated_nodes(environment, node_list);
    if (!nodes) {
        return tl::make_unexpected(nodes.error());
    }
    world.nodes = std::move(*nodes);
    const auto config = suite::finish_deferred(test.config, test.variables, world);
    if (!config) {
        Error error = config.error().empty() ? Error{} : config.error().front();
        if (config.error().size() > 1) {
            error.what += fmt::format(" (and {} more)", config.error().size() - 1);
        }
        return tl::make_unexpected(std::move(error));
    }
    return files.write(kFile, config->dump(2) + "\n");
}

Result<nlohmann::json> read_node_config(const TestFiles& files) {
    const auto text = files.directory().read(kFile);
    if (!text) {
        return tl::make_unexpected(text.error());
    }
    nlohmann::json config = nlohmann::json::parse(*text, nullptr, false);
    if (!config.is_object()) {
        return fail(ErrorKind::infrastructure, files.path() + "/config.json is torn");
    }
    return config;
}

}  // namespace pavtest::run
