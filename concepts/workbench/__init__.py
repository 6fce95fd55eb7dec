"""The use cases, in the person's words. Screens, REST and the command line call this and nothing else."""

from concepts.settings import Settings
from concepts.workbench.advice import ENOUGH_LABELS
from concepts.workbench.annotations import Annotations
from concepts.workbench.annotators import Annotators
from concepts.workbench.answers import Answers
from concepts.workbench.assistants import Assistants
from concepts.workbench.browsing import Browsing
from concepts.workbench.captions import Captions
from concepts.workbench.catalogue import Catalogue
from concepts.workbench.certificates import Certificates
from concepts.workbench.collections import Collections
from concepts.workbench.combining import Combining
from concepts.workbench.comments import Comments
from concepts.workbench.context import JOURNEY, POOL_SIZE, Context
from concepts.workbench.definitions import Definitions
from concepts.workbench.deliberations import Deliberations
from concepts.workbench.examples import Examples
from concepts.workbench.exports import Exports
from concepts.workbench.folding import Folding
from concepts.workbench.heat import HeatMaps
from concepts.workbench.installation import Installation
from concepts.workbench.label_exports import LabelExports
from concepts.workbench.label_files import LabelFiles
from concepts.workbench.lent import Lent
from concepts.workbench.neighbours import LookAlikes
from concepts.workbench.pictures import Pictures
from concepts.workbench.probabilities import Probabilities
from concepts.workbench.prompts import Prompts
from concepts.workbench.protection import Protections
from concepts.workbench.scoping import Scoping
from concepts.workbench.score_tables import ScoreTables
from concepts.workbench.second_look import SecondLook
from concepts.workbench.sharing import Sharing
from concepts.workbench.steadiness import Steadiness
from concepts.workbench.story import Story
from concepts.workbench.trash import Trash
from concepts.workbench.versions import Versions
from concepts.workbench.watcher import Watcher
from concepts.workbench.watching import Watching
from concepts.workbench.words import Words

__all__ = ["ENOUGH_LABELS", "JOURNEY", "POOL_SIZE", "Context", "Lent", "Workbench"]


class Workbench:
    """Everything a person can do, over one data folder. It orders the work; the rooms do it.

    Each part of the journey is a room of its own: `pictures` with `look_alikes`, `browsing`,
    `collections`, `captions` and `words`; `trash` for what is out of use; `catalogue` and `folding` for
    concepts as a whole; `definitions` with `scoping`, `deliberations` and `examples`; `answers` with
    `comments`, `annotations`, `annotators`, `assistants`, `prompts`, `label_files`, `label_exports` and
    `second_look`; `versions` with `steadiness`, `heat`, `certificates` and `probabilities`; `exports`,
    `sharing`, `combining`, `score_tables`, `story`, `watching`; `protection` for whoever looks, and
    `installation` for the rest. They share one `Context`.
    """

    def __init__(self, settings: Settings, lent: Lent | None = None) -> None:
        """`lent`: what it doesn't have for itself, where several share a process."""
        self.context = Context(settings, lent or Lent())
        self.jobs = self.context.jobs
        self.look_alikes = LookAlikes(self.context)
        self.pictures = Pictures(self.context, self.look_alikes)
        self.browsing = Browsing(self.context)
        self.captions = Captions(self.context)
        self.collections = Collections(self.context)
        self.trash = Trash(self.context, self.collections)
        self.words = Words(self.context)
        self.catalogue = Catalogue(self.context)
        self.folding = Folding(self.context)
        self.definitions = Definitions(self.context)
        self.scoping = Scoping(self.context, self.definitions)
        self.deliberations = Deliberations(self.context, self.definitions)
        self.examples = Examples(self.context, self.definitions)
        self.answers = Answers(self.context, self.definitions)
        self.comments = Comments(self.context)
        self.annotations = Annotations(self.context, self.definitions)
        self.annotators = Annotators(self.context)
        self.assistants = Assistants(self.context, self.answers)
        self.prompts = Prompts(self.context, self.definitions)
        self.label_files = LabelFiles(self.context)
        self.label_exports = LabelExports(self.context)
        self.second_look = SecondLook(self.context)
        self.versions = Versions(self.context, self.answers, self.second_look)
        self.exports = Exports(self.context, self.versions)
        self.combining = Combining(self.context, self.versions)
        self.score_tables = ScoreTables(self.context)
        self.steadiness = Steadiness(self.context)
        self.sharing = Sharing(self.context, self.exports, self.examples)
        self.story = Story(self.context, self.deliberations, self.versions)
        self.heat = HeatMaps(self.context)
        self.certificates = Certificates(self.context)
        self.probabilities = Probabilities(self.context)
        self.watching = Watching(self.context)
        self.watcher = Watcher(self.context, self.watching)
        self.protection = Protections(self.context)
        self.installation = Installation(self.context)

    def close(self) -> None:
        """Leaves running jobs at their next step and lets go of the data folder."""
        self.watcher.stop()
        self.context.close()
