"""The worked example of the language page: a small protocol that can be read aloud. A test reads it."""

EXAMPLE = """\
# The smallest protocol that says something: three steps, two services, one exceptional event.
protocol: harbour
version: "1.0"
title: {en: "Release protocol of Harbour", nl: Vrijlatingsprotocol van Haven}
about: person
languages: [en, nl]
status: informal                     # not signed yet, so only these kinds of item may be shared
informal_items: [dates]
source: working paper of the partnership

calendar:                            # what a working day is here
  country: BE
  timezone: Europe/Brussels
  cut_off: "16:00"                   # what arrives later counts as arrived on the next working day
  source: working paper, art. 1

anchors:                             # the dates that everything is counted from
  notification:
    name: {en: Notification, nl: Melding}
    cut_off: true
    may_be_future: false
  release:
    name: {en: Release, nl: Vrijlating}
    certainty: true                  # confirmed, expected or unconfirmed
    when_moved:
      - renew: {steps: [visit]}      # the date moves: the visit is to be done again
opens_with: notification

notice:                              # working days after the notification up to and including the release
  from: notification
  to: release
  unknown: long
  classes:
    - {key: short, name: {en: Short, nl: Kort}, below: 10}
    - {key: long, name: {en: Long, nl: Lang}}
  source: working paper, art. 2

release_types:
  end_of_sentence: {name: {en: End of sentence, nl: Strafeinde}}
  leave: {name: {en: Leave, nl: Uitgaansvergunning}}
handling_codes:
  case_team: {en: Case team, nl: Dossierteam}
item_kinds:
  dates: {en: Dates, nl: Data}

roles:
  coordinator: {name: {en: Coordinator, nl: Coördinator}, service: city, substitutes: 2}
  police: {name: {en: Police, nl: Politie}, service: police, substitutes: 2}
  worker: {name: {en: Social worker, nl: Maatschappelijk werker}, service: welfare}
  person: {name: {en: Person concerned, nl: Betrokkene}, staff: false}

phases:
  active: {name: {en: Active, nl: Actief}}
  ended: {name: {en: Ended, nl: Beëindigd}, ended: true}
first_phase: active
closing_phase: active
closing_step: close

steps:
  mandate:
    name: {en: Mandate check, nl: Mandaattoets}
    owner: coordinator
    after: [{anchor: notification}]
    due: {working_days: 1, after: notification}
    form:
      fields:
        - {key: mandate, type: yes_no, label: {en: Within the mandate, nl: Binnen het mandaat}}
      outcomes:                      # the first that matches counts
        - {key: inside, when: {mandate: yes}, name: {en: Inside, nl: Binnen}}
        - {key: outside, name: {en: Outside, nl: Erbuiten}}
    four_eyes: {role: police, disagree: outside}
    follows:
      - {when: {outcome: outside}, end: ended}
    escalation: late
    source: working paper, art. 3

  visit:
    name: {en: Prison visit, nl: Gevangenisbezoek}
    owner: worker
    after: [{step: mandate, outcome: inside}]
    due:
      by_notice:
        short: {working_days: 2, after: ready}
        long:
          earliest:                  # whichever comes first
            - {days: 40, before: release}
            - {working_days: 20, after: notification}
    consent: true
    skip: {by: coordinator}
    escalation: late
    source: working paper, art. 4

  close:
    name: {en: Closure, nl: Afsluiting}
    owner: coordinator
    after: [{step: visit}, {anchor: release}]
    due: {months: 6, after: release, plus: {working_days: 10}}
    follows:
      - end: ended
    escalation: late
    source: working paper, art. 5

variants:
  leave:                             # somebody on leave comes back: no visit
    name: {en: Leave, nl: Uitgaansvergunning}
    when: {release_type: leave}
    drop: [visit]
    change:
      close:
        after: [{step: mandate, outcome: inside}, {anchor: release}]
        due: {working_days: 5, after: release}
    source: working paper, art. 6

events:
  death:
    name: {en: Death, nl: Overlijden}
    by: [coordinator, worker]
    does:
      - cancel: {all: true, except: [close]}
      - closing: {working_days: 5, after: event}
    source: working paper, art. 7

escalations:
  late:                              # about late work, never about the person
    name: {en: Late, nl: Laat}
    rungs:
      - {who: owner, working_days: 0}
      - {who: coordinator, working_days: 1, until_owner: coordinator}
    source: working paper, art. 8

visibility:                          # every role of staff and every kind of item is settled, with the reason
  - role: [coordinator, worker]
    item: dates
    see: yes
    why: {en: Works on the case, nl: Werkt aan het dossier}
    source: working paper, art. 9
  - role: police
    item: dates
    relation: named
    see: named
    why: {en: Only where a decision names them, nl: Alleen waar een beslissing hen noemt}
    source: working paper, art. 9

recorded_within: {working_days: 2, after: event}
"""
