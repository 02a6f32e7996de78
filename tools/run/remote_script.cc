// Asking the helpers.
#include "run/remote_script.h"

namespace pavtest::run {

Result<RemoteScript> RemoteScript::start(NodeHelpers& helpers, HelperOrder order, Duration now) {
    std::string node = order.node;
    const auto number = helpers.send(std::move(order), now);
    if (!number) {
        return tl::make_unexpected(number.error());
    }
    return RemoteScript(helpers, std::move(node), *number);
}

void RemoteScript::step() {
    if (over_) {
        return;
    }
    if (auto end = helpers_->take_end(number_)) {
        end_ = std::move(*end);
        over_ = true;
    } else if (helpers_->lost(node_)) {
        lost_ = true;
        over_ = true;
    }
}

}  // namespace pavtest::run
