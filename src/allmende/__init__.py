"""Allmende: the open software on which a city runs its smart-city programme."""
