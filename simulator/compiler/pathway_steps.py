"""Steps of a pathway → states and arrows.

Steps are compiled from the last to the first: each becomes a `Point`, what is done on arriving
there and the state in which the process then is. What takes no time is done on the arrow that leads
there; a state is needed only where time passes or ways part.

* `wait` is a state left after its duration, `wait_until` one left when its condition holds, `wait_for`
  one left by an event.
* `if` and `choose` are states of chance; an `if` whose steps take no time is an action.
* `repeat` counts its rounds in a variable, and stamps the beginning of each: the next one begins
  `every` after it, or at once if the round took longer.
* `postpone` waits, then takes the latest `visit` step again, and all that follows it; a round that is
  postponed begins anew with that visit.
* `may_follow` tells a process of its own, which waits and says the event; the pathway goes on.
* `follow` takes in the steps of another pathway; `end` in there ends that one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from simulator.compiler import (
    algebra,
    care,
    pathway_medicines,
    procedures,
    referrals,
    visits,
)
from simulator.compiler import machine as m
from simulator.compiler.context import Lowering
from simulator.compiler.distributions import DURATION, LENGTH, distribution
from simulator.compiler.pathway_giving import give
from simulator.compiler.pathway_places import LatestVisit, Place, Point, Scope
from simulator.compiler.pathway_walk import ALL_STEPS, at_one_instant, kind_of, leads_away, takes_time
from simulator.compiler.terms import Where
from simulator.scenario.expression_text import format_expression
from simulator.scenario.model_courses import Choice, Repeat, Step
from simulator.scenario.syntax import Expr, Name, Quantity

MOST_STEPS = 2_000
MOST_FOLLOWED = 40  #: pathways that follow one another, one in the other
#: the encounter in which a note is written outside any visit
NOTE = "chart_note"


class Course:
    """The states of one pathway's process, from number `first` on."""

    def __init__(self, low: Lowering, name: str, first: int) -> None:
        self.low = low
        self.name = name
        self.first = first
        self.places: list[Place] = []
        self.rounds = 0
        #: for treatments that may end with the pathway, the variables that keep whether it began them
        self.began = pathway_medicines.began(low, name)
        #: steps so far, those of followed pathways counted each time
        self.taken = 0
        #: ways back to visits, settled when everything is compiled
        self.backs: list[tuple[Point, LatestVisit]] = []

    def variable(self, what: str) -> int:
        """A new variable of this pathway."""
        names = self.low.names
        return names.var(f"{self.name}: {what} ({len(names.vars)})")

    def place(self, name: str, *, by_chance: bool = False) -> tuple[int, Place]:
        """A new state."""
        place = Place(name, by_chance=by_chance)
        self.places.append(place)
        return self.first + len(self.places) - 1, place

    def branch(self, name: str, *ways: tuple[str, m.Term, Point]) -> Point:
        """A state that is left at once, one way or another."""
        index, place = self.place(name, by_chance=True)
        place.arrows += [(f"{self.name}: {label}", m.ByChance(weight), to) for label, weight, to in ways]
        return Point([], index)

    def waiting(self, name: str, trigger: m.Trigger, to: Point) -> tuple[Point, Place]:
        """A state that is left by a trigger."""
        index, place = self.place(name)
        place.arrows.append((f"{self.name}: {name}", trigger, to))
        return Point([], index), place

    # --- sequences ------------------------------------------------------------------------

    def steps(self, items: Sequence[Step], follow: Point, scope: Scope) -> Point:
        """The place where a list of steps begins that leads on to `follow`."""
        scopes: list[Scope] = []
        for step in items:
            scopes.append(scope)
            if step.visit is not None:
                latest = LatestVisit(Point(), scope.round_begins)
                encounter = self.low.encounter_index.get(step.visit, scope.encounter)
                scope = replace(scope, visit=latest, encounter=encounter)
        latest_after = scope
        for index in reversed(range(len(items))):
            step = items[index]
            after = scopes[index + 1] if index + 1 < len(items) else latest_after
            if leads_away(step) and index + 1 < len(items):
                nobody = items[index + 1]
                self.low.resolver.report(
                    "W317", "nobody comes to this step: the one before it leads away", None,
                    Where(nobody.path, nobody.span), remedy="delete it, or put it before that one",
                )  # fmt: skip
            if step.name is not None:
                follow = follow.after(self.own_event(step.name, scopes[index]))
            if step.visit is not None and after.visit is not None:
                follow = self.visit(step, follow, after, after.visit)
            else:
                follow = self.step(step, follow, scopes[index])
        return follow

    def own_event(self, name: str, scope: Scope) -> m.Action:
        """Word that a step with a name has been taken."""
        return m.Raise(self.low.names.event(f"{scope.owner}.{name}"))

    def step(self, step: Step, follow: Point, scope: Scope) -> Point:
        """The place where one step begins."""
        self.taken += 1
        self.low.steps += 1
        if self.taken > MOST_STEPS or self.low.steps > ALL_STEPS:
            return follow  # pathways that follow one another twice double with each
        kind = kind_of(step)
        if kind in ("wait", "wait_until", "wait_for"):
            return self.wait(step, follow, scope)
        if kind == "if":
            return self.if_(step, follow, scope)
        if kind == "choose":
            return self.choose(step, follow, scope)
        if kind == "repeat":
            assert step.repeat is not None
            return self.repeat(step.repeat, step.steps, follow, scope)
        if kind == "follow":
            return self.follow(step, follow, scope)
        if kind == "postpone":
            return self.postpone(step, follow, scope)
        if kind == "end":
            end = scope.stopped if step.end == "stopped" else scope.completed
            own = [] if step.name is None else [self.own_event(step.name, scope)]
            return Point([*own, *end.actions], end.state)
        if step.note is not None:
            return self.note(step.note, follow, scope)
        return follow.after(*self.actions(step, scope))

    def actions(self, step: Step, scope: Scope) -> list[m.Action]:
        """What a step does that takes no time."""
        low, resolver = self.low, self.low.resolver
        if step.give:
            return [action for each in step.give for action in give(low, scope.owner, scope.encounter, each)]
        if step.start_one_of or step.give_one_of or step.switch_to:
            return pathway_medicines.pick_one(
                low, self.began, step, lambda each: give(low, scope.owner, scope.encounter, each)
            )
        if step.do:
            return procedures.do(low, scope.owner, step.do, scope.encounter)
        for key, treatment in (("start", step.start), ("stop", step.stop)):
            if treatment is not None:
                if not resolver.is_a(treatment, "treatment", None, Where.key(step, key)):
                    return []
                if key == "start":
                    return pathway_medicines.start(low, self.began, step, treatment)
                return pathway_medicines.stop(low, self.began, treatment)
        if step.refer is not None:
            return [referrals.ask(low, step.refer)]
        if step.may_follow:
            return self.may_follow(step, scope)
        if step.record:
            name = step.name or scope.owner
            code = low.code(name, step.record, step.title, "event", status="final")
            return [m.Emit(code, encounter=scope.encounter)]
        return []

    def note(self, text: str, follow: Point, scope: Scope) -> Point:
        """Words; outside a visit they are written at the desk, unless more is done at the same instant."""
        note = m.CodeSpec(f"NOTE//{scope.owner}", "note", text=" ".join(text.split()))
        encounter = scope.encounter if self.more_is_done(follow) else self.low.encounter_index[NOTE]
        return follow.after(m.Emit(self.low.codes.place(note), encounter=encounter))

    def more_is_done(self, here: Point) -> bool:
        """Whether something is recorded at a place before any time passes."""
        seen: set[int] = set()
        ahead = [here]
        while ahead:
            point = ahead.pop()
            if any(isinstance(each, m.Emit | m.Visit | m.Measure | m.If) for each in point.actions):
                return True
            if point.state >= self.first and point.state not in seen:
                seen.add(point.state)
                place = self.places[point.state - self.first]
                ahead += [to for _, _, to in place.arrows] if place.by_chance else []
        return False

    # --- what is done -----------------------------------------------------------------------

    def visit(self, step: Step, follow: Point, scope: Scope, latest: LatestVisit) -> Point:
        """A visit, and the way back to it for those who are postponed."""
        low = self.low
        assert step.visit is not None
        done: list[m.Action] = []
        if low.resolver.is_a(step.visit, "care", None, Where.key(step, "visit")):
            block = low.scenario.care[step.visit]
            done = care.visit(low, step.visit, block)
            done += visits.work(low, scope.owner, scope.encounter, step.measures, step.orders)
        latest.point.fill(follow.after(*done))
        if latest.counter is None:
            return latest.point
        return latest.point.after(m.Set(latest.counter, algebra.FALSE))

    def may_follow(self, step: Step, scope: Scope) -> list[m.Action]:
        """Each event by its chance: at once, or through the process that waits for it."""
        low = self.low
        found: list[m.Action] = []
        for key, value in step.may_follow.items():
            chance = low.resolver.probability(value, Where.key(step, "may_follow", once=True))
            name = f"{scope.owner}.{key}"
            waits = low.course_names.get(f"{step.path}.{key}")
            event = low.names.event(name if waits is None else f"{waits}:coming")
            if chance is not None:
                found.append(m.If(None, chance, f"{name}: follows", (m.Raise(event),)))
        return found

    # --- waits ------------------------------------------------------------------------------

    def wait(self, step: Step, follow: Point, scope: Scope) -> Point:
        """Time passes: a while, until something holds, or until something happens."""
        resolver = self.low.resolver
        if step.wait is not None:
            after = distribution(resolver, step.wait, Where.key(step, "wait"), DURATION)
            if after is None:
                return follow
            return self.waiting(f"waits {format_expression(step.wait)}", m.AfterDuration(after), follow)[0]
        waits = self.until(step, scope)
        if waits is None:
            return follow
        point, place = self.waiting(*waits, follow)
        if step.at_most is not None:
            longest = distribution(resolver, step.at_most, Where.key(step, "at_most"), DURATION)
            if longest is not None:
                otherwise = self.steps(step.otherwise, follow, scope)
                place.arrows.append((f"{self.name}: waited too long", m.AfterDuration(longest), otherwise))
        return point

    def until(self, step: Step, scope: Scope) -> tuple[str, m.Trigger] | None:
        """What a wait without a given length waits for."""
        low = self.low
        if step.wait_for is not None:
            event = low.resolver.event(step.wait_for, Where.key(step, "wait_for"))
            return None if event is None else (f"waits for {event}", m.OnEvent(low.names.event(event)))
        assert step.wait_until is not None
        where = Where.key(step, "wait_until", chart=f"`wait_until` of pathway {scope.owner}")
        condition = low.resolver.condition(step.wait_until, where)
        name = f"waits until {format_expression(step.wait_until)}"
        return None if condition is None else (name, m.WhenTrue(condition))

    def postpone(self, step: Step, follow: Point, scope: Scope) -> Point:
        """Wait, then back to the latest visit; no more often than `at_most`."""
        low, resolver = self.low, self.low.resolver
        assert step.postpone is not None
        place = Where.key(step, "postpone")
        if scope.visit is None:
            resolver.report(
                "E732", "no `visit` step comes before this one", step.postpone, place,
                remedy="put one before it, in the same list of steps or in those around it",
            )  # fmt: skip
            return follow
        after = distribution(resolver, step.postpone, place, DURATION)
        if after is None:
            return follow
        latest = scope.visit
        back = Point([], -1)
        index, waits = self.place(f"postponed {format_expression(step.postpone)}")
        waits.arrows.append((f"{self.name}: back after being postponed", m.AfterDuration(after), back))
        self.backs.append((back, latest))
        says = m.Raise(low.names.event(f"{scope.owner}.postponed"))
        if step.at_most is None:
            return Point([says], index)
        times = self.count(step.at_most, Where.key(step, "at_most", once=True))
        if latest.counter is None:
            latest.counter = self.variable("times postponed")
        counter = m.Var(latest.counter)
        again = m.Apply("lt", (counter, times or algebra.TRUE))
        more = m.Set(latest.counter, m.Apply("add", (counter, algebra.TRUE)))
        otherwise = self.steps(step.otherwise, follow, scope)
        return self.branch(
            "may be postponed",
            ("postponed", again, Point([more, says], index)),
            ("not postponed again", algebra.negation(again), otherwise),
        )

    def settle(self) -> None:
        """Fill in the ways back to visits, which stand before what leads to them."""
        for back, latest in self.backs:
            begins = [] if latest.round_begins is None else [latest.round_begins]
            back.fill(latest.point.after(*begins))

    def count(self, expr: Expr, where: Where) -> m.Term | None:
        """A number of times: `once`, `twice`, `3 times` or `3`."""
        if isinstance(expr, Name) and expr.text in ("once", "twice"):
            return m.Const(1.0 if expr.text == "once" else 2.0)
        if isinstance(expr, Quantity) and expr.unit == "times":
            return m.Const(expr.value)
        return self.low.resolver.number(expr, where)

    # --- branches ---------------------------------------------------------------------------

    def if_(self, step: Step, follow: Point, scope: Scope) -> Point:
        """One of two ways; a mere action if neither takes time."""
        assert step.if_ is not None
        where = Where.key(step, "if", once=True, chart=f"`if` in pathway {scope.owner}")
        condition = self.low.resolver.condition(step.if_, where)
        if condition is None:
            condition = algebra.FALSE
        if at_one_instant(step.then) and at_one_instant(step.else_):
            return follow.after(*self.chosen(step, condition, scope))
        then = self.steps(step.then, follow, scope)
        otherwise = self.steps(step.else_, follow, scope)
        text = format_expression(step.if_)
        return self.branch(
            f"decides: {text}",
            (text, condition, then),
            (f"not {text}", algebra.negation(condition), otherwise),
        )

    def chosen(self, step: Step, condition: m.Term, scope: Scope) -> list[m.Action]:
        """`then` or `else`, both of which take no time; what is done must not change the answer."""
        then = self.at_once(step.then, scope)
        otherwise = self.at_once(step.else_, scope)
        stream = f"{scope.owner}: if"
        if not otherwise:
            return [m.If(condition, None, stream, tuple(then))] if then else []
        answer = self.variable("answer")
        return [
            m.Set(answer, condition),
            m.If(m.Var(answer), None, stream, tuple(then)),
            m.If(algebra.negation(m.Var(answer)), None, stream, tuple(otherwise)),
        ]

    def at_once(self, items: Sequence[Step], scope: Scope) -> list[m.Action]:
        """All that steps do which take no time."""
        return self.steps(items, Point(), scope).actions

    def choose(self, step: Step, follow: Point, scope: Scope) -> Point:
        """One of several ways: by their shares, or the first that the chart allows."""
        by_chance = [each for each in step.choose if each.share is not None]
        by_chart = [each for each in step.choose if each.if_ is not None]
        rest = [each for each in step.choose if each.share is None and each.if_ is None]
        if (by_chance and by_chart) or len(rest) > 1:
            self.low.resolver.report(
                "E703", "nobody can tell who goes which way", None, Where.key(step, "choose"),
                expected="shares, or conditions, and at most one `else`",
            )  # fmt: skip
            return follow
        ways = self.by_share(step, by_chance, bool(rest), follow, scope)
        left: m.Term = algebra.TRUE
        for each in by_chart:
            assert each.if_ is not None
            where = Where.key(each, "if", once=True, chart=f"`if` in pathway {scope.owner}")
            holds = self.low.resolver.condition(each.if_, where) or algebra.FALSE
            then = self.steps(each.then, follow, scope)
            ways.append((format_expression(each.if_), algebra.all_of(left, holds), then))
            left = algebra.all_of(left, algebra.negation(holds))
        if by_chance:
            taken = [weight for _, weight, _ in ways]
            left = algebra.apply("sub", algebra.TRUE, algebra.total(taken))
        if rest or by_chart:
            ways.append(("else", left, self.steps(rest[0].else_ if rest else [], follow, scope)))
        return self.branch("chooses", *ways) if ways else follow

    def by_share(
        self, step: Step, choices: Sequence[Choice], rest: bool, follow: Point, scope: Scope
    ) -> list[tuple[str, m.Term, Point]]:
        """The ways that have a share; these add up to 1, or leave some to `else`."""
        ways: list[tuple[str, m.Term, Point]] = []
        shares: list[float | None] = []
        for number, choice in enumerate(choices, start=1):
            assert choice.share is not None
            share = self.low.resolver.probability(choice.share, Where.key(choice, "share", once=True))
            then = self.steps(choice.then, follow, scope)
            if share is not None:
                shares.append(algebra.constant(share))
                ways.append((f"way {number}", share, then))
        known = [share for share in shares if share is not None]
        total = sum(known)
        wrong = total > 1.0 + 1e-9 if rest else abs(total - 1.0) > 1e-9
        if choices and len(known) == len(choices) and wrong:
            self.low.resolver.report(
                "E703", f"the shares add up to {total:g}", None, Where.key(step, "choose"),
                expected="at most 1, or 100%" if rest else "1, or 100%",
            )  # fmt: skip
        return ways

    # --- loops and other pathways -----------------------------------------------------------

    def repeat(self, block: Repeat, items: Sequence[Step], follow: Point, scope: Scope) -> Point:
        """Rounds of steps."""
        low, names = self.low, self.low.names
        self.rounds += 1
        if block.every is None and not takes_time(low.scenario, items):
            low.resolver.report(
                "E705", "a round takes no time", block, Where(block.path, block.span),
                remedy="say how far the rounds lie apart, e.g. `every: 3 weeks`, or let a step wait",
            )  # fmt: skip
            return self.steps(items, follow, scope)
        event = f"{self.name}:round{self.rounds}"
        begins = m.Raise(names.event(event))
        round_begins = begins if block.every is not None else scope.round_begins
        counter = self.variable("rounds done")
        over = self.over(block, m.Var(counter), scope)
        head = Point()
        again = (
            head
            if block.every is None
            else self.next_round(block.every, Where.key(block, "every"), event, head)
        )
        end = self.branch(
            "round done", ("rounds done", over, follow), ("another round", algebra.negation(over), again)
        )
        counted = end.after(m.Set(counter, m.Apply("add", (m.Var(counter), algebra.TRUE))))
        body = self.steps(items, counted, replace(scope, round_begins=round_begins))
        head.fill(body.after(begins))
        return head.after(m.Set(counter, algebra.FALSE))

    def over(self, block: Repeat, done: m.Term, scope: Scope) -> m.Term:
        """Whether no further round is due."""
        ends: list[m.Term] = []
        forever = isinstance(block.times, Name) and block.times.text == "forever"
        if block.times is not None and not forever:
            where = Where.key(block, "times", once=True)
            times = self.count(block.times, where)
            few = None if times is None else algebra.constant(times)
            if few is not None and few < 1.0:
                self.low.resolver.report(
                    "E738", f"the steps are repeated {few:g} times", block.times, where, expected="at least 1"
                )
            if times is not None:
                ends.append(m.Apply("ge", (done, times)))
        if block.until is not None:
            chart = f"`repeat.until` of pathway {scope.owner}"
            condition = self.low.resolver.condition(
                block.until, Where.key(block, "until", once=True, chart=chart)
            )
            if condition is not None:
                ends.append(condition)
        return algebra.any_of(*ends)

    def next_round(self, every: Expr, where: Where, event: str, head: Point) -> Point:
        """The wait for the next round: `every` after the beginning of the last one."""
        length = distribution(self.low.resolver, every, where, LENGTH)
        if length is None:
            return head
        bounds = [algebra.constant(p) for p in length.params]
        if length.kind not in ("fixed", "uniform") or any(b is None for b in bounds):
            self.low.resolver.report(
                "E738", "rounds must lie a given time apart", every, where,
                expected="a duration or a range, e.g. `3 weeks` or `3 weeks ± 2 days`",
            )  # fmt: skip
            return head
        low, high = int(bounds[0] or 0.0), int(bounds[-1] or 0.0)
        spread = None
        if high > low:
            spread = m.Distribution("uniform", (algebra.FALSE, m.Const(float(high - low))))
        due = m.WhenTrue(m.SinceAtLeast(self.low.names.stamp(event), low), spread)
        return self.waiting(f"next round {format_expression(every)} after the last", due, head)[0]

    def follow(self, step: Step, follow: Point, scope: Scope) -> Point:
        """The steps of another pathway, in place."""
        low, name = self.low, step.follow
        assert name is not None
        if not low.resolver.is_a(name, "pathway", None, Where.key(step, "follow")):
            return follow
        if name in scope.following:
            return follow  # a circle: there is a finding
        if len(scope.following) > MOST_FOLLOWED:
            self.taken = MOST_STEPS + 1
            return follow
        other = low.scenario.pathways[name]
        events = low.names.event
        inside = replace(
            scope,
            owner=name,
            completed=follow.after(m.Raise(events(f"{name}.completed"))),
            stopped=follow.after(m.Raise(events(f"{name}.stopped"))),
            following=(*scope.following, name),
        )
        if other.repeat is None:
            first = self.steps(other.steps, inside.completed, inside)
        else:
            first = self.repeat(other.repeat, other.steps, inside.completed, inside)
        return first.after(m.Raise(events(f"{name}.started")))
