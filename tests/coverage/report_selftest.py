#!/usr/bin/env python3
"""report.py counts what a reader sees as a branch, and fails where the pure files have too little."""

import contextlib
import io
import unittest

import report

PURE = {"core/box.cpp", "core/box.hpp"}


def branch(count, throw=False):
    return {"count": count, "throw": throw}


def file_of(name, lines_hit=100, branches_hit=100):
    """100 lines; at each a call that may throw, and one of two branches."""
    lines = [
        {
            "line_number": number,
            "count": int(number < lines_hit),
            "gcovr/noncode": False,
            "branches": [branch(1), branch(0, throw=True), branch(int(number < branches_hit))],
        }
        for number in range(100)
    ]
    comment = {"line_number": 100, "count": 0, "gcovr/noncode": True, "branches": []}
    return report.File(name, [*lines, comment])


def shortcomings(*files):
    return list(report.shortcomings(PURE, files))


class Report(unittest.TestCase):
    def test_a_call_that_may_throw_is_no_branch_neither_taken_nor_missed(self):
        file = file_of("core/box.cpp", branches_hit=30)
        self.assertEqual((file.branches.hit, file.branches.all), (30, 100))
        self.assertEqual(file.branches.missed, list(range(30, 100)))

    def test_what_is_no_code_is_no_line(self):
        file = file_of("core/box.cpp", lines_hit=99)
        self.assertEqual((file.lines.hit, file.lines.all), (99, 100))
        self.assertEqual(file.lines.missed, [99])

    def test_the_least_is_enough_and_less_is_not(self):
        self.assertEqual(shortcomings(file_of("core/box.cpp", 95, 85)), [])
        self.assertIn("lines", shortcomings(file_of("core/box.cpp", 94, 85))[0])
        self.assertIn("branches", shortcomings(file_of("core/box.cpp", 95, 84))[0])

    def test_it_is_the_sum_of_the_files_that_counts(self):
        self.assertEqual(shortcomings(file_of("core/box.cpp", 90), file_of("core/box.hpp")), [])
        self.assertNotEqual(shortcomings(file_of("core/box.cpp", 89), file_of("core/box.hpp")), [])

    def test_a_source_that_was_not_measured_is_too_little(self):
        self.assertIn("core/box.cpp", shortcomings(file_of("core/box.hpp"))[0])

    def test_a_table_names_what_is_missed(self):
        told = io.StringIO()
        with contextlib.redirect_stdout(told):
            report.print_table("pure", [file_of("core/box.cpp", 99, 98)], tell_missed=True)
        self.assertRegex(told.getvalue(), r"core/box.cpp +99/100 +99.0% +98/100 +98.0% +99 98\? 99\?\n")


if __name__ == "__main__":
    unittest.main(argv=["report_selftest", "--quiet"])
