"""Review: labels worth another look, each with its reason, and the suggestions, most doubtful first.

What is shown is in the address (`?reason=&start=&kind=&rating=&query=&criterion=&verdict=&page=`), so a
reload shows the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from time import time
from typing import Any

import gradio as gr

from concepts.collaborator.annotations import (
    annotate,
    annotations_to_review,
    choose_annotator,
    compare_annotators,
    estimate_annotation,
    estimate_comparing,
)
from concepts.collaborator.comparing import AnnotatorsCompared, Compared, ComparisonEstimate
from concepts.collaborator.setups import Setup, setup_of
from concepts.collaborator.suggestions import AnnotateEstimate, ReviewFilter, ReviewPage
from concepts.errors import DiscernError
from concepts.installation.activity import JobView
from concepts.installation.jobs import newest_jobs
from concepts.labelling.reasons import Reason
from concepts.labelling.review import ReviewQueue, ReviewRow
from concepts.library.protection import protection_on_page
from concepts.results.concepts import concept_state
from concepts.results.measuring import consistency_of
from concepts.results.review import begin_review, keep_looking_over, review_queue
from concepts.use_cases import App, Concept
from web.advice import in_words
from web.beside import RATINGS, REASONS, Beside, found_by, one_of, reader_of
from web.handlers import EACH, NEWEST, PLAIN, author_of, calls, concept_of, may
from web.jobs import is_going, may_change
from web.label_tabs import label_tabs
from web.parts import GO, Notice, Progress, data_view, place
from web.tiles import labelled_grid, tiles
from web.words import count

HERE = Path(__file__).parent
PATH = "/label/review"
FILTERS = ("reason", "start", "kind", "rating", "query", "criterion", "verdict", "page")
SHOWN = ("annotate", "compare annotators", "look back")  # work whose progress is shown
WORK = (*SHOWN, "look over")
ROWS = 60  # of the queue that are shown
KINDS = {
    "": "All",
    "disagreement": "You differ",
    "unsure": "Can’t tell",
    "sample": "Unchecked",
    "checked": "Checked",
}
ANY = ("Any", "")
HOW = [("in rounds", "rounds"), ("all at once", "at once")]


def build(app: App, opened: Any) -> None:
    Review(app, opened)


class Review:
    def __init__(self, app: App, opened: Any) -> None:
        self._app = app
        self.head = data_view(HERE / "head.html", "review-head")
        self.said = Notice("review-said").view
        self.stopped = Notice("review-stopped").view
        self.progress = Progress(app, "review-progress", SHOWN, of_concept=True)
        self.news = gr.Textbox(visible=False, value="")  # what changed while one looked
        self.gone = gr.Textbox(visible=False, value="")  # where filters lead
        with gr.Row(visible=False) as self.screen:
            with gr.Column(scale=3, min_width=320):
                self.reasons = data_view(HERE / "queue.html", "review-reasons")
                self.queue = labelled_grid("Worth another look", "review-queue", style="wraps")
                self.pager = data_view(HERE / "pager.html", "review-pager")
                with gr.Accordion("Suggestions", open=False, elem_id="review-suggestions") as self.fold:
                    self.about = data_view(HERE / "suggestions.html", "review-about")
                    with gr.Row(visible=False, elem_id="review-filters") as self.narrow:
                        self.rating = gr.Dropdown(
                            [ANY], value="", label="Suggestion", min_width=120, elem_id="review-rating"
                        )
                        self.query = gr.Dropdown([ANY], value="", label="Found by", min_width=120)
                        self.criterion = gr.Dropdown([ANY], value="", label="Criterion", min_width=120)
                        self.verdict = gr.Dropdown(
                            [ANY, ("holds", "met"), ("doesn’t hold", "not met")],
                            value="",
                            label="Verdict",
                            min_width=120,
                            visible=False,
                        )
                    self.suggested = labelled_grid("Suggestions", "review-suggested", style="wraps")
                    self.pages = data_view(HERE / "pager.html", "review-pages")
                    with gr.Row(visible=False, elem_id="review-ask") as self.asking:
                        self.budget = gr.Textbox(
                            label="Stop at (dollars)", value="", max_length=12, min_width=140
                        )
                        self.how = gr.Dropdown(HOW, value="rounds", label="How", min_width=140)
                        self.ask = gr.Button("Get suggestions", size="sm")
                with gr.Accordion("Details", open=False, elem_id="review-details"):
                    self.annotators = data_view(HERE / "annotators.html", "review-annotators")
                    with gr.Row(visible=False, elem_id="review-compare") as self.comparing:
                        self.most = gr.Textbox(
                            label="Stop at (dollars)", value="", max_length=12, min_width=140
                        )
                        self.compare = gr.Button("Compare", size="sm")
            with gr.Column(scale=1, min_width=260):
                self.beside = Beside(app, "review-beside")

        work = [self.said, *self.progress.parts]
        shown = [*work, self.head, self.stopped, self.screen, self.reasons, self.queue, self.pager, self.fold]
        shown += [
            self.about,
            self.narrow,
            self.rating,
            self.query,
            self.criterion,
            self.verdict,
            self.suggested,
        ]
        shown += [self.pages, self.asking, self.budget, self.how, self.ask]
        shown += [self.annotators, self.comparing, self.most, self.compare, self.beside.view]
        opened(self.open, None, shown, **PLAIN)
        self.progress.look_again(self.tick, [*self.progress.parts, self.news])
        self.news.change(self.open_again, self.said, shown[:-1], **PLAIN)
        self.progress.when_pressed(self.look, work)
        self.reasons.check(self.check, None, work, **PLAIN)
        self.ask.click(self.have_labelled, [self.budget, self.how], work, **PLAIN)
        self.compare.click(self.compare_setups, self.most, work, **PLAIN)
        self.annotators.choose(self.choose, None, [self.said, self.annotators], **EACH)
        filters = [self.rating, self.query, self.criterion, self.verdict]
        for one in filters:
            one.input(self.narrowed, filters, self.gone, **NEWEST).then(None, self.gone, js=GO())
        self.queue.select(self.selected_of_queue, None, self.beside.view, **EACH)
        self.suggested.select(self.selected_suggestion, None, self.beside.view, **EACH)
        self.beside.view.labelled(self.labelled, self.beside.view, [self.reasons, self.beside.view], **PLAIN)

    # What is shown

    @calls()
    def open(self, request: gr.Request) -> list[Any]:
        name = concept_of(request)
        if name is not None:
            with suppress(DiscernError):  # which the screen says below
                keep_looking_over(self._app.concept(name))
        return self._shown(request)

    @calls()
    def open_again(self, said: Any, request: gr.Request) -> list[Any]:
        """All but the selected picture. What was said of the last press stays, too, which may have come while
        the work went on."""
        return self._shown(request, said, anew=False)[:-1]

    def _shown(
        self, request: gr.Request, said: dict[str, str] | None = None, *, anew: bool = True
    ) -> list[Any]:
        """`anew`: whether one came here just now, so that what is folded is folded again."""
        name, asked_at = concept_of(request), time()
        try:
            if name is None:
                raise DiscernError("Choose a concept first.")
            jobs = self._jobs(name)
            concept = self._app.concept(name)
            view = concept_state(concept)
            where = _place(request)
            wanted = ReviewFilter(
                kind=where.get("kind", ""),
                query=where.get("query", ""),
                criterion=where.get("criterion", ""),
                verdict=where.get("verdict", ""),
                rating=_number(where.get("rating", "")),
            )
            page = annotations_to_review(concept, wanted, _number(where.get("page", "")))
            start, reason = _number(where.get("start", "")), where.get("reason", "")
            only = Reason(reason) if reason in [*Reason] else None
            queue = review_queue(self._app.concept(name), only, ROWS, start, reader=reader_of(request))
        except DiscernError as error:
            return self._nothing(Notice.bad(in_words(error)))
        going = {job.kind for job in jobs if is_going(job)}
        estimate = estimate_annotation(concept)
        query = protection_on_page(self._app, author_of(request), view.name).query
        all_of = sum(queue.counts.values())
        n = queue.counts.get(only, 0) if only else all_of
        asked = bool(estimate.pictures) and "annotate" not in going and may(request, annotate)
        folded = all_of and not where.keys() - {"reason", "start"}
        title = f"Suggestions ({page.annotated:,})" if page.annotated else "Suggestions"
        run = next((job for job in jobs if job.kind == "annotate" and job.state == "done"), None)
        stopped = str((run.result or {}).get("stopped") or "") if run else ""
        return [
            said,
            *self._progress(jobs),
            {"concept": view.name, "tabs": label_tabs(view.name, PATH)},
            {"text": stopped, "style": "notice warn", "role": "status"} if stopped else None,
            gr.Row(visible=True),
            _reasons(
                view.name,
                where,
                queue,
                reason,
                may(request, annotate) and "look over" not in going,
                asked_at,
            ),
            tiles(self._app, _queued(queue.rows, only, {item.id for item in page.items}), query),
            _pager(view.name, where, "start", start, start + ROWS, n, ROWS),
            gr.Accordion(label=title, open=not folded) if anew else gr.Accordion(label=title),
            _suggestions(view.name, where, page, estimate, "annotate" in going),
            gr.Row(visible=bool(page.annotated)),
            *_filters(where, page),
            tiles(self._app, _suggested(page), query),
            _pages(view.name, where, page),
            gr.Row(visible=asked),
            gr.Textbox(visible=bool(estimate.model)),
            gr.Dropdown(visible=bool(estimate.model)),
            gr.Button(
                "Label the rest" if page.annotated else "Get suggestions",
                variant="secondary" if all_of or page.annotated else "primary",
            ),
            self._annotators(concept, queue, request),
            *self._comparing(concept, "compare annotators" in going, request),
            None,
        ]

    def _nothing(self, said: dict[str, str]) -> list[Any]:
        grids = [gr.Row(visible=False), None, None, None, gr.Accordion(), None, gr.Row(visible=False)]
        choices = [gr.Dropdown(), gr.Dropdown(), gr.Dropdown(), gr.Dropdown()]
        asking = [gr.Row(visible=False), gr.Textbox(), gr.Dropdown(), gr.Button()]
        comparing = [gr.Row(visible=False), gr.Textbox(), gr.Button()]
        top = [said, None, gr.Timer(active=False), None, None]
        return [*top, *grids, *choices, None, None, *asking, None, *comparing, None]

    def _jobs(self, name: str) -> list[JobView]:
        return newest_jobs(self._app, WORK, name)

    def _progress(self, jobs: list[JobView]) -> list[Any]:
        job = next((one for one in jobs if one.kind in SHOWN), None)
        return [self.progress.shown_of(job), gr.Timer(active=may_change(*jobs))]

    def _annotators(self, concept: Concept, queue: ReviewQueue, request: gr.Request) -> dict[str, Any]:
        pairs = [
            f"{pair.one} and {pair.other} agree on {pair.agree} of {count(pair.n, 'picture')} "
            f"({100 * pair.agree / pair.n:.0f} %)."
            for pair in queue.agreement
        ]
        consistency = consistency_of(concept)
        agree = [*pairs, *([consistency] if consistency else [])]
        estimate = estimate_comparing(concept)
        allowed = may(request, compare_annotators)
        return {
            "agree": agree,
            **_compared(concept.newest(compare_annotators), setup_of(concept), estimate, allowed),
        }

    def _comparing(self, concept: Concept, going: bool, request: gr.Request) -> list[Any]:
        expected = estimate_comparing(concept)
        offered = not going and not expected.missing and may(request, compare_annotators)
        words = "Compare" if expected.setups > 1 else "Test"
        return [gr.Row(visible=offered), gr.Textbox(visible=bool(expected.usd)), gr.Button(words)]

    # What changes by itself

    @calls()
    def tick(self, request: gr.Request) -> list[Any]:
        """Only the progress while work goes on; what it came to follows."""
        name = concept_of(request)
        jobs = self._jobs(name) if name else []
        news = " ".join(f"{job.id} {job.state}" for job in jobs)
        return [*self._progress(jobs), gr.skip() if any(map(is_going, jobs)) else news]

    # What is looked at

    @calls()
    def narrowed(self, rating: Any, query: Any, criterion: Any, verdict: Any, request: gr.Request) -> str:
        """The address with these filters."""
        chosen = {
            "rating": rating,
            "query": query,
            "criterion": criterion,
            "verdict": verdict if criterion else "",
        }
        where = _place(request) | {name: str(value or "") for name, value in chosen.items()}
        return _address(concept_of(request) or "", where, page="")

    @calls()
    def selected_of_queue(self, chosen: gr.EventData, request: gr.Request) -> Any:
        return self._beside(one_of(chosen), "review-queue", request)

    @calls()
    def selected_suggestion(self, chosen: gr.EventData, request: gr.Request) -> Any:
        return self._beside(one_of(chosen), "review-suggested", request)

    @calls()
    def labelled(self, shown: Any, request: gr.Request) -> list[Any]:
        """What was said of the selected picture shows once it is labelled. The pictures stay until the person
        goes on; how many are left is said at once."""
        known, name, where = shown if isinstance(shown, dict) else {}, concept_of(request), _place(request)
        if name is None:
            return [None, None]
        asked_at = time()
        queue = review_queue(self._app.concept(name), None, 1, reader=reader_of(request))
        grid = "review-suggested" if known.get("grid") == "review-suggested" else "review-queue"
        checks = may(request, annotate)
        return [
            _reasons(name, where, queue, where.get("reason", ""), checks, asked_at),
            self._beside(str(known.get("id") or ""), grid, request),
        ]

    def _beside(self, picture: str, grid: str, request: gr.Request) -> Any:
        name = concept_of(request)
        return self.beside.of(self._app.concept(name), picture, grid, request) if picture and name else None

    # What is done

    def _begun(self, request: gr.Request, said: dict[str, str] | None = None) -> list[Any]:
        name = concept_of(request)
        return [said, *self._progress(self._jobs(name) if name else [])]

    def _refused(self, error: DiscernError) -> dict[str, str]:
        return Notice.bad(f"{in_words(error)} Nothing was changed.")

    @calls()
    def look(self, request: gr.Request) -> list[Any]:
        return self._begun(request)

    @calls(annotate)  # whoever may have a model label, may have it look again
    def check(self, request: gr.Request) -> list[Any]:
        try:
            begin_review(self._app.concept(concept_of(request) or ""))
        except DiscernError as error:
            return self._begun(request, self._refused(error))
        return self._begun(request)

    @calls(annotate)
    def have_labelled(self, budget: str, how: str, request: gr.Request) -> list[Any]:
        try:
            rounds = 1 if how == "at once" else None
            self._app.concept(concept_of(request) or "").begin(
                annotate, budget=_dollars(budget), rounds=rounds
            )
        except DiscernError as error:
            return self._begun(request, self._refused(error))
        return self._begun(request)

    @calls(compare_annotators)
    def compare_setups(self, budget: str, request: gr.Request) -> list[Any]:
        try:
            self._app.concept(concept_of(request) or "").begin(compare_annotators, budget=_dollars(budget))
        except DiscernError as error:
            return self._begun(request, self._refused(error))
        return self._begun(request)

    @calls(compare_annotators)
    def choose(self, chosen: gr.EventData, request: gr.Request) -> list[Any]:
        concept = self._app.concept(concept_of(request) or "")
        request.state.deed = ("chose who labels", concept.name)
        try:
            name, *flags = str(chosen.value).split("|")  # such as decomposed|0|1|0
            setup = Setup(name, *(flag == "1" for flag in flags[:3]))
            choose_annotator(concept, setup, author=author_of(request))
            said = Notice.good("In use from now on. Earlier suggestions are kept.")
        except DiscernError as error:
            said = self._refused(error)
        queue = review_queue(self._app.concept(concept.name), None, 1, reader=reader_of(request))
        return [said, self._annotators(concept, queue, request)]


def _place(request: gr.Request) -> dict[str, str]:
    return {k: v for k, v in dict(request.query_params).items() if k in FILTERS and v}


def _address(concept: str, where: Mapping[str, str], **other: object) -> str:
    return place(PATH, concept, **{k: v for k, v in {**where, **other}.items() if v})


def _reasons(
    name: str, where: Mapping[str, str], queue: ReviewQueue, chosen: str, checks: bool, asked_at: float
) -> dict[str, Any]:
    counts = {reason: queue.counts[reason] for reason in REASONS if queue.counts.get(reason)}
    reasons = [
        {
            "title": REASONS[reason],
            "n": f"{n:,}",
            "address": _address(name, where, reason=reason.value, start=""),
            "current": "true" if reason == chosen or len(counts) == 1 else "",
        }
        for reason, n in counts.items()
    ]
    if len(counts) > 1:
        n = f"{sum(counts.values()):,}"
        address = _address(name, where, reason="", start="")
        reasons = [
            {"title": "All", "n": n, "address": address, "current": "" if chosen else "true"},
            *reasons,
        ]
    nothing = "Labels were not checked yet." if queue.counted is None else "No label needs another look."
    return {
        "reasons": reasons,
        "nothing": "" if counts else nothing,
        "all": place("/library", name, answered="any"),
        "may_check": checks,
        "asked_at": asked_at,
    }


def _queued(
    rows: list[ReviewRow], only: Reason | None, in_view: set[str]
) -> list[tuple[str, dict[str, Any]]]:
    """A picture with several reasons stands there once, with the first."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        said = [row.label.capitalize()] if row.label and not row.blind else []
        said += [] if only else [REASONS[row.reason]]
        caption = " · ".join(said) or ("Label it first" if row.blind else "Unlabelled")
        found.setdefault(row.id, {"caption": caption, "blind": row.blind and row.id not in in_view})
    return [*found.items()]


