"""Languages in which a city may speak of a process besides German and English."""

import msgspec

from allmende.kernel.text import Text


class Language(msgspec.Struct, frozen=True):
    """A language by its tag (BCP 47): its own name, its name here, and in which direction it is written."""

    tag: str
    own: str
    name: Text
    rtl: bool = False

    @property
    def direction(self) -> str:
        """Give the direction as HTML says it."""
        return "rtl" if self.rtl else "ltr"


SIGNS, EASY = "gsg", "de-simple"
LANGUAGES = {
    one.tag: one
    for one in (
        Language(EASY, "Leichte Sprache", Text("Leichte Sprache", "German, easy to read")),
        Language(SIGNS, "Gebärdensprache", Text("Deutsche Gebärdensprache", "German Sign Language")),
        Language("tr", "Türkçe", Text("Türkisch", "Turkish")),
        Language("uk", "Українська", Text("Ukrainisch", "Ukrainian")),
        Language("ar", "العربية", Text("Arabisch", "Arabic"), rtl=True),
        Language("fa", "فارسی", Text("Persisch", "Persian"), rtl=True),
        Language("ru", "Русский", Text("Russisch", "Russian")),
        Language("pl", "Polski", Text("Polnisch", "Polish")),
        Language("ro", "Română", Text("Rumänisch", "Romanian")),
        Language("it", "Italiano", Text("Italienisch", "Italian")),
        Language("fr", "Français", Text("Französisch", "French")),
        Language("es", "Español", Text("Spanisch", "Spanish")),
        Language("hr", "Hrvatski", Text("Kroatisch", "Croatian")),
        Language("sq", "Shqip", Text("Albanisch", "Albanian")),
    )
}
