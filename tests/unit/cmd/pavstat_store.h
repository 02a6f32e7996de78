// A pavstat that looks at one store of a test's, with a Slurm that answers what the test wants.
#pragma once

#include <gtest/gtest.h>

#include "../session/fake_slurm.h"
#include "../session/fixture.h"
#include "cmd/pavstat/views.h"

namespace pavtest::cmd {

class PavstatTestStore : public session::StoreTest {
  protected:
    Collected look(const PavstatOptions& options) {
        viewer_ = {Environment({{"XDG_CACHE_HOME", path_ + "/cache"}}),
                   {1000, "alice", path_},
                   settings_,
                   &clock_,
                   &slurm_};
        viewer_.settings.store_templates = {settings_.store};
        auto collected = collect(viewer_, options);
        EXPECT_TRUE(collected) << collected.error().what;
        return *std::move(collected);
    }

    session::FakeSlurm slurm_;
    Viewer viewer_;
};

}  // namespace pavtest::cmd
