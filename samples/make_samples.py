"""Writes the sample files beside this script. Every person, prison and reference in them is invented.

python samples/make_samples.py
"""

import csv
import io
import json
from datetime import date, datetime
from pathlib import Path

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

HERE = Path(__file__).parent
FIELD_NAMES = (
    "reference | prison | family_name | given_names | birth_date | language | release_type | conditions |"
    "planned_release | certainty | source | notified_at | actual_release | planned_return"
)
DUTCH_HEADINGS = (
    "Referentie | Gevangenis | Familienaam | Voornamen | Geboortedatum | Taal | Soort vrijlating | Voorwaarden |"
    "Voorziene vrijlatingsdatum | Zekerheid | Bron | Gemeld op | Effectieve vrijlating | Voorziene terugkeer"
)
FRENCH_HEADINGS = (
    "Référence | Prison | Nom de famille | Prénoms | Date de naissance | Langue | Type de libération | Conditions |"
    "Date de libération prévue | Certitude | Source | Communiqué le | Libération effective | Retour prévu"
)

FROM_AN_INTERFACE = [
    "NF-2026-0101 | Gevangenis Noord (fictief) | Verzonnen | Anouar | 1991-04-17 | nl | conditional_release | yes |"
    "2026-12-11 | confirmed | judgment of the sentence implementation court | 2026-11-20T10:15:00+01:00 | |",
    "NF-2026-0102 | Gevangenis Noord (fictief) | Fictief | Noor | 1984-09-02 | nl | end_of_sentence | no |"
    "2027-06-18 | expected | sentence calculation | 2026-11-10T14:40:00+01:00 | |",
    "NF-2026-0103 | Gevangenis Noord (fictief) | van Nergenshuizen | Bram Joris | 1999-12-30 | nl |"
    "electronic_monitoring | yes | 2027-01-04 | confirmed | judgment of the sentence implementation judge |"
    "2026-11-17T09:05:00+01:00 | |",
    "NF-2026-0104 | Gevangenis Noord (fictief) | Denkbeeldig | Lien | 1978-02-28 | fr | court_disposal | yes | |"
    "unconfirmed | call from the psychosocial service | 2026-11-18T16:20:00+01:00 | |",
    "NF-2026-0105 | Gevangenis Noord (fictief) | Bestaatniet | Ilyas | 2001-07-08 | ar | remand_release | |"
    "2026-11-20 | confirmed | order of the council chamber | 2026-11-20T17:50:00+01:00 | 2026-11-20 |",
]

IN_DUTCH = [
    "NF-2026-0102 | Gevangenis Noord (fictief) | Fictief | Noor | 02/09/1984 | nl | strafeinde | nee |"
    "04/06/2027 | verwacht | herberekening van de straf | 20/11/2026 11:30 | |",
    "ZF-26/0441 | Gevangenis Zuid (fictief) | Verzinsel | José | 11/05/1988 | Nederlands |"
    "beperkte detentie | ja | 08/02/2027 | bevestigd | vonnis strafuitvoeringsrechter | 19/11/2026 | |",
    "ZF-26/0442 | Gevangenis Zuid (fictief) | Gefingeerd | Maïté; roepnaam May | 23/10/1995 | nl |"
    "uitgaansvergunning | ja | 18/12/2026 | bevestigd | beslissing van de minister | 20/11/2026 08:45 | | 18/12/2026",
    "ZF-26/0443 | Gevangenis Zuid (fictief) | Nergens | Çelik | 07/01/1969 | tr | voorlopige invrijheidstelling |"
    "onbekend | 10/12/2026 | verwacht | brief van de directie\nbijlage 2 | 16/11/2026 15:10 | |",
    "ZF-26/0444 | Gevangenis Zuid (fictief) | De Bedachte | Ørjan | 14/06/1990 | en | verwijdering of overlevering |"
    "| 15/01/2027 | verwacht | strafuitvoeringsrechtbank | 18/11/2026 | |",
    "ZF-26/0445 | Gevangenis Zuid (fictief) | Uitgevonden | Zoë | 30/03/1997 | fr |"
    "voorwaardelijke invrijheidstelling | ja | | niet bevestigd | telefoon van de psychosociale dienst |"
    "20/11/2026 15:55 | |",
]

IN_FRENCH = [
    "40771 | Prison Ouest (fictive) | Inventé | Éloïse | 1986-08-19 | fr | libération conditionnelle | oui |"
    "2027-02-26 | confirmée | jugement du tribunal de l'application des peines | 2026-11-19T11:00 | |",
    "40772 | Prison Ouest (fictive) | Imaginaire | Théo | 1993-11-05 | fr | fin de peine | non |"
    "2027-05-14 | attendue | calcul de la peine | 2026-11-16 | |",
    "40773 | Prison Ouest (fictive) | Personne | Aïcha | 1980-03-27 | ar | surveillance électronique | oui |"
    "2026-12-21 | confirmée | jugement du juge de l'application des peines | 2026-11-20T09:40 | |",
    "40774 | Prison Ouest (fictive) | Le Fictif | Maël | 2003-10-12 | nl | congé pénitentiaire | inconnu |"
    "2026-12-24 | confirmée | décision du ministre | 2026-11-17T13:25 | | 2026-12-26",
    "40775 | Prison Ouest (fictive) | D'Invention | Noémie | 1972-06-01 | fr | mise à la disposition du tribunal |"
    "oui | | non confirmée | appel du service psychosocial | 2026-11-20T16:30 | |",
]

