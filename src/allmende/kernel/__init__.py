"""Value types of the house: errors, money, time, units, bilingual text, ids."""
