"""Paths of the pages about money, below ``/intern/geld/``."""

from django.urls import path

from allmende.portal.office.money import bookings, claims, contracts, imports, overview, plans, scenarios

money_patterns = [
    path("geld/", overview.overview, name="money"),
    path("geld/fristen/", overview.deadlines_page, name="money-deadlines"),
    path("geld/fristen.csv", overview.deadlines_csv, name="money-deadlines-csv"),
    path("geld/buchungen/", bookings.bookings, name="money-bookings"),
    path("geld/buchungen.csv", bookings.bookings_csv, name="money-bookings-csv"),
    path("geld/buchungen.xlsx", bookings.bookings_xlsx, name="money-bookings-xlsx"),
    path("geld/rechnungen/", bookings.invoices, name="money-invoices"),
    path("geld/rechnungen/<number:number>/", bookings.invoice, name="money-invoice"),
    path("geld/festlegungen/", contracts.contracts, name="money-contracts"),
    path("geld/festlegungen.csv", contracts.contracts_csv, name="money-contracts-csv"),
    path("geld/plaene/", plans.plans, name="money-plans"),
    path("geld/plaene/<number:number>/", plans.plan, name="money-plan"),
    path("geld/plaene/<number:number>.csv", plans.plan_csv, name="money-plan-csv"),
    path("geld/plaene/<number:number>.xlsx", plans.plan_xlsx, name="money-plan-xlsx"),
    path("geld/abrufe/", claims.draw_downs, name="money-draw-downs"),
    path("geld/abrufe/vorbereitet/<number:number>/", claims.prepared, name="money-prepared"),
    path("geld/abrufe/vorbereitet/<number:number>.csv", claims.prepared_csv, name="money-prepared-csv"),
    path("geld/abrufe/<number:number>/", claims.draw_down, name="money-draw-down"),
    path("geld/abrufe/<number:number>.csv", claims.draw_down_csv, name="money-draw-down-csv"),
    path("geld/nachweise/", claims.proofs_page, name="money-proofs"),
    path("geld/nachweise/<number:number>/", claims.proof, name="money-proof"),
    path("geld/nachweise/<number:number>.json", claims.proof_json, name="money-proof-json"),
    path("geld/einlesen/", imports.bring_in, name="money-bring-in"),
    path("geld/einlesen/<number:number>/", imports.dry_run, name="money-import"),
    path("geld/einlesen/<number:number>.csv", imports.dry_run_csv, name="money-import-csv"),
    path("geld/szenarien/", scenarios.scenarios, name="money-scenarios"),
    path("geld/szenarien/neu/", scenarios.new, name="money-scenario-new"),
    path("geld/szenarien/vergleich/", scenarios.compare, name="money-scenarios-compare"),
    path("geld/szenarien/<number:number>/", scenarios.scenario, name="money-scenario"),
    path("geld/szenarien/<number:number>/aendern/", scenarios.edit, name="money-scenario-edit"),
    path("geld/szenarien/<number:number>/projekte/", scenarios.scenario_projects, name="money-scenario-projects"),
    path("geld/szenarien.csv", scenarios.scenarios_csv, name="money-scenarios-csv"),
]
