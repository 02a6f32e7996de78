#include "build/unpack.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "base/file.h"

namespace pavtest::build {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

struct Item {
    std::string name;
    char type = '0';      // as tar has it: file, hard link, link, character device, directory, FIFO
    std::string content;  // of a file, or a link's target
};

class UnpackTest : public testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = testing::TempDir() + "pavtest-unpack-XXXXXX";
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        path_ = pattern;
        fs::create_directory(path_ + "/out");
        std::ofstream(path_ + "/secret") << "secret";
    }
    void TearDown() override { fs::remove_all(path_); }

    // ".tar", or compressed by the command that its suffix names.
    std::string pack(const std::string& name, const std::vector<Item>& items) const {
        const std::string tar = path_ + "/" + name.substr(0, name.find(".tar")) + ".tar";
        std::ofstream out(tar, std::ios::binary);
        for (const Item& item : items) {
            out << header_of(item);
            if (item.type == '0') {
                out << item.content << std::string((512 - item.content.size() % 512) % 512, '\0');
            }
        }
        out << std::string(1024, '\0');
        out.close();
        for (const auto& [suffix, command] :
             {std::pair(".gz", "gzip -f"), std::pair(".bz2", "bzip2 -f"),
              std::pair(".xz", "xz -f")}) {
            if (name.ends_with(suffix)) {
                EXPECT_EQ(std::system(fmt::format("{} '{}'", command, tar).c_str()), 0);
                return tar + suffix;
            }
        }
        return tar;
    }
    static std::string header_of(const Item& item) {
        std::string header(512, '\0');
        const auto put = [&header](std::size_t at, const std::string& text) {
            header.replace(at, text.size(), text);
        };
        put(0, item.name);
        put(100, "0000755");
        put(108, "0000000");
        put(116, "0000000");
        put(124, fmt::format("{:011o}", item.type == '0' ? item.content.size() : 0));
        put(136, "00000000000");
        put(148, "        ");
        put(156, std::string(1, item.type));
        if (item.type == '1' || item.type == '2') {
            put(157, item.content);
        }
        put(257, std::string("ustar\00000", 8));
        unsigned sum = 0;
        for (const char c : header) {
            sum += static_cast<unsigned char>(c);
        }
        put(148, fmt::format("{:06o}", sum) + std::string("\0 ", 2));
        return header;
    }
    // Of files that are stored as they are.
    std::string zip(const std::string& name, const std::vector<Item>& items) const {
        const auto number = [](std::uint64_t value, int bytes) {
            std::string text;
            for (int i = 0; i < bytes; ++i) {
                text += i < 8 ? static_cast<char>(value >> (8 * i) & 0xff) : '\0';
            }
            return text;
        };
        std::string files;
        std::string directory;
        for (const Item& item : items) {
            const auto crc = ::crc32(0, reinterpret_cast<const Bytef*>(item.content.data()),
                                     static_cast<uInt>(item.content.size()));
            const std::string common = number(20, 2) + number(0, 8) + number(crc, 4) +
                                       number(item.content.size(), 4) +
                                       number(item.content.size(), 4) + number(item.name.size(), 2);
            directory += "PK\1\2" + number(20, 2) + common + number(0, 12) +
                         number(files.size(), 4) + item.name;
            files += "PK\3\4" + common + number(0, 2) + item.name + item.content;
        }
        const std::string file = path_ + "/" + name;
        std::ofstream(file, std::ios::binary)
            << files << directory << "PK\5\6" << number(0, 4) << number(items.size(), 2)
            << number(items.size(), 2) << number(directory.size(), 4) << number(files.size(), 4)
            << number(0, 2);
        return file;
    }
    Result<> unpack_it(const std::string& file, UnpackLimits limits = {}) const {
        return unpack(file, fs::path(file).filename(), path_ + "/out", limits);
    }
    [[nodiscard]] std::string read(const std::string& name) const {
        return read_file(path_ + "/out/" + name).value_or("?");
    }
    [[nodiscard]] bool nothing_unpacked() const { return fs::is_empty(path_ + "/out"); }

    std::string path_;
};

TEST_F(UnpackTest, EachKindByItsContent) {
    for (const std::string name : {"a.tar", "a.tar.gz", "a.tar.bz2", "a.tar.xz", "a.zip"}) {
        SCOPED_TRACE(name);
        fs::remove_all(path_ + "/out");
        fs::create_directory(path_ + "/out");
        const std::vector<Item> items{{"main.c", '0', "main"}, {"sub/x", '0', "x"}};
        const std::string packed = name.ends_with(".zip") ? zip(name, items) : pack(name, items);
        fs::rename(packed, path_ + "/download");
        ASSERT_EQ(packing_of(path_ + "/download"), Packed::archive);
        const auto done = unpack_it(path_ + "/download");
        ASSERT_TRUE(done) << done.error().what;
        EXPECT_EQ(read("main.c"), "main");
        EXPECT_EQ(read("sub/x"), "x");
    }
}

