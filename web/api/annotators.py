"""Which machine labels a concept's pictures: comparing annotators, and choosing one."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import Field

from concepts.collaborator import ANNOTATORS, AUTO
from concepts.collaborator.comparing import AnnotatorsCompared, ComparisonEstimate
from concepts.collaborator.setups import Setup
from concepts.installation.activity import JobView
from concepts.workbench import Workbench
from web.api.shared import LONG, Accepted, AuthorName, Body, ConceptName


class Compare(Body):
    """`budget` in US dollars."""

    budget: float | None = Field(None, ge=0, le=1e9, allow_inf_nan=False)


class Chosen(Body):
    """Who labels. `large`: by the model for doubtful pictures. `examples`: it is shown, beside each picture,
    similar ones that people answered. `repeats`: asked three times where the endpoint doesn't tell how sure
    it is."""

    annotator: str = Field(AUTO, max_length=60, json_schema_extra={"enum": [AUTO, *ANNOTATORS]})
    large: bool = False
    examples: bool = False
    repeats: bool = False


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(prefix="/concepts/{name}")
    accepted = Accepted(workbench)

    @router.get("/annotators")
    def compared_annotators(name: ConceptName) -> AnnotatorsCompared | None:
        """What the newest comparison of annotators found; null before."""
        return workbench.annotators.compared(name)

    @router.post("/annotators", **LONG)
    def compare_annotators(name: ConceptName, body: Compare, response: Response) -> JobView:
        """Has every annotator there can be here judge pictures that people answered."""
        return accepted(workbench.annotators.submit_comparison(name, budget=body.budget), response)

    @router.get("/annotators/estimate")
    def estimate_comparison(name: ConceptName) -> ComparisonEstimate:
        """What a comparison would ask, and what that would cost."""
        return workbench.annotators.estimate(name)

    @router.get("/annotator")
    def chosen_annotator(name: ConceptName) -> Chosen:
        """Who labels this concept's pictures."""
        return Chosen(**vars(workbench.annotators.in_use(name)))

    @router.put("/annotator")
    def choose_annotator(name: ConceptName, body: Chosen, author: AuthorName) -> Chosen:
        """Chooses who labels from now on; what was said before is kept."""
        workbench.annotators.choose(name, Setup(**body.model_dump()), author=author)
        return body

    return router
