// Collecting: what is known on the way from a wish to rows. Internal to collect.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "cmd/pavstat/collect.h"
#include "cmd/pavstat/filters.h"

namespace pavtest::cmd {

class Collector {
  public:
    Collector(const Viewer& viewer, const PavstatOptions& options)
        : viewer_(viewer), options_(options), missing_(options.wishes) {}

    Result<Collected> run(bool everything);

  private:
    void read_store(const std::string& path);
    Result<> refresh(OpenStore& store, bool in_memory);
    void read_wishes(OpenStore& store, bool in_memory);
    bool read_wish(OpenStore& store, const std::string& id);
    void open_unsettled(std::size_t place);
    void look_for_jobs_in_queue();
    void settle();
    Result<> add_rows();
    void add_rows_of(std::size_t store, std::vector<index::JobRow> jobs);
    void add_row(Row row);
    Result<> add_tests();
    void add_remarks();
    [[nodiscard]] bool wanted(const Row& row, std::optional<std::uint32_t>& test) const;
    [[nodiscard]] Timestamp recent() const;

    const Viewer& viewer_;
    const PavstatOptions& options_;
    std::vector<Wish> missing_;  // wishes that nothing has answered to yet
    IndexFilters filters_;
    std::set<std::string> named_;  // sessions that wishes led to
    std::vector<session::OpenSession> open_;
    std::vector<std::size_t> open_store_;  // where each of them lies
    std::map<std::string, std::vector<session::SlurmJob>> live_;
    std::vector<std::string> broken_;
    Collected result_;
};

}  // namespace pavtest::cmd
