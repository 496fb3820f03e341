"""What a run or a batch may take of models, counted call by call."""

import threading
import time
from collections.abc import Callable

from agents.brains.choice import Limits
from agents.brains.protocol import (
    Answer,
    BadAnswer,
    Call,
    LimitReached,
    Model,
    ModelRefused,
    ModelUnavailable,
)

MICROS = 1_000_000
"""In a US dollar."""


class Meter:
    """Adds up what was taken; safe to use from several threads."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        """Nothing taken; time counts from the first call on."""
        self.limits = limits
        self.steps = self.tokens = self.cost_micros = 0
        self._clock, self._began = clock, -1.0
        self._lock = threading.Lock()

    @property
    def seconds(self) -> float:
        """Since the first call."""
        return self._clock() - self._began if self._began >= 0 else 0.0

    def check(self) -> None:
        """LimitReached, with what is used up, if nothing more may be asked."""
        with self._lock:
            if self._began < 0:
                self._began = self._clock()
            limits = self.limits
            reached = (
                (self.steps >= limits.steps, f"{limits.steps:,} answers"),
                (self.tokens >= limits.tokens, f"{limits.tokens:,} tokens"),
                (self.cost_micros >= limits.dollars * MICROS, f"${limits.dollars:,g}"),
                (self.seconds >= limits.seconds, f"{limits.seconds:,.0f} seconds"),
            )
        for is_reached, what in reached:
            if is_reached:
                raise LimitReached(f"the limit of {what} is used up")

    def charge(self, answer: Answer) -> None:
        """Count an answer, whether it was of use or not; a recorded one costs nothing."""
        if answer.cached:
            return
        with self._lock:
            self.steps += 1
            self.tokens += answer.tokens_in + answer.tokens_out
            self.cost_micros += answer.cost_micros


class Metered:
    """A model that stops where a meter says so."""

    def __init__(self, model: Model, meter: Meter) -> None:
        """Ask `model`, and count on `meter`."""
        self._model, self.meter = model, meter

    def ask(self, call: Call, told: Callable[[str], None] | None = None) -> Answer:
        """See `Model.ask`."""
        self.meter.check()
        try:
            answer = self._model.ask(call, told)
        except (BadAnswer, ModelUnavailable, ModelRefused) as problem:
            if problem.answer is not None:
                self.meter.charge(problem.answer)
            raise
        self.meter.charge(answer)
        return answer

    def close(self) -> None:
        """Give back what serves the model."""
        self._model.close()
