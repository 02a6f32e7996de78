// The table of the configuration format. Names, kinds and defaults are Pavilion's.
#include "suite/schema.h"

#include <algorithm>

namespace pavtest::suite {

const Element* Element::child(std::string_view key) const {
    const auto found = std::find_if(children.begin(), children.end(),
                                    [&](const Element& element) { return element.name == key; });
    return found == children.end() ? nullptr : &*found;
}

std::vector<std::string> Element::child_names() const {
    std::vector<std::string> names;
    for (const Element& element : children) {
        names.emplace_back(element.name);
    }
    return names;
}

namespace {

bool letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool digit(char c) {
    return c >= '0' && c <= '9';
}
bool word(char c) {
    return letter(c) || digit(c) || c == '_';
}

bool all_of(std::string_view text, bool (*test)(char)) {
    return std::all_of(text.begin(), text.end(), test);
}

// name(, name)*
bool is_result_key(std::string_view key) {
    while (true) {
        const std::size_t comma = key.find(',');
        std::string_view part = key.substr(0, comma);
        const std::size_t first = part.find_first_not_of(" \t");
        const std::size_t last = part.find_last_not_of(" \t");
        if (first == std::string_view::npos) {
            return false;
        }
        part = part.substr(first, last - first + 1);
        if (!(letter(part.front()) || part.front() == '_') || !all_of(part, word)) {
            return false;
        }
        if (comma == std::string_view::npos) {
            return true;
        }
        key.remove_prefix(comma + 1);
    }
}

}  // namespace

bool accepts(KeyRule rule, std::string_view key) {
    const char first = key.empty() ? '\0' : key.front();
    switch (rule) {
        case KeyRule::any:
            return true;
        case KeyRule::path:
            return !key.empty();
        case KeyRule::name:
            return key.size() > 1 && letter(first) && all_of(key, word);
        case KeyRule::environment:
        case KeyRule::variable:
            return letter(first) && all_of(key, word);
        case KeyRule::evaluation:
            return letter(first) || first == '_';
        case KeyRule::result:
            return is_result_key(key);
        case KeyRule::module_wrapper:
            return (letter(first) || first == '*' || first == '?' || first == '+') &&
                   all_of(key, [](char c) {
                       return word(c) || c == '*' || c == '?' || c == '+' || c == '-';
                   });
    }
    return false;
}

std::string_view describe(KeyRule rule) {
    switch (rule) {
        case KeyRule::any:
            return "anything";
        case KeyRule::path:
            return "a path";
        case KeyRule::name:
            return "at least two letters, digits and underscores, beginning with a letter";
        case KeyRule::environment:
        case KeyRule::variable:
            return "letters, digits and underscores, beginning with a letter";
        case KeyRule::evaluation:
            return "a name that begins with a letter or an underscore";
        case KeyRule::result:
            return "one or more names, separated by commas";
        case KeyRule::module_wrapper:
            return "a module's name, with * and ? as wildcards";
    }
    return {};
}

namespace {

Element text(std::string_view name, std::string_view help, const char* default_text = nullptr,
             std::vector<std::string_view> choices = {}) {
    Element element;
    element.name = name;
    element.help = help;
    element.default_text = default_text;
    element.choices = std::move(choices);
    return element;
}

Element hidden(Element element) {
    element.hidden = true;
    return element;
}

Element required(Element element) {
    element.required = true;
    return element;
}

Element list(std::string_view name, std::string_view help) {
    Element element;
    element.kind = Element::Kind::list;
    element.name = name;
    element.help = help;
    element.item = std::make_unique<const Element>();
    return element;
}

// A list whose items are words of a few.
Element choices_list(std::string_view name, std::string_view help,
                     std::vector<std::string_view> choices) {
    Element element = list(name, help);
    element.item = std::make_unique<const Element>(text("", "", nullptr, std::move(choices)));
    return element;
}

template <class... Elements>
Element keyed(std::string_view name, std::string_view help, Elements... elements) {
    Element element;
    element.kind = Element::Kind::keyed;
    element.name = name;
    element.help = help;
    (element.children.push_back(std::move(elements)), ...);
    return element;
}

Element category(std::string_view name, std::string_view help, KeyRule keys, Element item) {
    Element element;
    element.kind = Element::Kind::category;
    element.name = name;
    element.help = help;
    element.keys = keys;
    element.item = std::make_unique<const Element>(std::move(item));
    return element;
}

std::vector<std::string_view> booleans() {
    return {"true", "false", "True", "False"};
}

Element spack_of_site() {
    return keyed("spack", "What goes into the spack.yaml of a test that builds with Spack.",
                 text("build_jobs", "How many jobs make may run side by side.", "4"),
                 category("mirrors", "Mirrors by name.", KeyRule::name, text("", "")),
                 list("repos", "Package repositories, searched in this order."),
                 category("upstreams", "Upstream installations by name.", KeyRule::name,
                          keyed("", "", text("install_tree", "Where the upstream is installed."))));
}

Element create_files() {
    return category("create_files", "Files to write into the test's directory: name and lines.",
                    KeyRule::path, list("", ""));
}

Element templates() {
    return category("templates", "Template files and where their resolved text goes.",
                    KeyRule::path, text("", ""));
}

Element environment(std::string_view help) {
    return category("env", help, KeyRule::environment, text("", ""));
}

Element build() {
    return keyed(
        "build", "How the test is built.", list("cmds", "The commands of the build script."),
        list("prepend_cmds", "Commands that go before the inherited ones."),
        list("append_cmds", "Commands that go behind the inherited ones."),
        list("copy_files", "Files (globs) that each test gets as copies that it may change."),
        create_files(), templates(), environment("Environment variables of the build."),
        list("extra_files", "Files that are put into the build directory."),
        list("modules", "Environment modules to load, 'a->b' to swap, '-a' to remove."),
        text("on_nodes", "Whether each node of the test has a build of its own, made there.",
             "False", booleans()),
        list("preamble", "Commands at the very beginning of the script."),
        text("source_path", "The sources: a directory, a file or an archive."),
        text("source_url", "Where the sources can be fetched."),
        text("source_download", "When to fetch them.", "missing", {"never", "missing", "latest"}),
        keyed("spack", "Spack packages of the build.", list("install", "Packages to install."),
              list("load", "Packages to load.")),
        text("specificity", "A text that sets builds apart that are otherwise the same.", ""),
        text("timeout", "Seconds without output after which the build is ended.", "30"),
        text("verbose", "Whether the script echoes its commands.", "False", booleans()),
        text("timeout_file", "A file to watch for output instead of the log."),
        text("autoexit", "Whether the first command that fails ends the build.", "True",
             booleans()));
}

Element run() {
    return keyed(
        "run", "How the test is run.", list("cmds", "The commands of the run script."),
        list("prepend_cmds", "Commands that go before the inherited ones."),
        list("append_cmds", "Commands that go behind the inherited ones."), create_files(),
        templates(), environment("Environment variables of the run."),
        list("modules", "Environment modules to load, 'a->b' to swap, '-a' to remove."),
        list("preamble", "Commands at the very beginning of the script."),
        keyed("spack", "Spack packages of the run.", list("load", "Packages to load.")),
        text("timeout", "Seconds without output after which the run is ended.", "300"),
        text("verbose", "Whether the script echoes its commands.", "False", booleans()),
        text("timeout_file", "A file to watch for output instead of the log."),
        text("autoexit", "Whether the first command that fails ends the run.", "True", booleans()),
        text("concurrent", "How many tests may run side by side in a shared allocation.",
             "{{sched.concurrent_default}}"));
}

Element cleanup() {
    return keyed("cleanup", "What is done after every run, however it ended.",
                 list("cmds", "The commands; each runs, whether or not those before it failed."),
                 text("timeout", "Seconds after which they are ended; 60 if not given."));
}

Element retry() {
    return keyed(
        "retry", "When the test is tried again in the same job.",
        text("count", "How many further attempts there may be."),
        choices_list("on", "After which ends: all of fail, error and node-fail if not given.",
                     {"fail", "error", "node-fail"}),
        text("elsewhere", "Whether on other nodes, as long as there are enough.", nullptr,
             booleans()));
}

template <class... Elements>
Element parser(std::string_view name, std::string_view help, Elements... own) {
    return category(
        name, help, KeyRule::result,
        keyed("", "", text("action", "What becomes of the matches: store, store_true, count, …"),
              list("files", "Globs of the files to look into; the run's log by default."),
              text("per_file", "How several files' results are combined: first, last, name, …"),
              text("for_lines_matching", "A regex of the lines to look at."),
              list("preceded_by", "Regexes that the lines before must match."),
              text("match_select", "Which match counts: first, last, all, uniq or a number."),
              std::move(own)...));
}

Element result_parse() {
    return keyed(
        "result_parse", "What to read out of the test's output.",
        parser("command", "The output or return value of a command.",
               required(text("command", "The command.")),
               text("output_type", "return_value or stdout."),
               text("stderr_dest", "Where standard error goes: null or stdout.")),
        parser("constant", "A fixed value.", required(text("const", "The value."))),
        parser("filecheck", "Whether a file is there."),
        parser("json", "Values out of JSON.", list("include_only", "The keys to keep."),
               list("exclude", "The keys to leave out."),
               text("stop_at", "The line that ends the JSON.")),
        parser("regex", "What a regular expression finds.",
               required(text("regex", "The expression, in Python's syntax."))),
        parser("split", "The parts of a line.", text("sep", "What separates them.")),
        parser("table", "A table's cells.", text("delimiter_re", "A regex that separates columns."),
               text("row_ignore_re", "A regex of lines to leave out."),
               text("table_end_re", "A regex of the line that ends the table."),
               list("col_names", "The columns' names."),
               text("has_row_labels", "Whether the first column names the row."),
               text("by_column", "Whether results are grouped by column."),
               text("lstrip", "Whether blanks before a line are dropped.")));
}

Element reference() {
    return category(
        "reference", "What results should be on a machine, and how far they may be off.",
        KeyRule::any,
        category(
            "", "", KeyRule::any,
            keyed("", "", required(text("value", "What the result should be.")),
                  text("lower", "How far below is still good: '10%', or in the unit."),
                  text("upper", "How far above is still good."),
                  text("unit", "The unit, for people."),
                  text("expected_fail", "Why it is known to be off: then it is no failure."))));
}

Element schedule() {
    return keyed(
        "schedule", "What the test needs of the scheduler.",
        text("core_spec", "Cores of each node that are left to the system."),
        text("nodes", "How many nodes: a number, a percentage or 'all'."),
        text("min_nodes", "The least number of nodes that is enough."),
        text("node_state", "Which nodes count: 'up' or 'available'."),
        text("share_allocation",
             "'false': no other test runs meanwhile; without 'nodes' it has the whole job."),
        text("tasks", "The number of tasks over all nodes."),
        text("tasks_per_node", "Tasks on each node: a number, a percentage, 'all' or 'min'."),
        text("min_tasks_per_node", "The least number of tasks on each node."),
        text("partition", "The partition."), text("qos", "The quality of service."),
        text("account", "The account."),
        text("wrapper", "A command between the launcher and the program."),
        text("reservation", "The reservation."), text("time_limit", "The time limit, in hours."),
        list("across_nodes", "The only nodes to consider."),
        list("include_nodes", "Nodes that must be part of the allocation."),
        list("exclude_nodes", "Nodes that must not."),
        keyed("chunking", "How the machine is divided into chunks of nodes.",
              text("size", "How many nodes a chunk has."),
              text("node_selection", "How a chunk's nodes are chosen.", "contiguous"),
              text("extra", "What happens to the nodes that are left: backfill or discard.")),
        keyed("cluster_info", "What is known of a cluster that cannot be asked.",
              text("node_count", "How many nodes."), text("mem", "Memory of a node, in bytes."),
              text("cpus", "Processors of a node.")),
        keyed("mpirun_opts", "Options for mpirun.", text("bind_to", "--bind-to."),
              text("rank_by", "--rank-by."), list("mca", "--mca options."),
              list("extra", "Any others.")),
        keyed("slurm", "What only Slurm has.",
              list("avail_states", "Node states in which a node can be had at once."),
              list("up_states", "Node states in which a node can be had at all."),
              list("features", "Features that nodes must have; 'a|b' for either."),
              list("reserved_states", "States that count only with a reservation."),
              list("srun_extra", "More options for srun."),
              list("sbatch_extra", "More options for sbatch."),
              text("mpi_cmd", "How programs are launched: srun or mpirun.")),
        keyed("flux", "What only Flux has; kept, never used.",
              list("avail_states", "As with Slurm."), list("up_states", "As with Slurm."),
              list("fluxbatch_extra", "More options for flux batch."),
              list("fluxrun_extra", "More options for flux run."),
              list("features", "As with Slurm."), text("queue", "The queue.")),
        keyed("dummy", "For the format's own tests.", text("foo", "Nothing.")),
        keyed("error", "For the format's own tests.", text("foo", "Nothing.")));
}

Element make_test_schema() {
    Element variables;
    variables.kind = Element::Kind::variables;
    variables.name = "variables";
    variables.help = "The test's variables: a value, a list, a mapping or a list of mappings.";
    variables.keys = KeyRule::variable;
    return keyed(
        "test", "", hidden(text("name", "The test's name.", "<unnamed>")),
        hidden(text("cfg_label", "The label of the configuration directory.", "_none")),
        hidden(text("suite", "The suite's name.", "<no_suite>")),
        hidden(text("suite_path", "The suite's file.", "<no_suite>")),
        hidden(text("working_dir", "Kept for Pavilion's files.")),
        hidden(text("os", "The operating system that it was resolved for.", "<unknown>")),
        hidden(text("host", "The host that it was resolved for.", "<unknown>")),
        hidden(list("modes", "The modes that were applied.")),
        hidden(list("overrides", "The overrides that were applied.")),
        text("inherits_from", "The test of this suite whose configuration this one extends."),
        text("subtitle", "What sets the permutations of the test apart."),
        text("group", "Of no effect any more."), text("umask", "Of no effect any more."),
        keyed("maintainer", "Who looks after the test.",
              text("name", "A name or an organisation.", "unknown"), text("email", "An address.")),
        text("summary", "What the test is for, in a line."), text("doc", "The long story."),
        list("permute_on", "Variables of whose every combination a test is made."),
        hidden(text("permute_base", "Kept for Pavilion's files.")),
        text("shebang", "The first line of the scripts.", "#!/usr/bin/bash"), std::move(variables),
        text("scheduler", "Which scheduler the test was written for.", "raw"),
        hidden(text("sched_data_id", "Kept for Pavilion's files.")),
        text("chunk", "Which chunk to run on.", "any"),
        category("only_if", "Run only if each key matches one of its values.", KeyRule::any,
                 list("", "")),
        category("not_if", "Skip if a key matches one of its values.", KeyRule::any, list("", "")),
        text("compatible_pav_versions", "Versions that the test is for: '2.3' or '2.1-2.4'.", ""),
        text("test_version", "The test's own version.", "0.0"), spack_of_site(), build(), run(),
        cleanup(), retry(),
        category("result_evaluate", "Results that are computed from others.", KeyRule::evaluation,
                 text("", "")),
        category("module_wrappers", "What to do in place of loading a module.",
                 KeyRule::module_wrapper,
                 keyed("", "", list("modules", "The modules to load instead."),
                       environment("Variables to set then."))),
        result_parse(), reference(), schedule());
}

}  // namespace

const Element& test_schema() {
    static const Element schema = make_test_schema();
    return schema;
}

}  // namespace pavtest::suite
