// A directory for one test that other users may enter and write to, and small files
// and programs in it.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace pavtest::spank {

class Scratch {
  public:
    Scratch() {
        std::string pattern = std::filesystem::temp_directory_path() / "pavtest-spank-XXXXXX";
        path_ = ::mkdtemp(pattern.data());
        ::chmod(path_.c_str(), 01777);
    }
    ~Scratch() { std::filesystem::remove_all(path_); }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;

    [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }

    std::string file(const std::string& name, const std::string& content) const {
        std::ofstream(path(name)) << content;
        return path(name);
    }

    std::string program(const std::string& name, const std::string& body) const {
        file(name, "#!/bin/bash\n" + body);
        ::chmod(path(name).c_str(), 0755);
        return path(name);
    }

    [[nodiscard]] std::string read(const std::string& name) const {
        std::stringstream content;
        content << std::ifstream(path(name)).rdbuf();
        return content.str();
    }

    [[nodiscard]] bool exists(const std::string& name) const {
        return std::filesystem::exists(path(name));
    }

  private:
    std::string path_;
};

}  // namespace pavtest::spank
