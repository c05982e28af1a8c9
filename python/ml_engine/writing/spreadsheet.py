"""Excel, row by row."""

from datetime import date, datetime, time

import xlsxwriter

from ml_engine.writing.output import Output

SHEET = "data"
PLAIN = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}
WIDTH = 16


def write_excel(output: Output) -> list[str]:
    """One sheet with a frozen, filtered header line. Numbers are rounded to the 16 digits that the file format's
    writer keeps; how many lost something is said."""
    rounded = 0
    with xlsxwriter.Workbook(str(output.at), {**PLAIN, "tmpdir": str(output.at.parent)}) as book:
        sheet = book.add_worksheet(SHEET)
        bold = book.add_format({"bold": True})
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})
        sheet.set_column(0, len(output.headers) - 1, WIDTH)
        sheet.freeze_panes(1, 0)
        for at, header in enumerate(output.headers):
            sheet.write_string(0, at, header, bold)
        row = 0
        for batch in output.batches():
            for cells in batch.iter_rows():
                row += 1
                for at, cell in enumerate(cells):
                    if isinstance(cell, bool):
                        sheet.write_boolean(row, at, cell)
                    elif isinstance(cell, (int, float)):
                        sheet.write_number(row, at, cell)
                        rounded += float(f"{cell:.16G}") != cell
                    elif isinstance(cell, datetime):
                        sheet.write_datetime(row, at, cell, moment)
                    elif isinstance(cell, date):
                        sheet.write_datetime(row, at, datetime.combine(cell, time()), day)
                    elif cell is not None and cell != "":
                        sheet.write_string(row, at, str(cell))
        sheet.autofilter(0, 0, row, len(output.headers) - 1)
    return [f"{rounded} numbers were rounded to 16 digits, as Excel files are written with."] if rounded else []
