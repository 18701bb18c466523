"""Paths of the portal: the same names in both languages, German at / and English at /en/."""

from django.urls import path
from django.utils.translation import gettext_lazy as _

from allmende.portal import data_views, register_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("programm/", views.programme, name="programme"),
    path("projekte/", views.projects, name="projects"),
    path("projekte.csv", views.projects_csv, name="projects-csv"),
    path("projekte/<slug:slug>/", views.project, name="project"),
    path("geld/", views.money, name="money"),
    path("geld.csv", views.money_csv, name="money-csv"),
    path("geld/planfassungen.svg", views.money_picture, name="money-picture"),
    path("meilensteine/", views.milestones, name="milestones"),
    path("meilensteine.csv", views.milestones_csv, name="milestones-csv"),
    path("wirkung/", views.effects, name="effects"),
    path("mitmachen/", views.participate, name="participate"),
    path("mitmachen.csv", views.participate_csv, name="participate-csv"),
    path("erkenntnisse/", views.findings, name="findings"),
    path("leichte-sprache/", views.text, {"name": "leichte-sprache", "title": _("Leichte Sprache")}, name="easy"),
    path(
        "barrierefreiheit/",
        views.text,
        {"name": "barrierefreiheit", "title": _("Barrierefreiheit")},
        name="accessibility",
    ),
    path("datenschutz/", views.text, {"name": "datenschutz", "title": _("Datenschutz")}, name="privacy"),
    path("impressum/", views.text, {"name": "impressum", "title": _("Impressum")}, name="imprint"),
    path("sitemap.xml", views.sitemap, name="sitemap"),
    path("robots.txt", views.robots, name="robots"),
    path("daten/", data_views.data, name="data"),
    path("daten/datensaetze.csv", data_views.datasets_csv, name="datasets-csv"),
    path("daten/karte/", data_views.station_map, name="map"),
    path("daten/karte.csv", data_views.map_csv, name="map-csv"),
    path("daten/klimatage/", data_views.climate, name="climate"),
    path("daten/klimatage.csv", data_views.climate_csv, name="climate-csv"),
    path("daten/klimatage/heisse-tage.svg", data_views.climate_picture, name="climate-picture"),
    path("daten/stationen/<slug:slug>/", data_views.station, name="station"),
    path("daten/stationen/<slug:slug>/klimatage.csv", data_views.station_climate_csv, name="station-climate-csv"),
    path("daten/stationen/<slug:slug>/<slug:observed>/woche.svg", data_views.week_picture, name="week-picture"),
    path("daten/stationen/<slug:slug>/<slug:observed>/woche.csv", data_views.week_csv, name="week-csv"),
    path("daten/stationen/<slug:slug>/<slug:observed>/jahr.svg", data_views.year_picture, name="year-picture"),
    path("daten/stationen/<slug:slug>/<slug:observed>/tage.csv", data_views.days_csv, name="days-csv"),
    path("daten/stationen/<slug:slug>/<slug:observed>/alle.csv", data_views.all_csv, name="all-csv"),
    path("datenethik/", register_views.ethics, name="ethics"),
    path("datenethik/register/", register_views.register, name="register"),
    path("datenethik/register.csv", register_views.register_csv, name="register-csv"),
    path("datenethik/register/<slug:slug>/", register_views.sensor, name="sensor"),
    path("datenethik/regeln.csv", register_views.rules_csv, name="rules-csv"),
    path("datenethik/regeln/<slug:slug>/", register_views.rule, name="rule"),
]
