// Constant-initialized: no code of ours runs when the plugin is loaded.
#include "state.h"

namespace pavtest::spank {

State& state() {
    static constinit State only{};
    return only;
}

}  // namespace pavtest::spank