TEST_F(UnpackTest, AllInOneDirectoryIsThatDirectorysContent) {
    const auto done = unpack_it(pack("hpl-2.3.tar.gz", {{"hpl-2.3/", '5', ""},
                                                        {"hpl-2.3/main.c", '0', "m"},
                                                        {"hpl-2.3/b/l", '2', "../main.c"},
                                                        {"hpl-2.3/h", '1', "hpl-2.3/main.c"}}));
    ASSERT_TRUE(done) << done.error().what;
    EXPECT_EQ(read("main.c"), "m");
    EXPECT_EQ(read("b/l"), "m");
    EXPECT_EQ(read("h"), "m");
}

TEST_F(UnpackTest, ACompressedFileLosesItsSuffix) {
    const std::string file = path_ + "/data.txt";
    std::ofstream(file) << "plain text";
    EXPECT_EQ(packing_of(file), Packed::no);
    ASSERT_EQ(std::system(("gzip '" + file + "'").c_str()), 0);
    ASSERT_EQ(packing_of(file + ".gz"), Packed::single);
    ASSERT_TRUE(unpack_it(file + ".gz"));
    EXPECT_EQ(read("data.txt"), "plain text");
    EXPECT_FALSE(unpack_it(file + ".gz", {.bytes = 4, .entries = 1}));
}

TEST_F(UnpackTest, WhatLeadsOutIsRefusedBeforeAnythingIsWritten) {
    for (const Item& bad :
         {Item{"../escaped", '0', "x"}, Item{"a/../../escaped", '0', "x"},
          Item{path_ + "/escaped", '0', "x"}, Item{"fifo", '6', ""}, Item{"null", '3', ""}}) {
        SCOPED_TRACE(bad.name);
        const auto done = unpack_it(pack("bad.tar", {{"good", '0', "good"}, bad}));
        ASSERT_FALSE(done);
        EXPECT_THAT(done.error().what, HasSubstr("is refused"));
        EXPECT_TRUE(nothing_unpacked());
        EXPECT_FALSE(fs::exists(path_ + "/escaped"));
    }
}

TEST_F(UnpackTest, LinksThatLeadOutAreRefused) {
    for (const auto& [name, target] :
         std::vector<std::pair<std::string, std::string>>{{"l", "/etc/passwd"},
                                                          {"l", "../secret"},
                                                          {"a/l", "../../secret"},
                                                          {"l", "a/../../secret"},
                                                          {"a/l", "b/.."}}) {
        SCOPED_TRACE(name + " -> " + target);
        EXPECT_FALSE(unpack_it(pack("bad.tar", {{"good", '0', ""}, {name, '2', target}})));
        fs::remove_all(path_ + "/out");
        fs::create_directory(path_ + "/out");
    }
    EXPECT_FALSE(unpack_it(pack("bad.tar", {{"good", '0', ""}, {"hard", '1', "../secret"}})));
    EXPECT_EQ(*read_file(path_ + "/secret"), "secret");
}

TEST_F(UnpackTest, NothingIsWrittenThroughALinkOfTheArchive) {
    EXPECT_FALSE(unpack_it(
        pack("bad.tar", {{"dir/x", '0', ""}, {"way", '2', "dir"}, {"way/escaped", '0', "x"}})));
    EXPECT_FALSE(fs::exists(path_ + "/out/dir/escaped"));
}

TEST_F(UnpackTest, ABombIsRefused) {
    const std::string zeros(1U << 22U, '\0');
    const std::string bomb = pack("bomb.tar.gz", {{"a", '0', zeros}, {"b", '0', zeros}});
    EXPECT_LT(fs::file_size(bomb), 1U << 16U);
    const auto large = unpack_it(bomb, {.bytes = 1U << 20U, .entries = 10});
    ASSERT_FALSE(large);
    EXPECT_THAT(large.error().what, HasSubstr("archive_limit"));
    EXPECT_TRUE(nothing_unpacked());
    const auto many = unpack_it(bomb, {.bytes = 1U << 30U, .entries = 1});
    ASSERT_FALSE(many);
    EXPECT_THAT(many.error().what, HasSubstr("archive_entries"));
}

TEST_F(UnpackTest, ATornArchiveIsAnError) {
    const std::string file = pack("torn.tar.gz", {{"a", '0', std::string(100000, 'x')}});
    fs::resize_file(file, fs::file_size(file) / 2);
    EXPECT_FALSE(unpack_it(file));
}

}  // namespace
}  // namespace pavtest::build
