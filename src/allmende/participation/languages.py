"""Languages in which a city may speak of a process besides German and English."""

import msgspec

from allmende.kernel.text import Text


class Language(msgspec.Struct, frozen=True):
    """A language by its tag (BCP 47): its own name, its name here, and in which direction it is written.

    ``machine`` says in it that a machine translated and nobody has checked; empty where no machine translates into it.
    """

    tag: str
    own: str
    name: Text
    machine: str = ""
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
        Language("tr", "Türkçe", Text("Türkisch", "Turkish"), "Makine çevirisi, henüz kontrol edilmedi"),
        Language("uk", "Українська", Text("Ukrainisch", "Ukrainian"), "Машинний переклад, ще не перевірено"),
        Language("ar", "العربية", Text("Arabisch", "Arabic"), "ترجمة آلية، لم تُراجَع بعد", rtl=True),
        Language("fa", "فارسی", Text("Persisch", "Persian"), "ترجمهٔ ماشینی، هنوز بازبینی نشده است", rtl=True),
        Language("ru", "Русский", Text("Russisch", "Russian"), "Машинный перевод, ещё не проверен"),
        Language("pl", "Polski", Text("Polnisch", "Polish"), "Tłumaczenie maszynowe, jeszcze niesprawdzone"),
        Language("ro", "Română", Text("Rumänisch", "Romanian"), "Traducere automată, încă neverificată"),
        Language("it", "Italiano", Text("Italienisch", "Italian"), "Traduzione automatica, non ancora verificata"),
        Language("fr", "Français", Text("Französisch", "French"), "Traduction automatique, pas encore vérifiée"),
        Language("es", "Español", Text("Spanisch", "Spanish"), "Traducción automática, aún sin revisar"),
        Language("hr", "Hrvatski", Text("Kroatisch", "Croatian"), "Strojni prijevod, još nije provjeren"),
        Language("sq", "Shqip", Text("Albanisch", "Albanian"), "Përkthim automatik, ende i pakontrolluar"),
    )
}

# The two languages of all pages, into which contributions can be translated too.
OF_PAGES = {
    "de": Language("de", "Deutsch", Text("Deutsch", "German"), "Maschinell übersetzt, noch nicht geprüft"),
    "en": Language("en", "English", Text("Englisch", "English"), "Machine translation, not yet checked"),
}