def _suggested(page: ReviewPage) -> list[tuple[str, dict[str, Any]]]:
    return [
        (
            item.id,
            {"caption": RATINGS[item.opinion.rating] + (f" · labelled {item.answer}" if item.answer else "")},
        )
        for item in page.items
    ]


def _pager(
    name: str, where: Mapping[str, str], key: str, start: int, after: int, n: int, size: int
) -> dict[str, Any] | None:
    if n <= size:
        return None
    back = _address(name, where, **{key: str(max(start - size, 0)) if start > size else ""}) if start else ""
    more = _address(name, where, **{key: str(after)}) if after < n else ""
    return {"said": f"{start + 1:,}–{min(after, n):,} of {n:,}", "back": back, "more": more}


def _pages(name: str, where: Mapping[str, str], page: ReviewPage) -> dict[str, Any] | None:
    if page.pages <= 1:
        return None
    back = _address(name, where, page=str(page.page - 1)) if page.page > 1 else ""
    more = _address(name, where, page=str(page.page + 1)) if page.page < page.pages else ""
    return {"said": f"{page.page:,} of {page.pages:,}", "back": back, "more": more}


def _suggestions(
    name: str, where: Mapping[str, str], page: ReviewPage, estimate: AnnotateEstimate, going: bool
) -> dict[str, Any]:
    candidates = count(estimate.pictures, "candidate")
    if not page.annotated:
        first = (
            f"A model labels {candidates} and says why, {_cost(estimate)}. You correct the few that matter."
        )
        return {"said": "" if going else first}
    rest = (
        f" {candidates} without a suggestion: {_cost(estimate)}." if estimate.pictures and not going else ""
    )
    kinds = [
        {
            "title": title,
            "n": f"{page.counts.get(kind, 0) if kind else sum(page.counts.values()):,}",
            "address": _address(name, where, kind=kind, page=""),
            "current": "true" if kind == where.get("kind", "") else "",
        }
        for kind, title in KINDS.items()
    ]
    none = "" if page.items else place(PATH, name)
    return {"said": f"{page.agreement} Test pictures are left out.{rest}", "kinds": kinds, "none": none}


