// The floor of the suite figures: the same files read and given to libyaml, nothing more.
#include <yaml.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>

int main(int count, char** files) {
    for (int i = 1; i < count; ++i) {
        std::ifstream file(files[i], std::ios::binary);
        std::ostringstream text;
        text << file.rdbuf();
        const std::string input = text.str();
        yaml_parser_t parser;
        if (yaml_parser_initialize(&parser) == 0) {
            return 3;
        }
        yaml_parser_set_input_string(&parser, reinterpret_cast<const unsigned char*>(input.data()),
                                     input.size());
        for (bool more = true; more;) {
            yaml_event_t event;
            if (yaml_parser_parse(&parser, &event) == 0) {
                std::fprintf(stderr, "%s is no YAML\n", files[i]);
                return 3;
            }
            more = event.type != YAML_STREAM_END_EVENT;
            yaml_event_delete(&event);
        }
        yaml_parser_delete(&parser);
    }
    return 0;
}
