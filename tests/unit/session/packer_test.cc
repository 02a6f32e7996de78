#include "session/packer.h"

#include <gmock/gmock.h>

namespace pavtest::session {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<PackedNode> nodes(std::size_t count, std::uint32_t cpus = 4) {
    std::vector<PackedNode> out;
    for (std::size_t i = 1; i <= count; ++i) {
        out.push_back({"n" + std::to_string(i), cpus});
    }
    return out;
}

PackedTest test(std::uint32_t index, double seconds = 0, std::uint32_t wide = 1) {
    PackedTest out;
    out.index = index;
    out.seconds = seconds;
    out.needs.nodes_least = wide;
    out.needs.nodes_most = wide;
    return out;
}

PackedTest shared(std::uint32_t index, std::uint32_t side_by_side, std::uint32_t cpus = 1) {
    PackedTest out = test(index);
    out.needs.side_by_side = side_by_side;
    out.needs.cpus = cpus;
    return out;
}

std::vector<std::uint32_t> start_all(Packer& packer) {
    std::vector<std::uint32_t> started;
    while (const auto placement = packer.next()) {
        started.push_back(placement->test);
    }
    return started;
}

TEST(Packer, OneNodeKeepsTheOrder) {
    Packer packer(nodes(1), {test(0, 1), test(1, 9), test(2, 5)});
    EXPECT_THAT(start_all(packer), ElementsAre(0));
    packer.ended(0);
    EXPECT_THAT(start_all(packer), ElementsAre(1));
    packer.ended(1);
    EXPECT_THAT(start_all(packer), ElementsAre(2));
}

TEST(Packer, ATestHasItsNodeToItself) {
    Packer packer(nodes(2), {test(0), test(1), test(2)});
    const auto first = packer.next();
    const auto second = packer.next();
    EXPECT_THAT(first->nodes, ElementsAre(0));
    EXPECT_THAT(second->nodes, ElementsAre(1));
    EXPECT_FALSE(packer.next());
    packer.ended(1);
    EXPECT_THAT(packer.next()->nodes, ElementsAre(1));
}

TEST(Packer, LongestFirstAndTheUnknownBeforeThem) {
    Packer packer(nodes(2), {test(0, 1), test(1, 9), test(2), test(3, 5)});
    EXPECT_THAT(start_all(packer), ElementsAre(2, 1));
    packer.ended(2);
    EXPECT_THAT(start_all(packer), ElementsAre(3));
}

TEST(Packer, ANodeOnWhichSomethingIsBuiltTakesOnlyWhatToleratesOthers) {
    Packer packer(nodes(2), {test(0), test(1), shared(2, 2)});
    packer.keep_for_builds(0, true);
    EXPECT_THAT(packer.next()->nodes, ElementsAre(1));
    EXPECT_FALSE(packer.next());
    packer.keep_for_builds(0, false);
    EXPECT_THAT(packer.next()->nodes, ElementsAre(0));
    Packer tolerant(nodes(1), {shared(0, 2)});
    tolerant.keep_for_builds(0, true);
    EXPECT_THAT(tolerant.next()->nodes, ElementsAre(0));
}

TEST(Packer, SharingIsAskedForOnBothSides) {
    Packer packer(nodes(1), {shared(0, 3), test(1), shared(2, 2), shared(3, 3)});
    // 0 and 2 agree on two at a time; 1 wants the node alone.
    EXPECT_THAT(start_all(packer), ElementsAre(0));
    packer.ended(0);
    EXPECT_THAT(start_all(packer), ElementsAre(1));
    packer.ended(1);
    EXPECT_THAT(start_all(packer), ElementsAre(2, 3));
}

TEST(Packer, SharedNodesGiveEachItsOwnProcessors) {
    Packer packer(nodes(1, 4), {shared(0, 9, 2), shared(1, 9, 1), shared(2, 9, 2)});
    EXPECT_THAT(packer.next()->cpus, ElementsAre(ElementsAre(0, 1)));
    EXPECT_THAT(packer.next()->cpus, ElementsAre(ElementsAre(2)));
    EXPECT_FALSE(packer.next());
    packer.ended(0);
    EXPECT_THAT(packer.next()->cpus, ElementsAre(ElementsAre(0, 1)));
}

TEST(Packer, MoreProcessorsThanThereAreIsAllThereAre) {
    Packer packer(nodes(1, 2), {shared(0, 2, 8)});
    EXPECT_THAT(packer.next()->cpus, ElementsAre(ElementsAre(0, 1)));
}

TEST(Packer, AnotherThanSharedTestIsNotConfined) {
    Packer packer(nodes(1, 4), {test(0)});
    EXPECT_THAT(packer.next()->cpus, ElementsAre(IsEmpty()));
}

TEST(Packer, WideOnesAreNotStarved) {
    // 0 takes three of four nodes, 1 wants all four: the short ones may not keep it waiting.
    Packer packer(nodes(4), {test(0, 0, 3), test(1, 0, 2), test(2, 1), test(3, 1)});
    EXPECT_THAT(start_all(packer), ElementsAre(0));
    packer.ended(0);
    EXPECT_THAT(start_all(packer), ElementsAre(1, 2, 3));
}

TEST(Packer, OthersFillTheNodesThatTheFirstInLineDoesNotNeed) {
    Packer packer(nodes(4), {test(0, 0, 2), test(1, 0, 2), test(2, 0, 2), test(3)});
    EXPECT_THAT(start_all(packer), ElementsAre(0, 1));
    packer.ended(1);
    EXPECT_THAT(start_all(packer), ElementsAre(2));
    packer.ended(0);
    EXPECT_THAT(start_all(packer), ElementsAre(3));
}

TEST(Packer, AllNodesMeansAlone) {
    PackedTest all = test(1);
    all.needs.all_nodes = true;
    all.needs.alone = true;
    Packer packer(nodes(3), {test(0), all, test(2)});
    const auto first = packer.next();
    EXPECT_EQ(first->test, 1U);
    EXPECT_THAT(first->nodes, ElementsAre(0, 1, 2));
    EXPECT_FALSE(packer.next());
    packer.ended(1);
    EXPECT_THAT(start_all(packer), ElementsAre(0, 2));
}

TEST(Packer, AloneOnOneNodeOfManyKeepsTheOthersIdle) {
    PackedTest alone = test(0);
    alone.needs.alone = true;
    Packer packer(nodes(2), {alone, test(1)});
    EXPECT_THAT(start_all(packer), ElementsAre(0));
    packer.ended(0);
    EXPECT_THAT(start_all(packer), ElementsAre(1));
}

TEST(Packer, SkippedTestsNeedNoPlace) {
    PackedTest skipped = test(1);
    skipped.needs.nothing = true;
    Packer packer(nodes(2), {test(0), skipped, test(2)});
    EXPECT_THAT(start_all(packer), ElementsAre(0, 1, 2));
}

TEST(Packer, WhatDoesNotFitSaysWhy) {
    PackedTest elsewhere = test(1);
    elsewhere.needs.include = {"x1"};
    PackedTest narrow = test(2, 0, 2);
    narrow.needs.across = {"n1"};
    Packer packer(nodes(2), {test(0, 0, 3), elsewhere, narrow});
    EXPECT_EQ(packer.next()->impossible, "needs 3 nodes, the job has 2");
    EXPECT_EQ(packer.next()->impossible, "needs 2 nodes, 1 of the job's 2 will do");
    EXPECT_THAT(packer.next()->impossible, HasSubstr("include_nodes"));
}

TEST(Packer, IncludeExcludeAcross) {
    PackedTest in = test(0, 0, 2);
    in.needs.include = {"n3"};
    PackedTest out = test(1);
    out.needs.exclude = {"n1", "n2"};
    Packer packer(nodes(4), {in, out});
    EXPECT_THAT(packer.next()->nodes, ElementsAre(0, 2));
    EXPECT_THAT(packer.next()->nodes, ElementsAre(3));
}

TEST(Packer, ChunksKeepTogether) {
    PackedTest first = test(0, 0, 2);
    first.needs.chunking.size = 2;
    first.needs.chunking.index = 1;
    PackedTest any = test(1);
    any.needs.chunking.size = 2;
    any.needs.all_nodes = true;
    Packer packer(nodes(4), {first, any});
    EXPECT_THAT(packer.next()->nodes, ElementsAre(2, 3));
    EXPECT_THAT(packer.next()->nodes, ElementsAre(0, 1));
}

TEST(Packer, WhatIsLeftOfChunksIsFilledUpOrDiscarded) {
    PackedTest last = test(0);
    last.needs.chunking.size = 2;
    last.needs.chunking.index = 1;
    last.needs.all_nodes = true;
    Packer backfill(nodes(3), {last});
    EXPECT_THAT(backfill.next()->nodes, ElementsAre(0, 2));
    last.needs.chunking.discard = true;
    Packer discard(nodes(3), {last});
    EXPECT_THAT(discard.next()->nodes, ElementsAre(0, 1));
}

TEST(Packer, ALostNodeTakesNoMoreTests) {
    Packer packer(nodes(2), {test(0), test(1), test(2), test(3, 0, 2)});
    packer.lose_node(1);
    const auto wide = packer.next();
    EXPECT_EQ(wide->test, 3U);
    EXPECT_THAT(wide->impossible, HasSubstr("1 of them failed"));
    EXPECT_TRUE(wide->for_lost_nodes);
    packer.ended(3);
    EXPECT_THAT(packer.next()->nodes, ElementsAre(0));
    EXPECT_FALSE(packer.next());
}

TEST(Packer, AgainGoesElsewhereWhereItCan) {
    Packer packer(nodes(2), {test(0)});
    EXPECT_THAT(packer.next()->nodes, ElementsAre(0));
    packer.ended(0);
    packer.again(test(0), {0});
    EXPECT_THAT(packer.next()->nodes, ElementsAre(1));
    packer.ended(0);
    packer.again(test(0), {0, 1});
    EXPECT_THAT(packer.next()->nodes, ElementsAre(0));
}

TEST(Packer, TimeOfThePacking) {
    EXPECT_DOUBLE_EQ(packed_seconds(nodes(1), {test(0, 10), test(1, 20)}), 30);
    EXPECT_DOUBLE_EQ(packed_seconds(nodes(2), {test(0, 10), test(1, 20), test(2, 10)}), 20);
    EXPECT_DOUBLE_EQ(packed_seconds(nodes(2), {test(0, 10, 2), test(1, 20)}), 30);
    EXPECT_DOUBLE_EQ(packed_seconds(nodes(1), {}), 0);
}

TEST(Packer, TenThousandTestsAreNoTrouble) {
    std::vector<PackedTest> many;
    for (std::uint32_t i = 0; i < 10000; ++i) {
        many.push_back(test(i, 1));
    }
    EXPECT_DOUBLE_EQ(packed_seconds(nodes(8), many), 1250);
}

TEST(NeedsOf, ReadsTheSchedule) {
    PlannedTest planned;
    planned.nodes = 2;
    planned.tasks_per_node = 3;
    planned.config = {{"schedule",
                       {{"nodes", "2-4"},
                        {"share_allocation", "False"},
                        {"exclude_nodes", {"n[1-2]"}},
                        {"chunking", {{"size", "50%"}, {"extra", "discard"}}}}},
                      {"chunk", "1"},
                      {"run", {{"concurrent", "4"}}}};
    const Needs needs = needs_of(planned);
    EXPECT_EQ(needs.nodes_least, 2U);
    EXPECT_EQ(needs.nodes_most, 4U);
    EXPECT_TRUE(needs.alone);
    EXPECT_EQ(needs.cpus, 3U);
    EXPECT_EQ(needs.side_by_side, 4U);
    EXPECT_THAT(needs.exclude, ElementsAre("n1", "n2"));
    EXPECT_DOUBLE_EQ(needs.chunking.share, 0.5);
    EXPECT_TRUE(needs.chunking.discard);
    EXPECT_EQ(needs.chunking.index, 1);
}

TEST(NeedsOf, AllNodesAreTheJobsOwn) {
    PlannedTest planned;
    planned.nodes = 16;  // of the partition
    planned.config = {{"schedule", {{"nodes", "all"}}}};
    const Needs needs = needs_of(planned);
    EXPECT_TRUE(needs.all_nodes);
    EXPECT_TRUE(needs.alone);
    EXPECT_EQ(needs.nodes_least, 1U);
}

TEST(NeedsOf, ATestThatDoesNotShareTheAllocationHasAllOfIt) {
    PlannedTest planned;
    planned.config = {{"schedule", {{"share_allocation", "false"}}}};
    EXPECT_TRUE(needs_of(planned).all_nodes);
    EXPECT_TRUE(needs_of(planned).alone);
    planned.config["schedule"]["nodes"] = "1";
    EXPECT_FALSE(needs_of(planned).all_nodes);
    EXPECT_TRUE(needs_of(planned).alone);
}

TEST(NeedsOf, ThePlainSchedulersDefaultIsNoWishToShare) {
    PlannedTest planned;
    planned.config = {{"scheduler", "raw"}, {"run", {{"concurrent", "100"}}}};
    EXPECT_EQ(needs_of(planned).side_by_side, 1U);
    planned.config["scheduler"] = "slurm";
    EXPECT_EQ(needs_of(planned).side_by_side, 100U);
}

}  // namespace
}  // namespace pavtest::session
