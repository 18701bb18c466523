"""Words for the audit trail: what was done, to what, and by which part of the program."""

import re

from django.apps import apps
from django.db.models import Model
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext

from allmende.kernel.text import Text

DEEDS: dict[str, Text] = {
    "accounts.activity_set": Text("Zugang gesperrt oder geöffnet", "Access blocked or opened"),
    "accounts.password_changed": Text("eigenes Passwort geändert", "own password changed"),
    "accounts.password_reset": Text("eigenes Passwort zurückgesetzt", "own password reset"),
    "accounts.password_set": Text("Passwort gesetzt", "Password set"),
    "accounts.person_created": Text("Person angelegt", "Person added"),
    "accounts.recovery_codes_generated": Text("Wiederherstellungscodes erzeugt", "Recovery codes made"),
    "accounts.roles_set": Text("Rollen gesetzt", "Roles set"),
    "accounts.totp_activated": Text("App als zweiten Faktor eingerichtet", "App set up as second factor"),
    "accounts.totp_deactivated": Text("App als zweiten Faktor entfernt", "App removed as second factor"),
    "accounts.webauthn_added": Text("Passkey hinzugefügt", "Passkey added"),
    "accounts.webauthn_removed": Text("Passkey entfernt", "Passkey removed"),
    "alerts.loaded": Text("Warnregeln geladen", "Alert rules loaded"),
    "catalog.dataset_created": Text("Datensatz angelegt", "Dataset added"),
    "council.imported": Text("Ratspapiere geholt", "Council papers fetched"),
    "effects.definition_added": Text("neue Fassung eines Indikators", "New version of an indicator"),
    "effects.indicator_added": Text("Indikator angelegt", "Indicator added"),
    "effects.indicator_deleted": Text("Indikator gelöscht", "Indicator deleted"),
    "effects.link_added": Text("Wirkzusammenhang eingetragen", "Causal link entered"),
    "effects.loaded": Text("Indikatoren geladen", "Indicators loaded"),
    "effects.path_set": Text("Zielpfad gesetzt", "Target path set"),
    "effects.run": Text("Indikator ermittelt", "Indicator determined"),
    "effects.statistics_loaded": Text("Statistik geladen", "Statistics loaded"),
    "effects.value_entered": Text("Wert eines Indikators eingetragen", "Value of an indicator entered"),
    "federation.added": Text("Stadt aufgenommen", "City added"),
    "federation.key_confirmed": Text("Schlüssel einer Stadt bestätigt", "Key of a city confirmed"),
    "federation.log_accepted": Text("neues Protokoll einer Stadt anerkannt", "New log of a city accepted"),
    "federation.offered": Text("Stadt zeigt sich anderen", "City shows itself to others"),
    "federation.paused": Text("Stadt angehalten", "City paused"),
    "federation.quarantined": Text("Stadt in Quarantäne", "City put in quarantine"),
    "federation.removed": Text("Stadt entfernt", "City removed"),
    "federation.resumed": Text("Stadt wieder aufgenommen", "City resumed"),
    "federation.withdrawn": Text("Stadt zeigt sich nicht mehr", "City no longer shows itself"),
    "federation.witness_begun": Text("Bezeugen begonnen", "Witnessing begun"),
    "federation.witness_ended": Text("Bezeugen beendet", "Witnessing ended"),
    "source.read_again": Text("Neulesen aufgetragen", "Reading again ordered"),
    "source.asked": Text("Abholen aufgetragen", "Fetching ordered"),
    "source.paused": Text("Datenquelle angehalten", "Data source paused"),
    "source.resumed": Text("Halt der Datenquelle aufgehoben", "Pause of the data source lifted"),
    "gate.station_changed": Text("Station geändert", "Station changed"),
    "gate.thresholds_set": Text("Grenzen der Qualität gesetzt", "Thresholds of quality set"),
    "gate.token_created": Text("Zugangsmarke angelegt", "Access token made"),
    "gate.token_revoked": Text("Zugangsmarke widerrufen", "Access token revoked"),
    "gate.value_discarded": Text("Wert in Quarantäne verworfen", "Value in quarantine discarded"),
    "gate.value_released": Text("Wert in Quarantäne freigegeben", "Value in quarantine released"),
    "minutes.begun": Text("Niederschrift begonnen", "Minutes begun"),
    "minutes.correction_begun": Text("Berichtigung der Niederschrift begonnen", "Correction of the minutes begun"),
    "minutes.discarded": Text("Entwurf der Niederschrift verworfen", "Draft of the minutes discarded"),
    "minutes.head_changed": Text("Kopf der Niederschrift geändert", "Head of the minutes changed"),
    "minutes.item_added": Text("Tagesordnungspunkt hinzugefügt", "Agenda item added"),
    "minutes.item_changed": Text("Tagesordnungspunkt geändert", "Agenda item changed"),
    "minutes.item_dropped": Text("Tagesordnungspunkt gestrichen", "Agenda item dropped"),
    "minutes.sealed": Text("Niederschrift bestätigt und besiegelt", "Minutes confirmed and sealed"),
    "money.booking_paid": Text("Tag der Zahlung eingetragen", "Day of payment entered"),
    "money.booking_reversed": Text("Buchung storniert", "Booking reversed"),
    "money.draw_down_prepared": Text("Mittelabruf vorbereitet", "Draw-down prepared"),
    "money.draw_down_released": Text("Mittelabruf freigegeben", "Draw-down released"),
    "money.draw_down_withdrawn": Text("Mittelabruf zurückgezogen", "Draw-down withdrawn"),
    "money.drawn_down": Text("Mittel abgerufen", "Money drawn down"),
    "money.file_applied": Text("Tabelle übernommen", "Table taken over"),
    "money.invoice_added": Text("Rechnung eingetragen", "Invoice entered"),
    "money.invoice_allocated": Text("Rechnung zugeordnet", "Invoice allocated"),
    "money.invoice_reversed": Text("Rechnung storniert", "Invoice reversed"),
    "money.loaded": Text("Geld geladen", "Money loaded"),
    "money.payment_corrected": Text("Auszahlung berichtigt", "Payment corrected"),
    "money.payment_entered": Text("Auszahlung eingetragen", "Payment entered"),
    "money.plan_discarded": Text("Entwurf eines Plans verworfen", "Draft of a plan discarded"),
    "money.plan_drafted": Text("Plan entworfen", "Plan drafted"),
    "money.plan_positions_set": Text("Positionen eines Plans gesetzt", "Positions of a plan set"),
    "money.plan_published": Text("Plan veröffentlicht", "Plan published"),
    "money.proof_approved": Text("Verwendungsnachweis freigegeben", "Proof of use approved"),
    "money.proof_drafted": Text("Verwendungsnachweis entworfen", "Proof of use drafted"),
    "money.scenario_saved": Text("Szenario gespeichert", "Scenario saved"),
    "objections.answered": Text("Einwand beantwortet", "Objection answered"),
    "objections.filed": Text("Einwand eingegangen", "Objection received"),
    "objections.forgotten": Text("Wortlaut von Einwänden gelöscht", "Wording of objections deleted"),
    "objections.taken_up": Text("Einwand übernommen", "Objection taken up"),
    "participation.advanced": Text("Beitrag weitergeführt", "Contribution moved on"),
    "participation.agenda_item_dropped": Text("Punkt aus dem Ablauf einer Werkstatt genommen", "Agenda item deleted"),
    "participation.agenda_set": Text("Ablauf einer Werkstatt gesetzt", "Agenda of a workshop set"),
    "participation.appealed": Text("Widerspruch gegen eine Moderation", "Appeal against a moderation"),
    "participation.ballots_handed_out": Text("Stimmzettel ausgegeben", "Ballots handed out"),
    "participation.budget_counted": Text("Budget ausgezählt", "Budget counted"),
    "participation.budget_decided": Text("über das Budget entschieden", "Budget decided"),
    "participation.budget_set": Text("Rahmen des Budgets gesetzt", "Frame of the budget set"),
    "participation.coauthor_agreed": Text("Mitverfasst zugesagt", "Co-author agreed"),
    "participation.coauthor_named": Text("um Mitverfassen gefragt", "Co-author asked"),
    "participation.card_photo_deleted": Text("Foto von Karten gelöscht", "Photo of cards deleted"),
    "participation.card_photo_kept": Text("Foto von Karten aufgenommen", "Photo of cards kept"),
    "participation.card_photo_marked": Text("Foto von Karten abgehakt oder wieder geöffnet", "Photo of cards marked"),
    "participation.codes_made": Text("Kennungen erzeugt", "Codes made"),
    "participation.comment_withdrawn": Text("Kommentar zurückgezogen", "Comment taken back"),
    "participation.commented": Text("Kommentar eingegangen", "Comment received"),
    "participation.confirmed": Text("Beitrag bestätigt", "Contribution confirmed"),
    "participation.edited": Text("Beitrag geändert", "Contribution changed"),
    "participation.edition_checked": Text("Maschinelle Übersetzung geprüft", "Machine translation checked"),
    "participation.edition_drafted": Text("Fassung maschinell übersetzt", "Edition translated by a machine"),
    "participation.edition_published": Text("Entwurf einer Fassung veröffentlicht", "Draft of an edition published"),
    "participation.edition_put_up": Text("Fassung in einer Sprache veröffentlicht", "Edition in a language published"),
    "participation.edition_taken_down": Text("Fassung in einer Sprache entfernt", "Edition in a language removed"),
    "participation.flood_hidden": Text("Vieles auf einmal verborgen", "Many hidden at once"),
    "participation.follower_confirmed": Text("Benachrichtigung bestellt", "Notice ordered"),
    "participation.follower_stopped": Text("Benachrichtigung abbestellt", "Notice cancelled"),
    "participation.forgotten": Text("Angaben zu Menschen gelöscht", "Details of people deleted"),
    "participation.formal_set": Text(
        "Karte eines förmlichen Verfahrens geändert", "Card of a formal procedure changed"
    ),
    "participation.formal_taken": Text("Nachrichten über förmliche Verfahren", "Messages about formal procedures"),
    "participation.formal_taken_back": Text(
        "Nachrichten über förmliche Verfahren zurückgenommen", "Messages about formal procedures taken back"
    ),
    "participation.handed_over": Text("Beitrag an ein Amt gegeben", "Contribution handed over to an office"),
    "participation.hint_learned": Text("Hinweise für die Moderation gelernt", "Hints for moderation learned"),
    "participation.hint_switched": Text("Hinweise für die Moderation geschaltet", "Hints for moderation switched"),
    "participation.letters_handed_out": Text("Briefe ausgegeben", "Letters handed out"),
    "participation.lots_published": Text("Lose veröffentlicht", "Lots published"),
    "participation.merged": Text("Beiträge zusammengeführt", "Contributions merged"),
    "participation.moderated": Text("Beitrag moderiert", "Contribution moderated"),
    "participation.name_deleted": Text("Namen gelöscht", "Name deleted"),
    "participation.opinions_found": Text("Meinungsgruppen berechnet", "Groups of opinion reckoned"),
    "participation.panel_drawn": Text("Gremium gelost", "Panel drawn by lot"),
    "participation.panel_set": Text("Gremium festgelegt", "Panel set"),
    "participation.paragraph_added": Text("Absatz hinzugefügt", "Paragraph added"),
    "participation.paragraph_related": Text("Absatz verbunden", "Paragraph linked"),
    "participation.paragraph_reworded": Text("Absatz neu gefasst", "Paragraph reworded"),
    "participation.phase_set": Text("Phase gesetzt", "Phase set"),
    "participation.photo_taken_off": Text("Foto von einem Beitrag genommen", "Photo taken off a contribution"),
    "participation.pool_deleted": Text("Lostopf gelöscht", "Pool of the lot deleted"),
    "participation.pool_filled": Text("Lostopf gefüllt", "Pool of the lot filled"),
    "participation.place_corrected": Text("Ort eines Beitrags berichtigt", "Place of a contribution corrected"),
    "participation.process_archived": Text("Verfahren ins Archiv gelegt", "Process archived"),
    "participation.process_changed": Text("Verfahren geändert", "Process changed"),
    "participation.process_closed": Text("Verfahren beendet", "Process closed"),
    "participation.process_founded": Text("Verfahren angelegt", "Process founded"),
    "participation.process_open": Text("Verfahren geöffnet", "Process opened"),
    "participation.pairs_counted": Text("Paarvergleich ausgezählt", "Comparison of pairs counted"),
    "participation.question_added": Text("Frage hinzugefügt", "Question added"),
    "participation.question_changed": Text("Frage geändert", "Question changed"),
    "participation.question_moved": Text("Frage verschoben", "Question moved"),
    "participation.question_struck": Text("Frage gestrichen", "Question struck out"),
    "participation.ranking_counted": Text("Rangfolge ausgezählt", "Ranking counted"),
    "participation.received": Text("Beitrag eingegangen", "Contribution received"),
    "participation.registered": Text("Anmeldung zu einer Werkstatt", "Registration for a workshop"),
    "participation.registration_cancelled": Text("Anmeldung zurückgezogen", "Registration cancelled"),
    "participation.registrations_deleted": Text(
        "Anmeldungen und Fotos von Karten gelöscht", "Registrations and photos of cards deleted"
    ),
    "participation.reported": Text("Beitrag gemeldet", "Contribution reported"),
    "participation.result_published": Text("Ergebnis veröffentlicht", "Result published"),
    "participation.seat_answered": Text("Antwort für einen Sitz", "Answer for a seat"),
    "participation.sheets_handed_out": Text("Bögen einer Umfrage ausgegeben", "Sheets of a survey handed out"),
    "participation.snapshot_written": Text("öffentlichen Auszug geschrieben", "Public excerpt written"),
    "participation.split": Text("Beitrag geteilt", "Contribution split"),
    "participation.statement_added": Text("Aussage hinzugefügt", "Statement added"),
    "participation.survey_counted": Text("Umfrage ausgezählt", "Survey counted"),
    "participation.text_sealed": Text("Fassung des Textes besiegelt", "Version of the text sealed"),
    "participation.topic_set": Text("Thema gesetzt", "Topic set"),
    "participation.withdrawn": Text("Beitrag zurückgezogen", "Contribution taken back"),
    "participation.words_handed_out": Text("freie Worte einer Umfrage ausgegeben", "Free words of a survey handed out"),
    "participation.words_told": Text("freie Worte zusammengefasst", "Free words summed up"),
    "participation.workshop_changed": Text("Werkstatt geändert", "Workshop changed"),
    "participation.workshop_counted": Text("Teilnahme an einer Werkstatt gezählt", "Attendance of a workshop counted"),
    "participation.workshop_put_up": Text("Werkstatt ausgeschrieben", "Workshop put up"),
    "participation.workshop_summed_up": Text("Werkstatt zusammengefasst", "Workshop summed up"),
    "programme.loaded": Text("Programm geladen", "Programme loaded"),
    "programme.milestone_moved": Text("Meilenstein verschoben", "Milestone moved"),
    "programme.project_created": Text("Projekt angelegt", "Project added"),
    "programme.project_moved": Text("Projekt weitergeführt", "Project moved on"),
    "programme.reminding_set": Text("Erinnerungen gewählt", "Reminders chosen"),
    "programme.strategy_drafted": Text("Fassung der Strategie begonnen", "Version of the strategy begun"),
    "programme.weights_set": Text("Gewichte gesetzt", "Weights set"),
    "register.addresses_loaded": Text("Anschriften geladen", "Addresses loaded"),
    "register.algorithm_ended": Text("Ende eines Algorithmus eingetragen", "End of an algorithm entered"),
    "register.algorithm_entered": Text("Algorithmus ins Register eingetragen", "Algorithm entered into the register"),
    "register.data_use_created": Text("Datennutzung angelegt", "Data use added"),
    "register.data_use_moved": Text("Datennutzung weitergeführt", "Data use moved on"),
    "register.ethics_loaded": Text("Regeln geladen", "Rules loaded"),
    "register.rule_edited": Text("Regel bearbeitet", "Rule edited"),
    "register.rulebook_published": Text("Regelwerk veröffentlicht", "Rule book published"),
    "report.approved": Text("Bericht freigegeben", "Report approved"),
    "report.created": Text("Bericht angelegt", "Report made"),
    "report.edited": Text("Texte eines Berichts geändert", "Texts of a report changed"),
    "report.returned": Text("Bericht zurückgegeben", "Report returned"),
    "report.sent": Text("Bericht zur Freigabe gegeben", "Report sent for approval"),
    "transfer.adoption_noted": Text("Übernahme vermerkt", "Take-over noted"),
    "transfer.finding_discarded": Text("Entwurf einer Erkenntnis verworfen", "Draft of a lesson discarded"),
    "transfer.finding_edited": Text("Erkenntnis bearbeitet", "Lesson edited"),
    "transfer.finding_published": Text("Erkenntnis veröffentlicht", "Lesson published"),
    "transfer.findings_loaded": Text("Erkenntnisse geladen", "Lessons loaded"),
    "transfer.import_undone": Text("Übernahme zurückgenommen", "Take-over undone"),
    "transfer.package_exported": Text("Paket ausgegeben", "Package given out"),
    "transfer.package_imported": Text("Paket übernommen", "Package taken over"),
    "transfer.package_published": Text("Paket öffentlich angeboten", "Package offered to the public"),
    "transfer.package_withdrawn": Text("öffentliches Paket zurückgezogen", "Public package withdrawn"),
}
ROW_DEEDS: dict[str, Text] = {
    "created": Text("{what}: angelegt", "{what}: added"),
    "changed": Text("{what}: geändert", "{what}: changed"),
    "deleted": Text("{what}: gelöscht", "{what}: deleted"),
}
SUBJECTS: dict[str, Text] = {
    "alerts": Text("Warnregeln", "Alert rules"),
    "council": Text("Ratssystem", "Council information system"),
    "datastreams": Text("Messreihe", "Datastream"),
    "ethics": Text("Datenethik", "Data ethics"),
    "findings": Text("Erkenntnisse", "Lessons"),
    "indicators": Text("Indikatoren", "Indicators"),
    "money": Text("Geld", "Money"),
    "offer": Text("diese Stadt", "this city"),
    "objections": Text("Einwände", "Objections"),
    "participation": Text("Beteiligung", "Participation"),
    "programme": Text("Programm", "Programme"),
    "quarantine": Text("Wert in Quarantäne", "Value in quarantine"),
    "source": Text("Datenquelle", "Data source"),
    "statistics": Text("Statistik", "Statistics"),
    "things": Text("Station", "Station"),
    "token": Text("Zugangsmarke", "Access token"),
}
ACTORS: dict[str, Text] = {
    "public": Text("Öffentlichkeit", "the public"),
    "system:command-line": Text("Kommandozeile", "command line"),
    "system:connector": Text("Anschluss einer Datenquelle", "connector of a data source"),
    "system:council": Text("Abgleich mit dem Ratssystem", "comparison with the council system"),
    "system:demonstration": Text("Vorführung", "demonstration"),
    "system:federation": Text("Städteverbund", "federation of cities"),
    "system:init": Text("Einrichtung", "set-up"),
    "system:load": Text("Laden eines Stadtpakets", "loading of a city pack"),
    "system:migrate": Text("Umstellung auf eine neue Fassung", "move to a new version"),
    "system:participation": Text("Beteiligung (Programm)", "participation (program)"),
    "system:retention": Text("Löschen nach Frist", "deletion when due"),
    "system:work": Text("Arbeitsprozess", "work process"),
}
# Names of single values that a deed tells.
PARTS: dict[str, Text] = {
    "active": Text("Zugang offen", "access open"),
    "added": Text("neue Werte", "new values"),
    "bookings": Text("Buchungen", "bookings"),
    "cents": Text("Betrag", "amount"),
    "count": Text("Anzahl", "number"),
    "day": Text("Tag", "day"),
    "decision": Text("Beschluss", "decision"),
    "digest": Text("Prüfsumme", "hash"),
    "email": Text("E-Mail", "e-mail"),
    "generation": Text("Stand", "state"),
    "indicators": Text("Indikatoren", "indicators"),
    "items": Text("Tagesordnungspunkte", "agenda items"),
    "kind": Text("Art", "kind"),
    "left_out": Text("weggelassen", "left out"),
    "number": Text("Nummer", "number"),
    "outcome": Text("Ergebnis", "outcome"),
    "papers": Text("Papiere", "papers"),
    "plans": Text("Pläne", "plans"),
    "projects": Text("Projekte", "projects"),
    "reason": Text("Grund", "reason"),
    "roles": Text("Rollen", "roles"),
    "rows": Text("Zeilen", "rows"),
    "rules": Text("Regeln", "rules"),
    "scopes": Text("darf", "may"),
    "sha256": Text("Prüfsumme", "hash"),
    "since": Text("seit", "since"),
    "slug": Text("Kurzname", "short name"),
    "state": Text("Stand", "state"),
    "tables": Text("Tabellen", "tables"),
    "title": Text("Titel", "title"),
    "until": Text("bis", "until"),
    "url": Text("Adresse", "address"),
    "version": Text("Fassung", "version"),
    "wanted": Text("gewünscht", "wanted"),
}


