"""Paths of the pages that Wagtail shows in its frame, behind its check of who may enter."""

from django.urls import path

from allmende.portal.office import (
    decision_views,
    objection_views,
    people_views,
    publish_views,
    quarantine_views,
    sheet_views,
    station_views,
    token_views,
)

page_patterns = [
    path("regelwerk/", publish_views.publish, name="publish"),
    path("regelwerk/unterschied.txt", publish_views.difference, name="difference"),
    path("regelprobe/", publish_views.trial, name="trial"),
    path("stationen/", station_views.stations, name="stations"),
    path("stationen.csv", station_views.stations_csv, name="stations-csv"),
    path("stationen/<int:number>/", station_views.station, name="station"),
    path("quarantaene/", quarantine_views.quarantine, name="quarantine"),
    path("quarantaene.csv", quarantine_views.quarantine_csv, name="quarantine-csv"),
    path("quarantaene/<int:number>/", quarantine_views.judge, name="quarantine-one"),
    path("datennutzung/<slug:slug>/", sheet_views.life, name="data-use"),
    path("datennutzungen-verlauf.csv", sheet_views.events_csv, name="data-uses-csv"),
    path("einwaende/", objection_views.objections, name="objections"),
    path("einwaende.csv", objection_views.objections_csv, name="objections-csv"),
    path("einwaende/<str:number>/", objection_views.objection, name="objection-one"),
    path("personen/", people_views.people, name="people"),
    path("personen.csv", people_views.people_csv, name="people-csv"),
    path("personen/neu/", people_views.add, name="person-add"),
    path("personen/<int:number>/", people_views.person, name="person"),
    path("zugangsmarken/", token_views.tokens, name="tokens"),
    path("zugangsmarken.csv", token_views.tokens_csv, name="tokens-csv"),
    path("zugangsmarken/widerrufen/", token_views.revoke, name="token-revoke"),
    path("protokoll/", decision_views.trail, name="trail"),
    path("protokoll.csv", decision_views.trail_csv, name="trail-csv"),
    path("entscheidungen/", decision_views.decisions, name="decisions"),
    path("entscheidungen.csv", decision_views.decisions_csv, name="decisions-csv"),
]
