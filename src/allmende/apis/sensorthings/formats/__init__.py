"""Forms of an answer beside plain JSON: one module each, of the shape in ``shape.py``, listed in ``choice.py``."""
