"""Tables of the participation."""

from allmende.participation.models.budgets import Ballot, Budget, BudgetCount, Proposal
from allmende.participation.models.contributions import KINDS, CoAuthor, Comment, Contribution, Origin, Step, TitleGram
from allmende.participation.models.editions import Edition, Translation
from allmende.participation.models.formal import FormalMessage, FormalProcedure
from allmende.participation.models.hints import Learned
from allmende.participation.models.pairs import PairCount, PairJudgement
from allmende.participation.models.panels import Panel, PoolContact, PoolPerson, Seat
from allmende.participation.models.processes import Phase, Process, Topic
from allmende.participation.models.rankings import RankingBallot, RankingCount
from allmende.participation.models.surveys import AnswerSheet, FreeWords, Question, SurveyCount
from allmende.participation.models.texts import Paragraph, ParagraphVersion, SealedText
from allmende.participation.models.upkeep import Case, Follower, Handover, Mail, Notice
from allmende.participation.models.votes import Code, OpinionRun, Statement, Support, Vote, Voter
from allmende.participation.models.workshops import LINKS, AgendaItem, CardPhoto, Heard, Registration, Workshop

__all__ = [
    "KINDS",
    "LINKS",
    "AgendaItem",
    "AnswerSheet",
    "Ballot",
    "Budget",
    "BudgetCount",
    "CardPhoto",
    "Case",
    "CoAuthor",
    "Code",
    "Comment",
    "Contribution",
    "Edition",
    "Follower",
    "FormalMessage",
    "FormalProcedure",
    "FreeWords",
    "Handover",
    "Heard",
    "Learned",
    "Mail",
    "Notice",
    "OpinionRun",
    "Origin",
    "PairCount",
    "PairJudgement",
    "Panel",
    "Paragraph",
    "ParagraphVersion",
    "Phase",
    "PoolContact",
    "PoolPerson",
    "Process",
    "Proposal",
    "Question",
    "RankingBallot",
    "RankingCount",
    "Registration",
    "SealedText",
    "Seat",
    "Statement",
    "Step",
    "Support",
    "SurveyCount",
    "TitleGram",
    "Topic",
    "Translation",
    "Vote",
    "Voter",
    "Workshop",
]
