"""The gate must be able to fail: python3 -m unittest discover -s benches"""

import json
import tempfile
import unittest
from pathlib import Path

import bars

FULL = "ours-rustls/1.2-rsa/full/instructions"
PEER = "mbedtls/1.2-rsa/full/instructions"


class Gate(unittest.TestCase):
    """With the bars of the repository and with made-up ones."""

    def setUp(self):
        self.bars = bars.load()
        # The highest figures that pass: each at its bar, and what ratios refer to far away.
        self.passing = {}
        for bar in self.bars:
            if "of" not in bar:
                self.passing[bar["figure"]] = bar["most"]
        for bar in self.bars:
            if "of" in bar:
                own = self.passing.setdefault(bar["figure"], 1e6)
                self.passing[bar["of"]] = max(self.passing.get(bar["of"], 0), own / bar["most"] * 1.01)

    def test_figures_at_their_bars_pass(self):
        # Some figures are themselves what others are compared with.
        ratios_only = [bar for bar in self.bars if "of" in bar]
        plain = [bar for bar in self.bars if "of" not in bar]
        self.assertGreater(len(plain), 10)
        self.assertGreater(len(ratios_only), 0)
        self.assertEqual(bars.violations(plain, {bar["figure"]: bar["most"] for bar in plain}), [])
        self.assertEqual(bars.violations(ratios_only, self.passing), [])

    def test_each_bar_fails_when_its_figure_is_exceeded(self):
        for bar in self.bars:
            figures = {bar["figure"]: bar["most"] * 1.001}
            if "of" in bar:
                figures = {bar["figure"]: bar["most"] * 1.001 * 1000, bar["of"]: 1000}
            with self.subTest(bar=bars.name(bar)):
                self.assertEqual(len(bars.violations([bar], figures)), 1)

    def test_a_figure_that_was_not_measured_fails(self):
        self.assertEqual(len(bars.violations(self.bars, {})), len(self.bars))
        ratio = [{"figure": FULL, "of": PEER, "most": 0.3}]
        self.assertEqual(len(bars.violations(ratio, {FULL: 1.0})), 1)

    def test_the_bars_of_the_project_are_there(self):
        listed = {bars.name(bar): bar["most"] for bar in self.bars}
        self.assertLessEqual(listed[FULL], 14e6)
        self.assertLessEqual(listed[f"{FULL} : {PEER}"], 0.3)
        self.assertLessEqual(listed["ours-rustls/1.2-rsa/resumed/instructions"], 0.6e6)
        self.assertLessEqual(listed["ours-mbedtls/1.2-rsa/full/instructions"], 65e6)

    def test_times_are_refused(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "bars.json"
            for figure in ("ours-rustls/1.2-rsa/full/wall_ms", "ours-rustls/bulk/write-100/cpu_mb_s"):
                path.write_text(json.dumps({"bars": [{"figure": figure, "most": 4}]}), encoding="utf-8")
                with self.assertRaises(ValueError):
                    bars.load(path)

    def test_goals_that_are_ahead_are_told_from_those_reached(self):
        bar = {"figure": FULL, "most": 110.0, "goal": 100.0}
        self.assertEqual(bars.not_reached([bar], {FULL: 105.0}), [(bar, 105.0)])
        self.assertEqual(bars.not_reached([bar], {FULL: 99.0}), [])
        self.assertEqual(bars.within_reach([bar], {FULL: 99.0}), [bar])
        self.assertEqual(bars.within_reach([bar], {FULL: 105.0}), [])


if __name__ == "__main__":
    unittest.main()
