"""Formats of dates for pages in English, by the names that Django asks for."""

DATE_FORMAT = "j F Y"
SHORT_DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i"
DATETIME_FORMAT = "j F Y, H:i"
# Tables have little room: no line is broken within the day.
SHORT_DATETIME_FORMAT = "j\u00a0M\u00a0Y, H:i"
MONTH_DAY_FORMAT = "j F"
YEAR_MONTH_FORMAT = "F Y"
DATE_INPUT_FORMATS = ["%d.%m.%Y", "%d/%m/%Y", "%d %b %Y", "%d %B %Y"]
FIRST_DAY_OF_WEEK = 1
