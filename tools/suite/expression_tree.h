// The parsed form of expressions and of texts that hold some. Immutable, and shared by
// all permutations that use the same text.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "suite/datum.h"

namespace pavtest::suite {

struct Expression;
using ExpressionPtr = std::unique_ptr<const Expression>;

/// One step of a reference: `.name`, `.3`, `.*`, `[expr]`, `[from:to]`.
struct ReferenceStep {
    enum class Kind : std::uint8_t { name, index, all, at, slice };
    Kind kind = Kind::name;
    std::string name;           // of a name; an index's digits
    ExpressionPtr from, until;  // of [at] and [slice]; null where left out
};

struct Expression {
    enum class Kind : std::uint8_t {
        empty,
        literal,
        list,
        reference,
        call,
        negate,
        plus,
        logical_not,
        logical_and,
        logical_or,
        compare,     // chained: a < b < c
        arithmetic,  // + - * / // %, from left to right
        power,
        concatenate,
    };

    Kind kind = Kind::empty;
    std::size_t offset = 0;  // in the text that was parsed
    Datum literal;
    std::string name;                    // of a reference or function
    std::vector<ReferenceStep> steps;    // behind a reference's name or a call
    std::vector<Expression> operands;    // arguments, items, sides
    std::vector<std::string> operators;  // between the operands
};

/// A piece of a text: plain, an expression, or an iteration over its own pieces.
struct Segment {
    enum class Kind : std::uint8_t { text, expression, iteration };
    Kind kind = Kind::text;
    std::size_t offset = 0;
    std::string text;  // plain text; an iteration's separator
    Expression expression;
    bool formatted = false;
    std::string format;             // behind the colon
    std::vector<Segment> segments;  // of an iteration
};

struct Template {
    std::vector<Segment> segments;
};

/// What a syntax error says, and where.
struct SyntaxError {
    std::size_t offset = 0;
    std::string what;
    std::string hint;
};

/// The variables that an expression or template refers to, each with its tree.
std::vector<const Expression*> references_of(const Expression& expression);
std::vector<const Expression*> references_of(const Template& text);

}  // namespace pavtest::suite
