"""The tables of a workspace; migrations are made from these models."""

from data.tables.actions import Action, Decision, Halt
from data.tables.attachments import Attachment, AttachmentBody
from data.tables.log import Chain, Event, Payload, StateMark
from data.tables.measures import MeasureSum, Survey, TicketFact
from data.tables.models import ModelAnswer, ModelWords
from data.tables.operators import Operator, SignIn
from data.tables.policy import AdoptedRule
from data.tables.practice import PracticeCase, Reading
from data.tables.quality import QualityCheck, QualityReview
from data.tables.tickets import AnswerDraft, Handoff, Issue, Message, Nonce, Run, Ticket
from data.tables.workspace import Setting, Worker

__all__ = [
    "Action",
    "AdoptedRule",
    "AnswerDraft",
    "Attachment",
    "AttachmentBody",
    "Chain",
    "Decision",
    "Event",
    "Halt",
    "Handoff",
    "Issue",
    "MeasureSum",
    "Message",
    "ModelAnswer",
    "ModelWords",
    "Nonce",
    "Operator",
    "Payload",
    "PracticeCase",
    "QualityCheck",
    "QualityReview",
    "Reading",
    "Run",
    "Setting",
    "SignIn",
    "StateMark",
    "Survey",
    "Ticket",
    "TicketFact",
    "Worker",
]
