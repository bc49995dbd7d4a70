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


NOTIFIED = (
    "reference | prison | family_name | given_names | birth_date | language | release_type | conditions |"
    "planned_release | certainty | source | notified_at | actual_release"
)
ADOPT_DUTCH_HEADINGS = (
    "Referentie | Gevangenis | Familienaam | Voornamen | Geboortedatum | Taal | Soort vrijlating | Voorwaarden |"
    "Voorziene vrijlatingsdatum | Zekerheid | Bron | Gemeld op | Effectieve vrijlating | Trajectbegeleider | Vervanger |"
    "Mandaattoets | Informatietoets | Eerste deelbeslissing | Toewijzing | Informatie en eerste contact |"
    "Gevangenisbezoek | Re-integratieplan | Tweede bezoek | Taakafspraak met de justitieassistent |"
    "Casusoverleg vóór vrijlating | Gereedheidscheck 1 | Gereedheidscheck 2 | Contact dag van vrijlating |"
    "Opvolggesprek 1 | Opvolggesprek 2 | Opvolggesprek 3 | Opvolggesprek 4 | Herziening 1"
)
RUNNING_IN_DUTCH = [
    "NF-2026-0031 | Gevangenis Noord (fictief) | Verzonnen | Karim | 1990-02-11 | nl | voorwaardelijke invrijheidstelling |"
    "ja | 2026-10-01 | bevestigd | vonnis strafuitvoeringsrechtbank | 2026-06-01T10:15 | 2026-10-02 | Noor Verzonnen |"
    "Wout Fictief | 2026-06-03 | 2026-06-05 | 2026-06-09 | 2026-06-04 | 15/06/2026 ja | 2026-06-29 | 2026-09-10 |"
    "2026-09-16 | 2026-09-21 | 2026-09-21 | 2026-09-24 | 2026-09-30 | 2026-10-02 | 2026-10-06 | 2026-10-09 |"
    "16/10/2026 niet doorgegaan | 2026-10-23 | 02/11/2026 voortzetten",
    "NF-2026-0058 | Gevangenis Noord (fictief) | Fictief | Lotte | 1979-08-24 | fr | strafeinde | nee | 2027-02-19 |"
    "verwacht | berekening van de straf | 2026-08-17T14:40 | | Yasmina Inventé | Noor Verzonnen | 2026-08-19 |"
    "2026-08-20 | nvt | 2026-08-19 | 27/08/2026 wil gedeeltelijk hulp | 2026-09-11 |" + " |" * 11,
    "ZF-26/0388 | Gevangenis Zuid (fictief) | Bedacht | Ruben | 1996-11-30 | nl | elektronisch toezicht | ja | 2026-12-14 |"
    "bevestigd | vonnis strafuitvoeringsrechter | 2026-11-03T09:30 | | Wout Fictief | | 2026-11-05 | 2026-11-06 | nvt |"
    "2026-11-06 | 12/11/2026 later 30/11/2026 | |" + " |" * 11,
    "ZF-26/0391 | Gevangenis Zuid (fictief) | Gefingeerd | Aya | 2000-05-16 | nl | beperkte detentie | ja | |"
    "niet bevestigd | telefoon van de psychosociale dienst | 2026-11-09T11:00 | | | | 2026-11-12 |" + " |" * 16,
    "NF-2026-0044 | Gevangenis Noord (fictief) | Denkbeeldig | Stijn | 1985-12-02 | nl | voorlopige invrijheidstelling |"
    "nee | 2026-12-18 | verwacht | brief van de directie | 2026-10-19T16:45 | | Noor Verzonnen | Yasmina Inventé |"
    "2026-10-22 | 2026-10-23 | 27/10/2026 niet gedeeld | 2026-10-22 | 30/10/2026 nee |" + " |" * 12,
]
ADOPT_STEPS = "lead | deputy | mandate | infocheck | share | assign | contact | visit1 | plan | releaseday | followup 1 | followup 2"
RUNNING = [
    "OF-26-101 | Gevangenis Oost (fictief) | Uitgevonden | Mats | 1993-03-14 | nl | remand_release | no | 2026-11-12 |"
    "confirmed | council chamber | 2026-11-12T15:10 | 2026-11-12 | lead-1 | lead-3 | 2026-11-13 | 2026-11-13 | n/a |"
    "2026-11-13 | 2026-11-16 yes | n/a | | 2026-11-12 | 2026-11-17 |",
    "OF-26-102 | Gevangenis Oost (fictief) | Nergens | Elif | 1988-07-07 | tr | conditional_release | yes | 2027-03-05 |"
    "expected | judgment | 2026-09-14 | | lead-2 | | 2026-09-16 | 2026-09-18 | n/a | 2026-09-17 | 2026-09-28 |"
    "2026-10-13 | | | |",
    "OF-26-103 | Gevangenis Oost (fictief) | Verzinsel | Tobe | 1991-01-19 | nl | end_of_sentence | no | 2027-04-30 |"
    "expected | sentence calculation | 2026-11-02 | | | | 2026-11-04 | | | | | | | | |",
    "OF-26-104 | Gevangenis Oost (fictief) | Fictief | Zita | 1982-10-05 | nl | limited_detention | yes | 2026-12-21 |"
    "confirmed | judgment | 2026-10-05 | | lead-1 | | 2026-10-07 | 2026-10-08 | n/a | 2026-10-07 | | 2026-11-03 | | | |",
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


def write_xlsx(path: Path, headings: list[str], lines: list[str], title: str, remark: str) -> None:
    with Workbook(path) as book:
        book.set_properties({"created": datetime(2026, 11, 20, 17)})  # noqa: DTZ001 - written as it is, without a zone
        forms = {
            date: book.add_format({"num_format": "dd/mm/yyyy"}),
            datetime: book.add_format({"num_format": "dd/mm/yyyy hh:mm"}),
        }
        sheet = book.add_worksheet(title)
        sheet.set_column(0, len(headings) - 1, 24)
        sheet.write_string(0, 0, remark)
        sheet.write_row(1, 0, headings, book.add_format({"bold": True}))
        for row, line in enumerate(lines, start=2):
            for column, text in enumerate(cells(line)):
                write_cell(sheet, row, column, text, forms)


def main() -> None:
    (HERE / "notifications.json").write_bytes(as_json(FROM_AN_INTERFACE))
    (HERE / "notifications.csv").write_bytes(as_csv(cells(DUTCH_HEADINGS), IN_DUTCH, ";", "cp1252"))
    remark = "Avis de libération: personnes et prisons fictives"
    write_xlsx(HERE / "notifications.xlsx", cells(FRENCH_HEADINGS), IN_FRENCH, "Avis de libération", remark)
    (HERE / "with-mistakes.csv").write_bytes(as_csv(cells(FIELD_NAMES), WITH_MISTAKES, ",", "utf-8"))
    remark = "Lopende dossiers: personen en gevangenissen zijn verzonnen"
    write_xlsx(HERE / "adopt.xlsx", cells(ADOPT_DUTCH_HEADINGS), RUNNING_IN_DUTCH, "Lopende dossiers", remark)
    headings = [*cells(NOTIFIED), *cells(ADOPT_STEPS)]
    (HERE / "adopt.csv").write_bytes(as_csv(headings, RUNNING, ";", "utf-8"))


if __name__ == "__main__":
    main()
