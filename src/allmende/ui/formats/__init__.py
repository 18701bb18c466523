"""How dates are written where Django's own form of a language is not the one that is read here."""