WITH_MISTAKES = [
    "OF-26-001 | Gevangenis Oost (fictief) | Verzonnen | Goedele | 1990-05-21 | nl | end_of_sentence | no |"
    "2027-03-19 | expected | sentence calculation | 2026-11-18 | |",
    "| Gevangenis Oost (fictief) | Fictief | Geert | 1985-01-15 | nl | conditional_release | yes |"
    "2027-01-29 | confirmed | judgment | 2026-11-18 | |",
    "OF-26-003 | Gevangenis Oost (fictief) | Verzinsel | Hilde | 1979-07-30 | nl | conditional_release | yes |"
    "| confirmed | judgment | 2026-11-18 | |",
    "OF-26-004 | Gevangenis Oost (fictief) | Denkbeeldig | Ivo | 1992-02-30 | nederlandsch | early release | perhaps |"
    "12/31/2026 | sure | judgment | 2026-11-18 | |",
    "OF-26-005 | Gevangenis Oost (fictief) | Gefingeerd | Jef | 2020-04-04 | nl | remand_release | no |"
    "2026-12-04 | expected | council chamber | 2027-11-18 | 2027-12-04 |",
    "OF-26-006 | Gevangenis Oost (fictief) | Nergens | Kaat | 1994-09-09 | nl | leave | no |"
    "2026-12-18 | confirmed | minister | 2026-11-18 | | 2026-12-17",
    "1,23457E+11 | Gevangenis Oost (fictief) | Bedacht | Lowie | 1987-12-12 | nl | limited_detention | yes |"
    "2027-02-12 | expected | judgment | 2026-11-18 | | 2027-02-13",
    "OF-26-008 | Gevangenis Oost (fictief) | Bestaatniet | Mies | 1998-08-18 | nl | end_of_sentence",
    "OF-26-009 | Gevangenis Oost (fictief) | Uitgevonden | Nand | 1983-03-03 | nl | provisional_release | unknown |"
    "2026-12-10 | expected | letter of the governor | 2026-11-18 | |",
]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.split("|")]


def as_json(lines: list[str]) -> bytes:
    rows = [dict(zip(cells(FIELD_NAMES), cells(line), strict=True)) for line in lines]
    told = [{field: value for field, value in row.items() if value} for row in rows]
    return (json.dumps(told, ensure_ascii=False, indent=2) + "\n").encode()


def as_csv(headings: list[str], lines: list[str], delimiter: str, encoding: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([headings, *map(cells, lines)])
    return out.getvalue().encode(encoding)


def write_cell(sheet: Worksheet, row: int, column: int, text: str, forms: dict[type, Format]) -> None:
    """Numbers, dates and times as a spreadsheet keeps them: a reference of digits has become a number."""
    if text.isdecimal():
        sheet.write_number(row, column, float(text))
        return
    for kind, form in forms.items():
        try:
            sheet.write_datetime(row, column, kind.fromisoformat(text), form)
        except ValueError:
            continue
        return
    sheet.write_string(row, column, text)


def write_xlsx(path: Path, headings: list[str], lines: list[str]) -> None:
    with Workbook(path) as book:
        book.set_properties({"created": datetime(2026, 11, 20, 17)})  # noqa: DTZ001 - written as it is, without a zone
        forms = {
            date: book.add_format({"num_format": "dd/mm/yyyy"}),
            datetime: book.add_format({"num_format": "dd/mm/yyyy hh:mm"}),
        }
        sheet = book.add_worksheet("Avis de libération")
        sheet.set_column(0, len(headings) - 1, 24)
        sheet.write_string(0, 0, "Avis de libération: personnes et prisons fictives")
        sheet.write_row(1, 0, headings, book.add_format({"bold": True}))
        for row, line in enumerate(lines, start=2):
            for column, text in enumerate(cells(line)):
                write_cell(sheet, row, column, text, forms)


def main() -> None:
    (HERE / "notifications.json").write_bytes(as_json(FROM_AN_INTERFACE))
    (HERE / "notifications.csv").write_bytes(as_csv(cells(DUTCH_HEADINGS), IN_DUTCH, ";", "cp1252"))
    write_xlsx(HERE / "notifications.xlsx", cells(FRENCH_HEADINGS), IN_FRENCH)
    (HERE / "with-mistakes.csv").write_bytes(as_csv(cells(FIELD_NAMES), WITH_MISTAKES, ",", "utf-8"))


if __name__ == "__main__":
    main()
