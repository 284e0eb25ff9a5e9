"""What people read has every figure that was measured, and nothing that was not."""

import unittest

import document
import plot
import table
from programs import COLUMNS, Failed


def _results(figures, peers=None):
    machine = {"processor": "P", "cores": 2, "kernel": "Linux 6", "load": 0.5, "load at the end": 1.25,
               "versions": {"openssl": "3", "mbedtls": "2", "gnutls": "4", "rustc": "rustc 1", "valgrind": "v"}}
    return {"command": "make bench", "figures": figures, "peers": peers or COLUMNS, "machine": machine}


class Table(unittest.TestCase):
    """Made-up figures in the table, the document and the plot."""

    def test_a_line_has_eighty_columns_at_most(self):
        figures = {f"{peer}/1.2-memory/heap_first_peak": 12345678 for peer in COLUMNS}
        lines = table.text(_results(figures)).splitlines()
        self.assertIn("  first: peak", [line[:24].rstrip() for line in lines])
        self.assertLessEqual(max(map(len, lines)), 80)

    def test_groups_and_rows_without_figures_stay_out(self):
        text = table.text(_results({"openssl/1.3-rsa/full/instructions": 1e7}))
        self.assertIn("Handshake, TLS 1.3, device certificate RSA-2048", text)
        self.assertNotIn("TLS 1.2", text)
        self.assertNotIn("resumed", text)

    def test_ratios_are_to_the_peer(self):
        figures = {"ours-rustls/1.2-rsa/full/instructions": 3e6, "mbedtls/1.2-rsa/full/instructions": 6e6}
        lines = table.text(_results(figures, ["ours-rustls", "mbedtls"])).splitlines()
        ratios = next(line for line in lines if "x Mbed TLS" in line)
        self.assertEqual(ratios.split()[-2:], ["0.50", "1.00"])

    def test_a_document_without_markers_is_refused(self):
        part = document.measured_part(_results({}), [])
        self.assertIn("at the end 1.2", part)
        with self.assertRaises(Failed):
            document.with_measured_part("no markers", part)
        text = f"before\n{document.BEGIN}\nold\n{document.END}\nafter\n"
        written = document.with_measured_part(text, part)
        self.assertNotIn("old", written)
        self.assertTrue(written.startswith("before\n") and written.endswith("\nafter\n"))
        self.assertEqual(document.with_measured_part(written, part), written)

    def test_the_plot_has_a_point_for_each_peer_that_has_both_figures(self):
        figures = {}
        for place, peer in enumerate(COLUMNS):
            figures[f"{peer}/size/own_text_rodata_data"] = 1e5 * (place + 1)
            figures[f"{peer}/1.2-rsa/full/instructions"] = 1e6 * (place + 1)
        self.assertEqual(plot.svg(figures).count("<circle"), len(COLUMNS))
        del figures["gnutls/1.2-rsa/full/instructions"]
        self.assertEqual(plot.svg(figures).count("<circle"), len(COLUMNS) - 1)


if __name__ == "__main__":
    unittest.main()
