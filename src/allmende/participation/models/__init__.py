"""Tables of the participation."""

from allmende.participation.models.budgets import Ballot, Budget, BudgetCount, Proposal
from allmende.participation.models.contributions import KINDS, Comment, Contribution, Origin, Step, TitleGram
from allmende.participation.models.processes import Phase, Process, Topic
from allmende.participation.models.texts import Paragraph, ParagraphVersion, SealedText
from allmende.participation.models.upkeep import Case, Follower, Mail, Notice
from allmende.participation.models.votes import Code, OpinionRun, Statement, Support, Vote, Voter

__all__ = [
    "KINDS",
    "Ballot",
    "Budget",
    "BudgetCount",
    "Case",
    "Code",
    "Comment",
    "Contribution",
    "Follower",
    "Mail",
    "Notice",
    "OpinionRun",
    "Origin",
    "Paragraph",
    "ParagraphVersion",
    "Phase",
    "Process",
    "Proposal",
    "SealedText",
    "Statement",
    "Step",
    "Support",
    "TitleGram",
    "Topic",
    "Vote",
    "Voter",
]