def _cost(estimate: AnnotateEstimate) -> str:
    """How suggestions are made, and what they cost."""
    if not estimate.model:
        return "on this computer, free"
    if estimate.usd is None:
        return f"by {estimate.model}; no price is set (at most {estimate.basis})"
    return f"by {estimate.model}, for about ${estimate.usd:.2f} (at most {estimate.basis})"


def _filters(where: Mapping[str, str], page: ReviewPage) -> list[Any]:
    ratings = [(f"{RATINGS[r]} ({n:,})", str(r)) for r, n in sorted(page.ratings.items(), reverse=True)]
    queries = [(f"{found_by(query)} ({n:,})", query) for query, n in page.queries.items()]
    criteria = [(f"{one} ({n:,})", one) for one, n in page.criteria.items()]

    def chosen(name: str, choices: list[tuple[str, str]]) -> Any:
        value = where.get(name, "")
        return gr.Dropdown(
            choices=[ANY, *choices], value=value if value in {known for _, known in choices} else ""
        )

    verdict = where.get("verdict", "")
    return [
        chosen("rating", ratings),
        chosen("query", queries),
        chosen("criterion", criteria),
        gr.Dropdown(
            value=verdict if verdict in ("met", "not met") else "", visible=bool(where.get("criterion"))
        ),
    ]


