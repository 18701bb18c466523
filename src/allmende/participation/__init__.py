"""Taking part: processes, phases, contributions and what became of them, texts, votes, moderation."""
