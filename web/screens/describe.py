"""Describe: what counts and what doesn't, what that finds, example pictures, and everything set for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from fastapi import Request

from concepts.definition import editing
from concepts.definition.document import Definition
from concepts.errors import DiscernError, UnknownError
from concepts.installation.activity import JobView
from concepts.library.search import about_words
from concepts.view import View
from concepts.workbench import Workbench
from concepts.workbench.concept_views import ConceptView, CriterionView
from concepts.workbench.definition import BUILT_IN, ConceptDefinition, scoping_model
from web.advice import in_words
from web.concept_menu import chosen, renamed_notice
from web.http.guard import author_of
from web.jobs import is_going
from web.page import MEMORY, TIMER, Action, Area, Shown, WebPage, concept_of, number_of, remembered
from web.render import Button, Notice, render, say, url
from web.screens.collections import look_in
from web.screens.home import AWAY, PUT_AWAY
from web.screens.scales import fields_of, scale_of
from web.words import count
from web.work import Work, press, ticking

WAITED_FOR = ("expand", "mine", "questions", "more kinds", "look at parts")
WAS = "was"  # in the address: the name before the concept was renamed here
SHOWN_EACH = 8  # pictures of a query's strip
SHOWN_OF_A_KIND = 6
PICKED_FROM = 24


def build(workbench: Workbench, page: WebPage) -> None:
    screen = _Screen(workbench, page)
    # Searching a large library takes a moment: the document is there before the pictures are.
    page.opens = screen.document
    page.follows = screen.searches
    page.on_action(screen.act, *screen.parts, screen.queries, screen.dialog)
    screen.work.on_tick(screen.tick, of_concept=True)


class Told(View):
    """The job whose end is shown."""

    told: int | None = None


class _Screen:
    def __init__(self, workbench: Workbench, page: WebPage) -> None:
        self._bench = workbench
        self.top = page.area("describe-head")
        self.work = Work(workbench, page, "describe-progress", WAITED_FOR)
        with page.row("describe-columns"):
            self.criteria = page.area("describe-document")
            self.queries = page.area("describe-queries", render("describe/searching.html"))
            self.examples = page.area("describe-examples")
        with page.row("panel folds"):
            self.questions = page.area("describe-questions")
            self.more = page.area("describe-more")
            self.history = page.area("describe-history")
            self.prompts = page.area("describe-prompts")
        self.dialog = page.area("describe-dialog")
        self.tried = Area("describe-tried")  # within the searches
        self.picked = Area("describe-picked")  # within the dialog
        apart = (self.queries, self.dialog)
        self.parts = [area for area in page.areas.values() if area not in apart]

    # What is shown

    def document(self, request: Request, said: Notice | None = None) -> Shown:
        name = concept_of(request)
        if name is None:
            return self._nothing(render("which_concept.html", screen="Describe", what="A definition"))
        # Read before what it may change: a job that ends meanwhile ticks once more, and then all is shown.
        job = self.work.newest(name)
        try:
            concept = self._bench.concept(name)
            view = concept.definition.read()
        except DiscernError as error:
            said = Notice(in_words(error), "bad")
            return self._nothing(render("no_concept.html", screen="Describe", said=said))
        was = request.query_params.get(WAS)
        if said is None and was and self._bench.concepts.name_now(was) == view.name:
            said = renamed_notice(was, view.name)
        going, revision, scope = is_going(job), view.revision.number, concept.scope.get()
        settings = self._bench.context.settings
        model = scoping_model(settings)
        criteria = concept.definition.criteria(reader=author_of(request))
        return {
            self.top: render("describe/head.html", concept=view, said=said, scope=scope, going=going),
            self.criteria: self._document(view, criteria, going),
            self.examples: render(
                "describe/examples.html",
                concept_id=view.id,
                examples=concept.examples.all(),
                rare=view.rare,
                revision=revision,
            ),
            self.questions: render(
                "describe/questions.html",
                questions=concept.definition.questions(),
                revision=revision,
                asks=not going and (model or concept.definition.can_ask()),
            ),
            self.more: render(
                "describe/more.html",
                concept=view,
                answered_by=fields_of(view.scale),
                scope=scope,
                model=model,
                part=concept.parts.read(),
                demo=settings.demo,
            ),
            self.history: render("describe/history.html", revisions=concept.definition.revisions(None)),
            self.prompts: render("describe/prompts.html", prompts=concept.prompts.all()),
            MEMORY: Told(told=job.id if job and not going else None),
        } | self.work.shown(job)

    def searches(self, request: Request) -> Shown:
        """What each query finds, and pictures of each kind where the definition has any."""
        name, reader = concept_of(request), author_of(request)
        if name is None:
            return {self.queries: ""}
        try:
            definition = self._bench.concept(name).definition
            view, going = definition.read(), is_going(self.work.newest(name))
            revision = view.revision
            found = definition.queries(SHOWN_EACH, reader=reader)
            criteria = definition.criteria(SHOWN_OF_A_KIND, reader=reader)
        except UnknownError:
            return {self.queries: ""}
        except DiscernError as error:
            return {self.queries: say(in_words(error), "bad")}
        shown = {
            self.queries: render(
                "describe/queries.html",
                queries=found,
                revision=revision.number,
                candidates=view.candidates,
                told=view.hint,
                going=going,
            )
        }
        if any(criterion.found for criterion in criteria):
            shown[self.criteria] = self._document(view, criteria, going)
        return shown

    def _document(self, view: ConceptView, criteria: Sequence[CriterionView], going: bool) -> str:
        return render(
            "describe/document.html",
            description=view.revision.definition.description,
            hint=view.hint,
            criteria=criteria,
            revision=view.revision.number,
            more_by=scoping_model(self._bench.context.settings),
            going=going,
        )

    def everything(self, request: Request, said: Notice | None = None) -> Shown:
        return self.document(request, said) | self.searches(request)

    def tick(self, request: Request) -> Shown:
        """Only the progress while there is any, then everything: once, as the person may have gone on by the
        time the last tick comes, and what they are told of that stays."""
        name = concept_of(request)
        job = self.work.newest(name) if name else None
        if is_going(job):
            return self.work.shown(job)
        if job and remembered(Told, request).told == job.id:
            return {TIMER: ticking(job)}
        said = _outcome(job, self._bench.concept(name).definition) if name else None
        return self.everything(request, said)

    def _nothing(self, top: str) -> Shown:
        return dict.fromkeys(self.parts, "") | {self.top: top, TIMER: 0}

    # What can be done

    def act(self, action: Action, request: Request) -> Shown:
        name, author = concept_of(request), author_of(request)
        if name is None:
            return {}
        try:
            outcome = chosen(self._bench, action, author)
            if outcome is not None:
                # The whole page is about the concept, the sidebar too. From one that was put away it goes on
                # to Home, which has the way back.
                was = {WAS: name} if action.name == "rename" else {}
                gone = f"{url('/', **{AWAY: name})}#{PUT_AWAY}"
                address = url("/describe", outcome.name, **was) if outcome.name else gone
                return {self.dialog: outcome.dialog or render("concept/go.html", address=address)}
            if action.name == "revision":
                definition, number = self._bench.concept(name).definition, int(action.value)
                newest, diff = definition.read().revision.number, definition.diff
                changed = diff(number - 1, number) if number > 1 else None
                since = diff(number, newest) if number != newest else None
                revision = {"number": number, "newest": newest, "changed": changed, "since": since}
                return {self.dialog: render("describe/revision.html", **revision)}
            if action.name == "ask-where":
                now, albums = self._bench.concept(name).scope.get(), self._bench.collections.all()
                return {self.dialog: render("describe/look_in.html", now=now, collections=albums)}
            if action.name == "look-in":
                told = look_in(self._bench, name, action, author)
                return self.everything(request, told) | {self.dialog: ""}
            if action.name == "search":
                return {self.tried: self._tried(name, action.value)}
            if action.name == "pick":
                return {self.dialog: self._picker(name, action.fields.get("words", ""))}
            if action.name in ("prompt", "save-prompt", "reset-prompt"):
                return self._prompt(name, action, author)
            said = self._do(name, action, author)
        except DiscernError as error:
            said = Notice(in_words(error), "bad")
        shown = self.everything(request, said)
        if action.name in OF_A_PICTURE:  # the dialog stays as it is, so that several can be chosen
            picture = action.value.rpartition(":")[2]
            chosen_ones = _chosen(self._bench.concept(name).definition.read().revision.definition)
            shown[self.picked] = render("notice.html", said=said) if said and said.kind == "bad" else ""
            button = render("describe/pick.html", id=picture, chosen=chosen_ones)
            shown[Area(f"pick-{picture}")] = button
        return shown | {self.dialog: ""} if action.name == "restore" else shown

    def _do(self, name: str, action: Action, author: str) -> Notice | None:
        """Does it, and says what was done."""
        definition = self._bench.concept(name).definition
        begins: dict[str, Callable[[], object]] = {
            "propose": definition.propose,
            "ask": definition.ask,
            "more-kinds": lambda: definition.propose(kinds=True, near=action.fields.get("signal", "")),
            "mine": definition.mine,
            "look-at-part": lambda: self._bench.concept(name).parts.look(whole=action.value == "whole"),
        }
        if action.name in begins:
            begins[action.name]()
            return None
        if press(self._bench, action):
            return None
        if action.name == "scale":
            definition.set_scale(scale_of(action.fields))
            return Notice("Saved.", "good")
        made_on, _, what = action.value.partition(":")
        if action.name == "given":  # after a picture from outside was taken, or was not
            revision, before = definition.read().revision, number_of(made_on)
            if what or revision.number == before:
                return Notice(what, "bad") if what else Notice("This picture is already an example.")
            return _saved(revision.note, revision.number, before)
        base = self._base(name, number_of(made_on), action.name)
        if action.name == "answer-question":
            question, said = action.fields.get("question", ""), action.fields.get("said", "")
            view = definition.answer(question, said, author=author, after=base)
        elif action.name == "restore":
            view = definition.restore(int(what), author=author, after=base)
        else:
            change = _change(action.name, what, action.fields)
            view = definition.edit(change, author=author, after=base)
        return _saved(view.note, view.number, base) if view.number != base else None

    def _base(self, name: str, made_on: int, action: str) -> int:
        """The revision that a change is made on: the newest, if nothing has changed since the page was drawn
        that this press could hit by mistake. The sentence is saved before another press, and an example is
        named by its picture, so neither moves the place of anything."""
        definition = self._bench.concept(name).definition
        newest = definition.read().revision
        if newest.number == made_on or action in OF_A_PICTURE:
            return newest.number
        free = ("description",) if action == "restore" else ("description", "examples", "counterexamples")
        changed = {part: getattr(newest.definition, part) for part in free}
        drawn = definition.read(made_on).revision.definition
        return newest.number if drawn.model_copy(update=changed) == newest.definition else made_on

    def _tried(self, name: str, words: str) -> str:
        """What a search would find, while it is typed."""
        if not words.strip():
            return ""
        try:
            found = self._bench.concept(name).examples.possible(words, SHOWN_EACH)
        except DiscernError as error:
            return say(in_words(error), "bad")
        nearest = found[0].id if found else ""
        (hint,) = about_words(self._bench.context.collection, [words], [nearest])
        return render("describe/tried.html", found=found, words=words, hint=hint)

    def _picker(self, name: str, words: str) -> str:
        concept = self._bench.concept(name)
        definition = concept.definition.read().revision.definition
        sought = words or definition.description
        found, said = [], None
        try:
            found = concept.examples.possible(sought, PICKED_FROM)
        except DiscernError as error:
            said = Notice(in_words(error), "bad")
        return render(
            "describe/picker.html", words=sought, found=found, chosen=_chosen(definition), said=said
        )

    def _prompt(self, name: str, action: Action, author: str) -> Shown:
        """One prompt in the dialog, after what was done there. What was refused stays, to be mended."""
        prompts, said, typed = self._bench.concept(name).prompts, None, None
        prompt, _, picture = action.value.partition("|")
        try:
            if action.name == "save-prompt":
                prompts.set(prompt, action.fields.get("text", ""), author=author)
                said = Notice("Saved.", "good")
            elif action.name == "reset-prompt":
                prompts.set(prompt, "", author=author)
                said = Notice("Back to the default.", "good")
        except DiscernError as error:
            said, typed = Notice(f"{in_words(error)} Nothing was changed.", "bad"), action.fields.get("text")
        shown = prompts.get(prompt)
        try:
            sent, why = prompts.preview(prompt, picture or None), ""
        except DiscernError as error:
            sent, why = None, in_words(error)
        dialog = render(
            "describe/prompt.html",
            prompt=shown,
            typed=typed,
            changes=prompts.diff(prompt) if shown.own else None,
            sent=sent,
            why=why,
            pictures=prompts.pictures(SHOWN_EACH) if sent and sent.picture else [],
            said=said,
        )
        listed = render("describe/prompts.html", prompts=prompts.all())
        return {self.dialog: dialog} | ({} if action.name == "prompt" else {self.prompts: listed})


PARTS = {"criterion": "criteria", "search": "searches", "counter-example": ""}
OF_A_PICTURE = ("example", "drop-example")


def _change(name: str, what: str, fields: dict[str, str]) -> Callable[[Definition], Definition]:
    """The edit that a press means. Raises `DiscernError`."""
    text = fields.get("text", "")
    if name == "sentence":
        return partial(editing.describe, text=text)
    if name == "add-criterion":
        kind, of = fields.get("kind", ""), fields.get("of", "")
        return partial(editing.add_criterion, kind=kind, text=text, of=of if kind != "necessary" else "")
    if name == "turn-kind":
        place, _, kind = what.partition(":")
        return partial(editing.set_kind, index=int(place) if place.isdecimal() else -1, kind=kind)
    if name == "add-query":
        return partial(editing.add_query, text=text, counts=fields.get("counts") == "yes")
    if name == "example":
        answer, _, picture = what.partition(":")
        return partial(editing.add_example, picture_id=picture, counts=answer == "yes")
    if name == "drop-example":
        return partial(editing.remove_example, picture_id=what)
    if not what.isdecimal():
        raise DiscernError("This can't be done here. Reload the page and try again; nothing was changed.")
    index = int(what)
    if name == "edit-criterion":
        return lambda definition: editing.set_kind(
            editing.reword_criterion(definition, index, text), index, fields.get("kind", "")
        )
    simple: dict[str, Callable[[Definition, int], Definition]] = {
        "keep-criterion": editing.keep_criterion,
        "drop-criterion": editing.remove_criterion,
        "keep-query": editing.keep_query,
        "flip-query": editing.flip_query,
        "drop-query": editing.remove_query,
    }
    if name not in simple:
        raise DiscernError("This can't be done here. Reload the page and try again; nothing was changed.")
    return lambda definition: simple[name](definition, index)


def _outcome(job: JobView | None, definition: ConceptDefinition) -> Notice | None:
    """What came of a job that has just ended."""
    if job is None or job.state != "done" or job.result is None:
        return None
    if job.kind == "mine":
        added, pool = int(job.result["added"]), int(job.result["candidates"])
        return Notice(f"{count(added, 'new candidate')}, {pool:,} in all.", "good")
    if job.kind == "look at parts":
        seen = int(job.result["pictures"])
        words = f"Found the part in {count(seen, 'picture')}." if seen else "Whole pictures are judged again."
        return Notice(f"{words} Train again on Check.", "good")
    if job.kind == "questions":  # what there is to say beside the questions
        nothing = "" if job.result["questions"] else "There is nothing to ask right now."
        if why := job.result.get("problem"):
            words = nothing or "These questions are about built-in nouns."
            return Notice(f"The model did not answer. {words} ({why})", "warn")
        return Notice(nothing) if nothing else None
    if job.kind == "more kinds" and not job.result["added"]:
        return Notice("No more kinds were found.")
    by = "the built-in words" if job.result["author"] == BUILT_IN else job.result["author"]
    after = definition.read(int(job.result["revision"])).revision
    told = Notice(f"Nothing new from {by}.")
    if after.created >= job.created:
        before = definition.read(after.number - 1).revision.definition
        told = _saved(_added(before, after.definition, by), after.number, after.number - 1)
    if why := job.result.get("problem"):
        said = f"The model did not answer, so the built-in words were used. {told.text} ({why})"
        return Notice(said, "warn", told.button)
    return told


def _added(before: Definition, after: Definition, by: str) -> str:
    """Such as: added 4 searches and 2 counter-examples from m, in place of 3 earlier proposals."""
    old, new = _parts_of(before), _parts_of(after)
    come, gone = [what for text, what in new.items() if text not in old], len(old.keys() - new.keys())
    said = [count(come.count(one), one, many) for one, many in PARTS.items() if one in come]
    listed = " and ".join(filter(None, (", ".join(said[:-1]), *said[-1:])))
    more = f", in place of {count(gone, 'earlier proposal')}" if gone else ""
    return f"added {listed or 'nothing'} from {by}{more}"


def _parts_of(definition: Definition) -> dict[str, str]:
    """Each criterion and search, and which of them it is."""
    searches = {query.text: "search" if query.counts else "counter-example" for query in definition.queries}
    return searches | dict.fromkeys((criterion.text for criterion in definition.criteria), "criterion")


def _chosen(definition: Definition) -> dict[str, bool]:
    """Example pictures, and whether each counts."""
    return dict.fromkeys(definition.examples, True) | dict.fromkeys(definition.counterexamples, False)


def _saved(note: str, number: int, before: int) -> Notice:
    undo = Button("Undo", "restore", f"{number}:{before}", "undo-2") if before else None
    return Notice(f"Saved as definition {number}: {note}.", "good", undo)