def _compared(
    found: AnnotatorsCompared | None, used: Setup, expected: ComparisonEstimate, allowed: bool
) -> dict[str, Any]:
    soft = []
    if found:
        soft.append(
            f"Under definition {found.definition}, on labels given without the suggestion in view, as many "
            "yes as no. They are not a random sample."
        )
        soft += [found.stopped] if found.stopped else []
    if expected.missing:
        soft.append(f"To compare, label {count(expected.missing, 'more picture')} of the rarer kind.")
    elif allowed:
        cost = (
            "no price is set"
            if expected.usd is None
            else f"at most ${expected.usd:.2f}"
            if expected.usd
            else "free"
        )
        basis = f" ({expected.basis})" if expected.basis else ""
        on = f"{count(expected.setups, 'model')} on {count(expected.pictures, 'labelled picture')}"
        soft.append(f"{on}, {cost}{basis}.")
    first = "Find out which model agrees with you most, on pictures you labelled. Test pictures are left out."
    return {
        "said": [found.reason] if found else [first],
        "setups": [_setup(one, found.pictures, used, allowed) for one in found.setups] if found else [],
        "soft": soft,
    }


def _setup(one: Compared, pictures: int, used: Setup, allowed: bool) -> dict[str, Any]:
    """What is in use may have changed since they were compared."""
    key = (one.annotator, one.large, one.examples, one.repeats)
    here = (
        one.in_use
        if used.annotator == "auto"
        else key == (used.annotator, used.large, used.examples, used.repeats)
    )
    name = "built-in" if one.annotator == "builtin" else one.name
    if one.usd is None:
        cost = "no price"
    else:
        cost = f"{'' if one.measured else 'at most '}${one.usd:.4f}" if one.usd else "free"
    return {
        "name": name,
        "in_use": here,
        "recommended": one.recommended,
        "agrees": f"{one.agree} of {pictures} ({100 * one.low:.0f}–{100 * one.high:.0f} %)",
        "unsure": str(one.unsure + one.failed),
        "cost": cost,
        "time": "–" if one.seconds is None else f"{one.seconds:.1f} s",
        "use": "|".join((one.annotator, *(str(int(flag)) for flag in key[1:])))
        if allowed and not here
        else "",
        "use_name": f"Use {name}",
    }


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def _dollars(text: str) -> float | None:
    if not str(text or "").strip():
        return None
    try:
        value = float(text)
    except ValueError as error:
        raise DiscernError(f"“{text}” is no sum. Write dollars, such as 2.50.") from error
    if not 0 < value < 1e6:
        raise DiscernError("A budget is more than nothing.")
    return value