def _word(words: dict[str, Text], key: str, otherwise: str) -> str:
    found = words.get(key)
    return found.within(get_language() or "de") if found else otherwise


def deed_of(verb: str) -> str:
    """Say what was done; a verb that is not known stands as it is."""
    return capfirst(_word(DEEDS, verb, "")) or _row_deed(verb) or verb


def _row_deed(verb: str) -> str:
    """Say what was done to a row of a table: ``programme.milestone_date_changed``."""
    parts = re.fullmatch(r"(\w+)\.(\w+)_(created|changed|deleted)", verb)
    model = table_of(f"{parts[1]}.{parts[2].replace('_', '')}") if parts else None
    return _word(ROW_DEEDS, parts[3], "").format(what=model._meta.verbose_name) if parts and model else ""


def table_of(subject: str) -> type[Model] | None:
    """Give the table of which an entry speaks: of ``programme.project:17`` the projects."""
    label = subject.partition(":")[0]
    try:
        return apps.get_model(label) if label.count(".") == 1 else None
    except LookupError:
        return None


def subject_words(subject: str) -> str:
    """Name what has no name of its own: ``token:lamp`` becomes “Access token lamp”."""
    kind, _colon, name = subject.partition(":")
    return f"{_word(SUBJECTS, kind, kind)} {name}".strip() if kind in SUBJECTS else subject


def part_of(name: str) -> str:
    """Name a single value of an entry; one that is not known stands as it is."""
    return _word(PARTS, name, name)


def actor_of(actor: str) -> str:
    """Name a part of the program that wrote; people stand with their e-mail."""
    return _word(ACTORS, actor, actor)


def note_of(note: str) -> str:
    """Give what was noted; that a change was taken back stands there as a code."""
    undone = re.fullmatch(r"undo (\d+)", note)
    return gettext("nimmt Eintrag %(number)s zurück") % {"number": undone[1]} if undone else note
