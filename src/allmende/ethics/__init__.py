"""Pure rules: may this be done with this data, for this purpose?"""
